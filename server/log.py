"""Logs: one JSON object a line on standard error. Ids of ours, never names or values of patients."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(level: str, process: str) -> None:
    """Set up logging for one process; call once, at its start."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def logger() -> structlog.typing.FilteringBoundLogger:
    """The logger of this process."""
    found: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return found

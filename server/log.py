"""Logs: one JSON object a line on standard error. Ids of ours, never names or values of patients."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog
from gunicorn.glogging import Logger


def _where(exc_info: structlog.typing.ExcInfo) -> str:
    """Where it happened and what kinds of error led to it: their texts may quote values, so none is told."""
    told: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        told.append(f"{frames}{type(error).__name__}")
        error = error.__cause__ or error.__context__
    return "\nwhich followed from\n".join(told)


_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.ExceptionRenderer(_where),
)


def configure(level: str, process: str) -> None:
    """Set up logging for one process; call once, at its start."""
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def logger() -> structlog.typing.FilteringBoundLogger:
    """The logger of this process."""
    found: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return found


class GunicornLog(Logger):  # type: ignore[misc]
    """What gunicorn and the porch say, in the same form as everything else."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        renderer = structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(), foreign_pre_chain=_SHARED
        )
        for handler in self.error_log.handlers:
            handler.setFormatter(renderer)

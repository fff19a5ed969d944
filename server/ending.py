"""How a process ends that cannot start: with one sentence, never with a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from server.errors import Fault

REFUSED = 2
"""The exit status, as for a command line that cannot be understood."""


@contextmanager
def one_sentence(status: int = REFUSED) -> Iterator[None]:
    """A Fault inside ends this process, with its text on standard error."""
    try:
        yield
    except Fault as failure:
        sys.stderr.write(f"second-reader: {failure}\n")
        raise SystemExit(status) from failure

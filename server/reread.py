"""A configuration file as it is now: read again when it has changed, so that nobody must stop the server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from server.errors import Fault

T = TypeVar("T")


class Reread(Generic[T]):
    """Threads may share it: what they replace is one value."""

    def __init__(
        self, path: Path | None, load: Callable[[Path | None], T], trouble: Callable[[str], None]
    ) -> None:
        """``trouble`` is told of a changed file that cannot be used; the last good one stays in force.

        Raises:
            Fault: of ``load``, for a file that is wrong from the beginning.
        """
        self._path, self._load, self._trouble = path, load, trouble
        self._stamp = _stamp(path)
        self._value = load(path)

    def current(self) -> T:
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._value = self._load(self._path)
            except Fault as failure:
                self._trouble(str(failure))
        return self._value


def _stamp(path: Path | None) -> tuple[int, int, int]:
    """Tells a changed file; a file that is gone looks like a changed one."""
    try:
        seen = path.stat() if path is not None else None
    except OSError:
        seen = None
    return (0, 0, 0) if seen is None else (seen.st_mtime_ns, seen.st_size, seen.st_ino)

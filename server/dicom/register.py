"""The peers file as it is now: read again when it has changed, so that nobody must stop the server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from server.dicom.peers import Peers, load_peers
from server.errors import Fault


class PeersFile:
    """``trouble`` is told of a changed file that cannot be used; the last good one stays in force."""

    def __init__(self, path: Path | None, trouble: Callable[[str], None]) -> None:
        """Raises Fault(INCORRECT) for a file that is wrong from the beginning."""
        self._path, self._trouble = path, trouble
        self._stamp = _stamp(path)
        self._peers = load_peers(path)

    def current(self) -> Peers:
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._peers = load_peers(self._path)
            except Fault as failure:
                self._trouble(str(failure))
        return self._peers


def _stamp(path: Path | None) -> tuple[int, int, int]:
    """Tells a changed file; a file that is gone looks like a changed one."""
    try:
        seen = path.stat() if path is not None else None
    except OSError:
        seen = None
    return (0, 0, 0) if seen is None else (seen.st_mtime_ns, seen.st_size, seen.st_ino)

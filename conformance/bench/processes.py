"""What processes cost: CPU time and resident memory, from /proc (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM = 1, 11, 12
"""Fields of /proc/PID/stat after the command's name (proc(5): ppid, utime, stime)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One process at one moment."""

    pid: int
    command: str
    cpu_seconds: float
    rss_mb: float


def tree(root: int) -> list[Cost]:
    """The process ``root`` and all that descend from it; the root first."""
    children: dict[int, list[int]] = {}
    for pid in _pids():
        fields = _stat(pid)
        if fields:
            children.setdefault(int(fields[_PARENT]), []).append(pid)
    found, open_ = [], [root]
    while open_:
        pid = open_.pop(0)
        open_ += children.get(pid, [])
        cost = _cost(pid)
        if cost is not None:
            found.append(cost)
    return found


def _pids() -> Iterator[int]:
    return (int(each.name) for each in _PROC.iterdir() if each.name.isdigit())


def _stat(pid: int) -> list[str]:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []  # it ended while we looked
    return text.rpartition(")")[2].split()


def _cost(pid: int) -> Cost | None:
    fields = _stat(pid)
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        status = (_PROC / str(pid) / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    rss = next((line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")), "0")
    if not fields:
        return None
    ticks = int(fields[_USER]) + int(fields[_SYSTEM])
    command = b" ".join(words[1:4]).decode(errors="replace").strip()
    return Cost(pid, command, ticks / _TICK, int(rss) / 1024)

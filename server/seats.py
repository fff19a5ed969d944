"""How many connections there are, over all processes that share the port: a table in shared memory.

A record lock guards it, which the kernel lets go of when its holder dies; so a killed process leaves
no lock behind, only seats, and its parent gives those back.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from struct import Struct

_SEAT = Struct("=I12s")
"""Who holds it, a process id or 0; and for whom, the digest of an address."""
_FREE = bytes(_SEAT.size)


class Seats:
    """Made before the processes are forked, and shared by them."""

    def __init__(self, whole: int, per_peer: int, processes: int = 1) -> None:
        self._per_peer = per_peer
        self._processes = processes
        self._lock = os.memfd_create("seats")
        os.ftruncate(self._lock, whole * _SEAT.size)
        self._table = mmap.mmap(self._lock, whole * _SEAT.size)

    def take(self, address: str) -> int | None:
        """A seat for a peer at ``address``; None when it has enough, or none is left."""
        peer, free, held = _peer(address), None, 0
        with self._locked():
            for number, (pid, whose) in enumerate(_SEAT.iter_unpack(self._table[:])):
                if not pid:
                    free = number if free is None else free
                elif whose == peer:
                    held += 1
            if free is None or held >= self._per_peer:
                return None
            self._write(free, _SEAT.pack(os.getpid(), peer))
        return free

    def give_back(self, seat: int) -> None:
        with self._locked():
            self._write(seat, _FREE)

    def vacate(self, pid: int) -> None:
        """A process has ended, and its connections with it."""
        with self._locked():
            for number, (holder, _) in enumerate(_SEAT.iter_unpack(self._table[:])):
                if holder == pid:
                    self._write(number, _FREE)

    @property
    def taken(self) -> int:
        return sum(1 for pid in self._holders() if pid)

    @property
    def more_than_our_share(self) -> bool:
        """Whether this process has more of the connections than there would be if all had as many."""
        holders = [pid for pid in self._holders() if pid]
        return holders.count(os.getpid()) * self._processes > len(holders)

    def _holders(self) -> Iterator[int]:
        return (pid for pid, _ in _SEAT.iter_unpack(self._table[:]))

    def close(self) -> None:
        self._table.close()
        os.close(self._lock)

    def _write(self, seat: int, value: bytes) -> None:
        self._table[seat * _SEAT.size : (seat + 1) * _SEAT.size] = value

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.lockf(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)


def _peer(address: str) -> bytes:
    return hashlib.sha256(address.encode()).digest()[:12]

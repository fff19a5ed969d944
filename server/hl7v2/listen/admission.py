"""Who may connect now: the links that an address and a certificate may be, and how many connections stand."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from hashlib import sha256

from server.hl7v2.link import Link, Links
from server.seats import Seats


class Admission:
    """One for all connections of a process; the seats are those of all processes."""

    def __init__(self, links: Callable[[], Links], seats: Seats) -> None:
        self._links = links
        self._seats = seats

    def knows(self, address: str) -> bool:
        """Whether any link names it."""
        return any(_at(each, address) for each in self._links().values())

    def names(self, address: str, shown: bytes) -> tuple[str, ...]:
        """The links that a connection may be. ``shown``: its certificate, DER; empty: none."""
        digest = sha256(shown).hexdigest() if shown else ""
        return tuple(
            name
            for name, each in self._links().items()
            if _at(each, address) and (not each.certificates or digest in each.certificates)
        )

    def take(self, address: str) -> int | None:
        """A seat; None when all are taken, or all that one peer may have."""
        return self._seats.take(address)

    def leave(self, seat: int) -> None:
        self._seats.give_back(seat)

    @property
    def more_than_our_share(self) -> bool:
        return self._seats.more_than_our_share


def _at(link: Link, address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if found.version == 6 and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in each for each in link.addresses)

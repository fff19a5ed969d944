"""Where a subscriber may be: https on the public network, or below a base that the operator has allowed.

An address is weighed twice: as it is written, and once more where the connection has really led, because a
name may stand for any address, this machine's and its neighbours' too.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from server.errors import Issue

_PLACE = "Subscription.channel.endpoint"
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII | re.IGNORECASE)
_URL = re.compile(r"https?://[!-~]{1,1990}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reachable:
    """What the operator has allowed beside https to other machines."""

    bases: Sequence[str] = ()
    """http(s) URLs; what begins with one of them, at a path boundary, is allowed wherever it leads."""

    def refusal(self, endpoint: str) -> Issue | None:
        """Why nothing is sent there, saying what is accepted; None when it may be."""
        parts = _parts(endpoint)
        if parts is None:
            text = "an https address without user or fragment is accepted, up to 2000 characters"
            return Issue("value", text, _PLACE)
        if self.trusts(endpoint):
            return None
        scheme, host = parts
        if scheme != "https":
            return Issue(
                "value", "https is accepted, or an address below a base that the operator allows", _PLACE
            )
        if host == "localhost" or host.endswith(".localhost") or not public(host):
            text = "an address of the public network is accepted, or below a base that the operator allows"
            return Issue("security", text, _PLACE)
        return None

    def trusts(self, endpoint: str) -> bool:
        """Whether it lies below an allowed base; dots in a path could lead out of it again."""
        if "/." in endpoint or "%" in endpoint:
            return False
        return any(
            endpoint == base or endpoint.startswith((f"{base.rstrip('/')}/", f"{base}?"))
            for base in self.bases
        )


def public(host: str) -> bool:
    """Whether an address is of the public network; a name is, until it is looked up.

    A number in another spelling (``2130706433``, ``0x7f.1``) is no name (WHATWG URL, "ends in a number").
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is None
    inner = getattr(address, "ipv4_mapped", None) or address
    return inner.is_global and not inner.is_multicast


def _parts(endpoint: str) -> tuple[str, str] | None:
    """(scheme, host) of an address that says nothing else of who asks."""
    if _URL.fullmatch(endpoint) is None or "\\" in endpoint or "#" in endpoint:
        return None
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return None if "@" in parts.netloc or not host else (parts.scheme, host.lower())

"""Fetching a JWKS from the address that is configured for it, and from nowhere else.

The other side may be slow, huge or hostile: no redirect is followed, no proxy is taken from the environment,
at most so many bytes are read, and after five seconds the line is cut, whatever still drips in.
"""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from threading import Timer
from typing import Any, Final

import httpx

from server.access.jwks import MOST_BYTES

PATIENCE: Final = 5.0
"""Seconds for the whole fetch."""
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "second-reader"}
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=([0-9]{1,9})(?:$|[\s,])", re.IGNORECASE)
_SHORTEST, _USUAL, LONGEST = timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1)
"""How long keys are believed: a key that was taken out is refused after an hour at the latest."""


class Unreachable(Exception):
    """No key set came."""


@dataclass(frozen=True, slots=True)
class Fetched:
    body: bytes
    fresh_for: timedelta


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _client() -> httpx.Client:
    return httpx.Client(timeout=PATIENCE, follow_redirects=False, trust_env=False, verify=_trusted())


def fetch(url: str) -> Fetched:
    """What is at ``url`` now.

    Raises:
        Unreachable: anything but a whole 200 in time.
    """
    line = _Line()
    timer = Timer(PATIENCE, line.cut)
    timer.daemon = True
    timer.start()
    try:
        with (
            _client() as http,
            http.stream("GET", url, headers=_HEADERS, extensions={"trace": line.watch}) as response,
        ):
            if response.status_code != 200:
                raise Unreachable(f"HTTP {response.status_code}")
            body = _bounded(response)
    except httpx.HTTPError as error:
        raise Unreachable("time is up" if line.is_cut else type(error).__name__) from error
    finally:
        timer.cancel()
    if line.is_cut:  # a body without a length looks whole when its line is cut
        raise Unreachable("time is up")
    return Fetched(body, _fresh_for(response.headers.get("Cache-Control", "")))


class _Line:
    """Keeps hold of the sockets: a peer that drips bytes never trips a time limit on reads."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self.is_cut = False

    def watch(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._sockets.append(info["return_value"].get_extra_info("socket"))

    def cut(self) -> None:
        self.is_cut = True
        for each in self._sockets:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)


def _bounded(response: httpx.Response) -> bytes:
    received = bytearray()
    for chunk in response.iter_raw():
        received += chunk
        if len(received) > MOST_BYTES:
            raise Unreachable(f"more than {MOST_BYTES} bytes")
    return bytes(received)


def _fresh_for(cache_control: str) -> timedelta:
    match = _MAX_AGE.search(cache_control)
    return min(max(timedelta(seconds=int(match[1])), _SHORTEST), LONGEST) if match else _USUAL

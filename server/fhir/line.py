"""One delivery's line to one destination: every wait, every byte and every address is bounded.

A peer may be compromised (reliability of outgoing calls): no redirect is followed, no proxy is
taken from the environment, nothing outside the configured base is dialled, an answer is read
up to a limit, inflated up to the same limit, and the line is cut when the delivery's time is up.
"""

from __future__ import annotations

import socket
import ssl
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from threading import Timer
from types import TracebackType
from typing import Any, Final, Self

import httpx

from server.errors import Category
from server.fhir.proof import Answer, Undelivered
from server.model import Destination

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes; a transaction-response with full resources stays far below."""
PATIENCE: Final = 4
"""A delivery, with its looks and its repeat, may take this many times ``Destination.timeout``."""

Connect = Callable[[Destination], httpx.Client]

_HEADERS: Final = {
    "Accept": "application/fhir+json",
    "Accept-Encoding": "identity",
    "User-Agent": "second-reader",
}


@cache
def _trusted() -> ssl.SSLContext:
    """Loading the certificates takes longer than most deliveries: once is enough."""
    return httpx.create_ssl_context(trust_env=False)


def connect(destination: Destination) -> httpx.Client:
    """A client for one delivery; ``Destination.timeout`` bounds the connect and each read."""
    return httpx.Client(
        timeout=destination.timeout.total_seconds(),
        follow_redirects=False,
        trust_env=False,
        verify=_trusted(),
    )


@dataclass(frozen=True, slots=True)
class Question:
    """One request below the destination's base."""

    method: str
    path: str
    """After the base: empty, or ``/Type?query``."""
    headers: Mapping[str, str]
    body: bytes = b""


class Line:
    """A context manager; leaving it closes the connection."""

    def __init__(
        self,
        destination: Destination,
        client: httpx.Client,
        *,
        patience: int = PATIENCE,
        may_lead: Callable[[str], bool] | None = None,
    ) -> None:
        """``may_lead``: whether an address may be spoken to, asked when it is known where a name has led."""
        self._base = httpx.URL(destination.base.rstrip("/"))
        self._client = client
        self._sockets: list[socket.socket] = []
        self._time_is_up = False
        self._may_lead = may_lead
        self._astray = False
        self._timer = Timer(destination.timeout.total_seconds() * patience, self._late)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._client.close()

    def ask(self, question: Question) -> Answer:
        """The destination's answer.

        Raises:
            Undelivered: FORBIDDEN for an address outside the base; UNAVAILABLE when no whole
                answer came in time.
        """
        url = self._inside(question.path)
        try:
            answer = self._exchange(question, url)
        except httpx.TransportError as error:
            if self._astray:
                text = "the name leads to no address of the public network, and no operator allows it"
                raise Undelivered(Category.UNAVAILABLE, "forbidden", text) from error
            raise self._silence(type(error).__name__) from error
        if self._time_is_up:
            raise self._silence("time is up")
        return answer

    def _exchange(self, question: Question, url: httpx.URL) -> Answer:
        with self._client.stream(
            question.method,
            url,
            headers={**_HEADERS, **question.headers},
            content=question.body or None,
            follow_redirects=False,
            extensions={"trace": self._watch},
        ) as response:
            body = _inflated(_bounded(response), response.headers.get("Content-Encoding", ""))
            return Answer(
                status=response.status_code,
                body=body,
                retry_after=response.headers.get("Retry-After", ""),
                date=response.headers.get("Date", ""),
            )

    def _inside(self, path: str) -> httpx.URL:
        url = httpx.URL(f"{self._base}{path}")
        ours = (self._base.scheme, self._base.host, self._base.port, self._base.userinfo)
        root = self._base.path.rstrip("/")
        beneath = url.path.rstrip("/") == root or url.path.startswith(f"{root}/")
        if (url.scheme, url.host, url.port, url.userinfo) != ours or not beneath:
            raise Undelivered(
                Category.FORBIDDEN, "forbidden", "only addresses below the destination's base are dialled"
            )
        return url

    def _watch(self, event: str, info: dict[str, Any]) -> None:
        """Keep hold of the sockets: a peer that drips bytes never trips a time limit on reads."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._sockets.append(info["return_value"].get_extra_info("socket"))
            if self._time_is_up or self._leads_astray():
                self._cut()

    def _leads_astray(self) -> bool:
        """Before anything is said there, be it only a TLS greeting."""
        if self._may_lead is not None:
            with suppress(OSError):  # who has hung up already is told nothing
                peers = [str(each.getpeername()[0]) for each in self._sockets]
                self._astray = not all(self._may_lead(peer) for peer in peers)
        return self._astray

    def _late(self) -> None:
        self._time_is_up = True
        self._cut()

    def _cut(self) -> None:
        for each in self._sockets:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    def _silence(self, how: str) -> Undelivered:
        return Undelivered(
            Category.UNAVAILABLE, "timeout", f"no whole answer came from the destination ({how})"
        )


def _bounded(response: httpx.Response) -> bytes:
    """The body as sent; empty when it is too large, because then it proves nothing."""
    received = bytearray()
    for chunk in response.iter_raw():
        received += chunk
        if len(received) > LARGEST_ANSWER:
            return b""
    return bytes(received)


def _inflated(body: bytes, encoding: str) -> bytes:
    """We ask for ``identity``; some send gzip all the same. Anything else cannot be read."""
    if encoding.lower() in ("", "identity"):
        return body
    if encoding.lower() != "gzip":
        return b""
    try:
        plain = zlib.decompressobj(wbits=31).decompress(body, LARGEST_ANSWER + 1)
    except zlib.error:
        return b""
    return plain if len(plain) <= LARGEST_ANSWER else b""

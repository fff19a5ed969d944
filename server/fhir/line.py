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
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Final, Self

import httpx

from server.errors import Category
from server.fhir.proof import Answer
from server.model import Destination, Trust
from server.ports import Undelivered

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes; a transaction-response with full resources stays far below."""
PATIENCE: Final = 4
"""A delivery, with its looks and its repeat, may take this many times ``Destination.timeout``."""

Connect = Callable[[Destination], httpx.Client]
Authorize = Callable[[str], str]
"""The access token to show; given is the one that was just refused, or nothing."""

_HEADERS: Final = {
    "Accept": "application/fhir+json",
    "Accept-Encoding": "identity",
    "User-Agent": "second-reader",
}


def context(trust: Trust) -> ssl.SSLContext:
    """Whom we believe, and what we show.

    Raises:
        OSError: a file cannot be read, or holds no certificate or key (ssl.SSLError is one).
    """
    files = (trust.ca, trust.certificate, trust.certificate_key)
    return _context(trust, tuple(Path(each).stat().st_mtime_ns for each in files if each))


@lru_cache(maxsize=32)
def _context(trust: Trust, _: tuple[int, ...]) -> ssl.SSLContext:
    """Loading certificates takes longer than most deliveries: once is enough, until a file is replaced."""
    made = (
        ssl.create_default_context(cafile=trust.ca) if trust.ca else httpx.create_ssl_context(trust_env=False)
    )
    if trust.certificate:
        # An encrypted key would be asked for at the terminal; this password opens none.
        made.load_cert_chain(trust.certificate, trust.certificate_key or None, password=lambda: b"")
    return made


def connect(destination: Destination) -> httpx.Client:
    """A client for one delivery; ``Destination.timeout`` bounds the connect and each read.

    Raises:
        Undelivered: UNAVAILABLE when a certificate file cannot be used now.
    """
    try:
        trusted = context(destination.trust)
    except OSError as error:
        text = "a certificate file of the destination cannot be used; check tells which"
        raise Undelivered(Category.UNAVAILABLE, "security", text) from error
    return httpx.Client(
        timeout=destination.timeout.total_seconds(),
        follow_redirects=False,
        trust_env=False,
        verify=trusted,
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
        authorize: Authorize | None = None,
        *,
        patience: float = PATIENCE,
        largest: int = LARGEST_ANSWER,
        may_lead: Callable[[str], bool] | None = None,
    ) -> None:
        """``patience`` times ``Destination.timeout`` is the time for all that is asked on this line.

        ``may_lead``: whether an address may be spoken to, asked when it is known where a name has led.
        """
        self._base = httpx.URL(destination.base.rstrip("/"))
        self._client = client
        self._authorize = authorize
        self._largest = largest
        self._sockets: list[socket.socket] = []
        self._time_is_up = False
        self.spoken = False
        """Something has been asked on this line, be it that nothing of it arrived."""
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
        """The destination's answer; a token that is refused is replaced once (RFC 6750 section 3.1).

        Raises:
            Undelivered: FORBIDDEN for an address outside the base; UNAVAILABLE when no whole
                answer came in time, or no token.
        """
        url = self._inside(question.path)
        if self._authorize is None:
            return self._answer(question, url)
        shown = self._authorize("")
        answer = self._answer(question, url, shown)
        return answer if answer.status != 401 else self._answer(question, url, self._authorize(shown))

    def _answer(self, question: Question, url: httpx.URL, token: str = "") -> Answer:
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            answer = self._exchange(replace(question, headers={**question.headers, **shown}), url)
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
            body = self._whole(response)
            return Answer(
                status=response.status_code,
                body=body,
                retry_after=response.headers.get("Retry-After", ""),
                date=response.headers.get("Date", ""),
                etag=response.headers.get("ETag", ""),
            )

    def _whole(self, response: httpx.Response) -> bytes:
        encoding = response.headers.get("Content-Encoding", "")
        return _inflated(_bounded(response, self._largest), encoding, self._largest)

    def _inside(self, path: str) -> httpx.URL:
        url = httpx.URL(f"{self._base}{path}")
        ours = (self._base.scheme, self._base.host, self._base.port, self._base.userinfo)
        root = self._base.path.rstrip("/")
        beneath = url.path.rstrip("/") == root or url.path.startswith(f"{root}/")
        beneath = beneath and not {".", ".."} & set(url.path.split("/"))  # a server may follow them upwards
        if (url.scheme, url.host, url.port, url.userinfo) != ours or not beneath:
            raise Undelivered(
                Category.FORBIDDEN, "forbidden", "only addresses below the destination's base are dialled"
            )
        return url

    def _watch(self, event: str, info: dict[str, Any]) -> None:
        """Keep hold of the sockets: a peer that drips bytes never trips a time limit on reads."""
        self.spoken = self.spoken or event.endswith("send_request_headers.started")
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


def _bounded(response: httpx.Response, largest: int) -> bytes:
    """The body as sent; empty when it is too large, because then it proves nothing."""
    received = bytearray()
    for chunk in response.iter_raw():
        received += chunk
        if len(received) > largest:
            return b""
    return bytes(received)


def _inflated(body: bytes, encoding: str, largest: int) -> bytes:
    """We ask for ``identity``; some send gzip all the same. Anything else cannot be read."""
    if encoding.lower() in ("", "identity"):
        return body
    if encoding.lower() != "gzip":
        return b""
    try:
        plain = zlib.decompressobj(wbits=31).decompress(body, largest + 1)
    except zlib.error:
        return b""
    return plain if len(plain) <= largest else b""

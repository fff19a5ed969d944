"""A transport that makes a good server a bad one: it ignores, forgets, rewrites, or does what it refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx

from conformance.peers.wire import decode, encode

Forward = Callable[[httpx.Request], httpx.Response]
Tamper = Callable[[httpx.Request, Forward], httpx.Response]
Pairs = list[tuple[str, str]]


class Tampering(httpx.BaseTransport):
    """Forwards to ``inner``, through the tamper if one is set."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.tamper: Tamper | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.tamper(request, self._forward) if self.tamper else self._forward(request)

    def _forward(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        answer.read()
        return answer


def again(request: httpx.Request, **changes: Any) -> httpx.Request:
    """The request with other parts."""
    parts = {"method": request.method, "url": request.url, "headers": request.headers}
    parts |= {"content": request.content} | changes
    headers = httpx.Headers(parts["headers"])
    headers.pop("Content-Length", None)
    return httpx.Request(parts["method"], parts["url"], headers=headers, content=parts["content"])


def replied(answer: httpx.Response, **changes: Any) -> httpx.Response:
    """The answer with other parts."""
    headers = httpx.Headers(answer.headers)
    headers.pop("Content-Length", None)
    parts = {"status_code": answer.status_code, "headers": headers, "content": answer.content} | changes
    return httpx.Response(parts["status_code"], headers=parts["headers"], content=parts["content"])


# -- tampers -----------------------------------------------------------------------------------


def ignoring(*names: str) -> Tamper:
    """As if the server did not know these request headers."""

    def tamper(request: httpx.Request, forward: Forward) -> httpx.Response:
        kept = [(name, text) for name, text in request.headers.multi_items() if name.title() not in names]
        return forward(again(request, headers=kept))

    return tamper


def sending(**headers: str) -> Tamper:
    """As if these headers had been sent."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda request, forward: forward(again(request, headers={**request.headers, **named}))


def forgetting(name: str, method: str = "") -> Tamper:
    """Without a response header."""

    def tamper(request: httpx.Request, forward: Forward) -> httpx.Response:
        answer = forward(request)
        if method in ("", request.method):
            answer.headers.pop(name, None)
        return answer

    return tamper


def answering_with(status: int, instead: int) -> Tamper:
    """One status for another, everything else as it was."""

    def tamper(request: httpx.Request, forward: Forward) -> httpx.Response:
        answer = forward(request)
        return replied(answer, status_code=instead) if answer.status_code == status else answer

    return tamper


def storing(change: Callable[[Any], Any]) -> Tamper:
    """Every body that is written is another one than was sent."""

    def tamper(request: httpx.Request, forward: Forward) -> httpx.Response:
        if request.method not in ("POST", "PUT") or request.url.path.endswith("/_search"):
            return forward(request)
        try:
            body = decode(request.content)
        except ValueError:
            body = None
        return forward(again(request, content=encode(change(body))))

    return tamper


def telling(change: Callable[[Any], object], where: str = "") -> Tamper:
    """``change`` alters the JSON of answers to requests whose path holds ``where``."""

    def tamper(request: httpx.Request, forward: Forward) -> httpx.Response:
        answer = forward(request)
        if where not in request.url.path or not answer.content:
            return answer
        body = decode(answer.content)
        change(body)
        return replied(answer, content=encode(body))

    return tamper


def asking(change: Callable[[Pairs], Pairs]) -> Tamper:
    """The parameters of the address are read as others."""

    def tamper(request: httpx.Request, forward: Forward) -> httpx.Response:
        pairs = change(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        return forward(again(request, url=request.url.copy_with(query=urlencode(pairs).encode() or None)))

    return tamper


def resources(body: Any) -> list[Any]:
    """Of an answer: itself, or what is in its entries."""
    if not isinstance(body, dict):
        return []
    return [body, *(each["resource"] for each in body.get("entry", []) if "resource" in each)]

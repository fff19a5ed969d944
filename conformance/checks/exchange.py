"""Requests as they are and answers as they come: every header, every status, every byte."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from conformance.checks.verdict import NoAnswer, Skipped, Unmet
from conformance.peers.codes import Resource
from conformance.peers.wire import FHIR_JSON, decode, encode

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_VERSION = re.compile(r'W/"([A-Za-z0-9\-.]{1,64})"')


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer."""

    asked: str
    """Method and path, without the query: that may hold an identifier."""
    status: int
    headers: Mapping[str, str]
    content: bytes
    discreet: bool = False
    """The server's own words are not repeated: they may be about real patients."""

    @property
    def body(self) -> Resource:
        """The JSON object, decimals with their digits.

        Raises:
            Unmet: it is none.
        """
        try:
            value = decode(self.content)
        except ValueError as error:
            raise Unmet("a body of FHIR JSON", f"{self.told}, with a body that is not JSON") from error
        if not isinstance(value, dict):
            raise Unmet("a JSON object", f"{self.told}, with JSON of another kind")
        return value

    @property
    def version(self) -> str:
        """Of the ETag (R4 http.html#versioning); empty without one."""
        match = _VERSION.fullmatch(self.headers.get("ETag", ""))
        return match[1] if match else ""

    @property
    def reference(self) -> str:
        """``Type/id`` of the Location."""
        path = urlsplit(self.headers.get("Location", "")).path.partition("/_history/")[0]
        return "/".join(path.rsplit("/", 2)[-2:])

    @property
    def issues(self) -> list[Resource]:
        """Of the OperationOutcome; none when it is not one."""
        try:
            value = decode(self.content)
        except ValueError:
            return []
        return value.get("issue", []) if isinstance(value, dict) else []

    @property
    def told(self) -> str:
        """The answer in one line: status, issue codes, where, and in whose words."""
        return "; ".join([f"HTTP {self.status} to {self.asked}", *map(self._issue, self.issues)])

    def _issue(self, issue: Resource) -> str:
        where = ", ".join(issue.get("expression", []))
        words = issue.get("details", {}).get("text") or issue.get("diagnostics", "")
        said = str(issue.get("code", "")) + (f" at {where}" if where else "")
        return said if self.discreet or not words else f"{said}: {words}"


class Wire:
    """Speaks to one FHIR base, and in read-only never sends what could write."""

    def __init__(
        self,
        base: str,
        *,
        timeout: float = 30.0,
        read_only: bool = False,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self.read_only = read_only
        self.known_as = self.base
        """Under which address the server knows itself; its links may begin with it."""
        # A proxy of the surroundings has no business between two programs of one machine.
        self.http = httpx.Client(
            timeout=timeout,
            trust_env=not _loopback(base),
            headers={"Accept": FHIR_JSON, **(headers or {})},
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, params: Mapping[str, str] | None = None, /, **headers: str) -> Seen:
        return self.send("GET", path, None, params, **headers)

    def post(self, path: str, body: Any, /, **headers: str) -> Seen:
        return self.send("POST", path, body, None, **headers)

    def put(self, path: str, body: Any, /, **headers: str) -> Seen:
        return self.send("PUT", path, body, None, **headers)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        /,
        **headers: str,
    ) -> Seen:
        """One request; ``path`` below the base, headers as ``If_Match="..."``.

        Raises:
            NoAnswer: nothing came back.
            Skipped: it could write, and that is not wanted.
        """
        if self.read_only and method not in _READS and not path.endswith("/_search"):
            raise Skipped("it would write, and --read-only was given")
        content = body if body is None or isinstance(body, bytes) else encode(body)
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        if content is not None:
            named.setdefault("Content-Type", FHIR_JSON)
        url = f"{self.base}/{path}" if path else self.base
        asked = f"{method} /{path.partition('?')[0]}"
        try:
            answer = self.http.request(method, url, content=content, headers=named, params=params)
        except httpx.HTTPError as error:
            raise NoAnswer(f"no answer to {asked} ({type(error).__name__})") from error
        seen = Seen(asked, answer.status_code, answer.headers, answer.content)
        return replace(seen, discreet=self.read_only)

    def below(self, url: str) -> str:
        """The path below the base of an address that the server gave.

        Raises:
            Unmet: it leads elsewhere; that is never dialled.
        """
        for base in (self.base, self.known_as):
            if url.startswith(base):
                return url.removeprefix(base).lstrip("/")
        raise Unmet("a link below [base]", "a link to another address")

    def close(self) -> None:
        self.http.close()


def _loopback(base: str) -> bool:
    host = urlsplit(base).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

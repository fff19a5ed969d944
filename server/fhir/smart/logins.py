"""The tokens of one process: asked for when one is needed, kept in memory until shortly before they end."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import httpx

from server.errors import Category
from server.fhir.line import Authorize, Connect, Line, Question, connect
from server.fhir.proof import Answer
from server.fhir.smart.assertion import assertion, form
from server.fhir.smart.grant import Token, endpoint, granted
from server.fhir.smart.keys import Signer, signer
from server.model import Destination, Login
from server.ports import Undelivered

LOGIN_PATIENCE = 4
"""Getting a token may add as many times ``Destination.timeout``: two requests, after somebody else's two."""
_LARGEST = 64 * 1024
_WELL_KNOWN = "/.well-known/smart-configuration"


@dataclass(slots=True)
class _Held:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: Token | None = None
    failure: Undelivered | None = None
    failed_at: datetime | None = None


class Logins:
    """Threads may share it: one asks, the others wait for what it gets."""

    def __init__(self, now: Callable[[], datetime], connect: Connect = connect) -> None:
        self._now = now
        self._connect = connect
        self._held: dict[str, _Held] = {}

    def for_line(self, destination: Destination) -> Authorize | None:
        """What a line to this destination shows; None when it asks for nothing."""
        login = destination.login
        return None if login is None else lambda refused: self._token(destination, login, refused)

    def _token(self, destination: Destination, login: Login, refused: str) -> str:
        """Raises Undelivered: BUSY or UNAVAILABLE when there is no token now."""
        began = self._now()
        held = self._held.setdefault(destination.name, _Held())
        with held.lock:
            token = held.token
            if token is not None and token.text != refused and self._now() < token.good_until:
                return token.text
            if held.failure is not None and held.failed_at is not None and held.failed_at > began:
                raise held.failure  # somebody asked while we waited: asking again would take as long
            try:
                held.token = token = self._asked(destination, login)
            except Undelivered as failure:
                held.token, held.failure, held.failed_at = None, failure, self._now()
                raise
            return token.text

    def _asked(self, destination: Destination, login: Login) -> Token:
        signs = _signer(login)
        url = login.token_url or self._discovered(destination)
        now = self._now()
        signed = assertion(signs, login.client_id, url, str(uuid.uuid4()), now)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        path = httpx.URL(url).raw_path.decode("ascii")
        question = Question("POST", path, headers, form(login, signed))
        return granted(self._answer(destination, _origin(url), question), now)

    def _discovered(self, destination: Destination) -> str:
        question = Question("GET", _WELL_KNOWN, {"Accept": "application/json"})
        return endpoint(self._answer(destination, destination.base, question), _origin(destination.base))

    def _answer(self, destination: Destination, base: str, question: Question) -> Answer:
        client = self._connect(destination)
        with Line(replace(destination, base=base), client, patience=1, largest=_LARGEST) as line:
            return line.ask(question)


def _origin(url: str) -> str:
    whole = httpx.URL(url)
    return f"{whole.scheme}://{whole.netloc.decode('ascii')}"


def _signer(login: Login) -> Signer:
    """Read anew each time: a key is changed by replacing its file."""
    try:
        return signer(Path(login.private_key).read_bytes(), login.key_id)
    except (OSError, ValueError):
        text = "the private key for this destination cannot be used; check tells why"
        raise Undelivered(Category.UNAVAILABLE, "security", text) from None

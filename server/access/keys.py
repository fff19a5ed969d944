"""The keys of the clients: from their files, or from their URLs, fetched once a minute at most."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from server.access.clients import Client
from server.access.fetching import LONGEST, Fetched, Unreachable, fetch
from server.access.jwks import Keys, usable

_PAUSE = timedelta(seconds=60)
"""Between two fetches of one set, however many unknown kids are shown to us."""


@dataclass(slots=True)
class _Held:
    keys: Keys = field(default_factory=dict)
    fresh_until: datetime | None = None
    good_until: datetime | None = None
    tried_at: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeyRing:
    """The key sets of one process."""

    def __init__(self, fetch: Callable[[str], Fetched] = fetch) -> None:
        self._fetch = fetch
        self._held: dict[str, _Held] = {}

    def of(self, client: Client, kid: str, now: datetime) -> Keys:
        """The client's keys; the one called ``kid`` may be missing."""
        if not client.by_url:
            return _from_file(Path(client.jwks))
        held = self._held.setdefault(client.jwks, _Held())
        with held.lock:
            if self._due(held, kid, now):
                self._renew(held, client.jwks, now)
            return held.keys if held.good_until is not None and now < held.good_until else {}

    def _due(self, held: _Held, kid: str, now: datetime) -> bool:
        fresh = held.fresh_until is not None and now < held.fresh_until
        rested = held.tried_at is None or now >= held.tried_at + _PAUSE
        return rested and not (fresh and kid in held.keys)

    def _renew(self, held: _Held, url: str, now: datetime) -> None:
        held.tried_at = now
        try:
            fetched = self._fetch(url)
            keys = usable(fetched.body)
        except (Unreachable, ValueError):
            return  # the last good set serves on, for an hour at most
        held.keys = keys
        held.fresh_until, held.good_until = now + fetched.fresh_for, now + LONGEST


def _from_file(path: Path) -> Keys:
    """Read anew each time: clients ask for a token once in five minutes. Was checked when it was named."""
    try:
        return usable(path.read_bytes())
    except (OSError, ValueError):
        return {}

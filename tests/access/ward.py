"""A world behind access control: clients with scopes of their own, and what each of them is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.access.keys import TOKEN_URL, ask, curve, key_set, signed
from tests.world import World, make_world

ALL = "system/*.cruds"


@dataclass
class Ward:
    """Clients are named; each request is made as one of them."""

    world: World
    _tokens: dict[str, str] = field(default_factory=dict)

    def token(self, client: str, scope: str = ALL) -> str:
        return str(self.exchange(client, scope).json["access_token"])

    def exchange(self, client: str, scope: str, **changed: Any) -> Any:
        now = self.world.watch()
        told = {"iss": client, "sub": client, "exp": int(now.timestamp()) + 120, **changed}
        form = ask(signed(aud=TOKEN_URL, **told), scope)
        return self.world.client.post("/fhir/auth/token", data=form)

    def ask(self, client: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """As ``client``, with all that it is registered for."""
        if client not in self._tokens:
            self._tokens[client] = self.token(client, self.registered[client])
        return self.bare(method, path, body, Authorization=f"Bearer {self._tokens[client]}", **headers)

    def bare(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Type", "application/fhir+json")
        return self.world.client.open(f"/fhir/{path}", method=method, data=content, headers=named)

    registered: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def ward(
    folder: Path,
    clients: Mapping[str, str],
    roles: Mapping[str, str] | None = None,
    speaks_for: Mapping[str, str] | None = None,
    **settings: Any,
) -> Iterator[Ward]:
    """``clients``: client_id -> scopes; ``roles`` and ``speaks_for``: client_id -> a TOML list."""
    (folder / "jwks.json").write_bytes(key_set(curve()))
    tables = [
        f'[[client]]\nclient_id = "{name}"\nname = "{name}"\nscopes = "{scopes}"\n'
        f"roles = {(roles or {}).get(name, '[]')}\nspeaks_for = {(speaks_for or {}).get(name, '[]')}\n"
        f'jwks = "jwks.json"\n'
        for name, scopes in clients.items()
    ]
    path = folder / "clients.toml"
    path.write_text("\n".join(tables))
    opened = make_world(folder / "data", clients=path, **settings)
    made = Ward(next(opened))
    made.registered = clients
    yield made
    next(opened, None)


def told(answer: Any) -> tuple[int, str]:
    """(status, issue code) of a refusal."""
    return answer.status_code, answer.json["issue"][0]["code"]

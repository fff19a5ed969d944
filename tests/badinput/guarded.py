"""A real server that tells its callers apart, and what one of them asks it over a socket."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from tests.access.keys import ask, curve, key_set, rsa, signed
from tests.badinput.orders import furniture, measured, named, told
from tests.badinput.served import Answer, Served

_FORM = "application/x-www-form-urlencoded"
WATCHED = ("Patient", "Observation", "DiagnosticReport", "Task", "Binary")


def bert_s() -> list[dict[str, Any]]:
    """What is nobody's business who may see Anna."""
    context = {"reference": "Patient/bert"}
    return [
        named(measured(subject=context, identifier=[{"system": "urn:x", "value": "b"}]), "of-bert"),
        {
            "resourceType": "Binary",
            "id": "of-bert",
            "contentType": "text/plain",
            "securityContext": context,
            "data": "eA==",
        },
    ]


class Guarded(Served):
    """``clients``: client_id -> scopes; ``all`` of them may do everything."""

    def __init__(self, folder: Path, clients: Mapping[str, str], **settings: str) -> None:
        (folder / "jwks.json").write_bytes(key_set(curve(), rsa()))
        tables = [
            f'[[client]]\nclient_id = "{name}"\nname = "{name}"\nscopes = "{scopes}"\njwks = "jwks.json"\n'
            for name, scopes in clients.items()
        ]
        path = folder / "clients.toml"
        path.write_text("\n".join(tables))
        self.clients = clients
        self._tokens: dict[str, str] = {}
        super().__init__(folder, CLIENTS=str(path), **settings)

    def __enter__(self) -> Self:
        self.site.__enter__()
        self.site.bring_up(self._web)
        for each in (*furniture(), *bert_s()):
            answer = self.as_client("all", "PUT", f"{each['resourceType']}/{each['id']}", told(each))
            assert answer.status == 201, answer.body
        return self

    def assertion(self, key: Any = None, algorithm: str = "ES384", **changed: Any) -> str:
        right = {"aud": f"{self.site.base}/auth/token", "exp": int(time.time()) + 120}
        return signed(key, algorithm, **{"iss": "all", "sub": "all", **right, **changed})

    def exchange_for(self, form: Mapping[str, str] | list[tuple[str, str]]) -> Answer:
        """What the token endpoint says to this form."""
        return self.ask("POST", "/fhir/auth/token", urlencode(form).encode(), {"Content-Type": _FORM})

    def token(self, client: str) -> str:
        if client not in self._tokens:
            form = ask(self.assertion(iss=client, sub=client), self.clients[client])
            self._tokens[client] = str(self.exchange_for(form).json["access_token"])
        return self._tokens[client]

    def as_client(
        self, client: str, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        shown = {"Authorization": f"Bearer {self.token(client)}", **(headers or {})}
        return self.ask(method, f"/fhir/{path}", body, shown)

    def newest(self) -> list[Any]:
        """The last thing that was written of each type that a row could spoil."""
        found = []
        for type_ in WATCHED:
            entries = self.as_client("all", "GET", f"{type_}/_history?_count=1").json["entry"]
            found.append([json.dumps(each["response"]) for each in entries])
        return found

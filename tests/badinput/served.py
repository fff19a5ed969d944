"""A real server for bad requests: what it answers, and what it holds, logs and costs before and after."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Self

from server.store.tables import metadata
from tests.badinput.orders import furniture, told
from tests.flow.books import Reader
from tests.flow.processes import Program, Site, members

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """The issues of the OperationOutcome, be it the whole answer or an entry of a search."""
        if not self.body or "json" not in self.headers.get("content-type", ""):
            return []
        entries = self.json.get("entry", [])
        found = [self.json, *(each.get("resource", {}) for each in entries)]
        found += [each.get("response", {}).get("outcome", {}) for each in entries]
        return [i for each in found if each.get("resourceType") == "OperationOutcome" for i in each["issue"]]


class Served:
    """``python -m server web`` on a port and a folder of its own, furnished with ``orders.furniture``."""

    def __init__(self, folder: Path, **settings: str) -> None:
        # The destination is never dialled: no worker runs here.
        self.site = Site(folder, "http://127.0.0.1:9/fhir", **settings)
        self.data = self.site.data
        self._web: Program = self.site.program("web")

    def __enter__(self) -> Self:
        self.site.__enter__()
        self.site.bring_up(self._web)
        for each in furniture():
            answer = self.ask("PUT", f"/fhir/{each['resourceType']}/{each['id']}", told(each))
            assert answer.status == 201, answer.body
        assert self.ask("DELETE", "/fhir/Patient/gone").status == 204
        return self

    def __exit__(self, *_: object) -> None:
        if "_reader" in self.__dict__:
            self._reader.close()
        self.site.__exit__()

    # -- speaking --------------------------------------------------------------------------

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.site.port), timeout=_PATIENCE)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own, bytes as they are given: no client mends anything."""
        fields = {"Host": "server", "Content-Type": "application/fhir+json", **(headers or {})}
        fields |= {"Content-Length": str(len(body)), "Connection": "close"}
        lines = [f"{name}: {value}" for name, value in fields.items() if value or name != "Content-Type"]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()
        return self.exchange(head + body, method=method)

    def exchange(self, sent: bytes, *, method: str = "POST", ends: bool = False) -> Answer:
        """Write, perhaps half-close, read one answer."""
        with self.connect() as peer:
            with suppress(BrokenPipeError, ConnectionResetError):  # it may answer before it has read all
                peer.sendall(sent)
                if ends:
                    peer.shutdown(socket.SHUT_WR)
            with closing(HTTPResponse(peer, method=method)) as response:
                response.begin()
                body = response.read()
                headers = {name.lower(): value for name, value in response.getheaders()}
                return Answer(response.status, headers, body)

    def leave(self, sent: bytes) -> None:
        """Write, and be gone without a word."""
        with self.connect() as peer:
            peer.sendall(sent)

    def seconds_for_health(self) -> float:
        began = time.monotonic()
        assert self.ask("GET", "/health").status == 200
        return time.monotonic() - began

    # -- what is held, logged, spent ---------------------------------------------------------

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.site.store)

    def stored(self) -> dict[str, int]:
        """Rows of each table but the trail, which tells of refusals too, and files beside the database."""
        tables = [each for each in metadata.tables if each != "access"]
        counts = {name: self._reader.rows(f"SELECT count(*) FROM {name}")[0][0] for name in tables}  # noqa: S608 - our own tables
        files = [
            each for each in self.data.rglob("*") if each.is_file() and "second-reader." not in each.name
        ]
        return counts | {"(files)": len(files)}

    @property
    def log(self) -> str:
        return self._web.log.read_text(errors="replace")

    def log_size(self) -> int:
        return self._web.log.stat().st_size

    def log_since(self, size: int) -> str:
        return self._web.log.read_bytes()[size:].decode(errors="replace")

    def cpu_seconds(self) -> float:
        """Of all web processes together (proc(5), stat fields 14 and 15)."""
        spent = 0
        for pid in members(self._web.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent += int(fields[11]) + int(fields[12])
        return spent / _TICKS

    def resident_bytes(self) -> dict[int, int]:
        """Of each web process (proc(5), statm field 2)."""
        return {
            pid: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
            for pid in members(self._web.pid)
        }

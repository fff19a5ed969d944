"""Ways around a token and around a scope, each over a socket: the rows A of the catalogue of bad inputs.

``tests/badinput/access_rows.py`` says where each row is shown in every variant; here each door is tried once
as an attacker finds it, through the front, the workers and the headers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.access.keys import ask, part, rsa
from tests.badinput.guarded import Guarded
from tests.badinput.orders import measured, named, person

CLIENTS = {
    "all": "system/*.cruds",
    "anna": (
        "system/Observation.cruds?patient=Patient/anna system/DiagnosticReport.rs?patient=Patient/anna "
        "system/Patient.rs?_id=anna system/Binary.rs"
    ),
    "reads": "system/Observation.r",
    "finds": "system/Observation.s",
    "creates": "system/Observation.c",
    "updates": "system/Observation.u",
    "tasks": "system/Task.rs",
}


@dataclass(frozen=True, slots=True)
class Way:
    """A request of one client."""

    id: str
    what: str
    client: str
    method: str
    path: str
    status: int
    code: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    total: int | None = None
    lacks: str = ""


def _told(resource: dict[str, Any]) -> bytes:
    return json.dumps(resource).encode()


_BERT = {"reference": "Patient/bert"}
_TWO = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {"resource": measured(), "request": {"method": "POST", "url": "Observation"}},
        {"resource": person(), "request": {"method": "POST", "url": "Patient"}},
    ],
}

WAYS = (
    Way("A-041", "s is not r", "finds", "GET", "Observation/of-anna", 403, "forbidden"),
    Way("A-041b", "r is not s", "reads", "GET", "Observation?code=26464-8", 403, "forbidden"),
    Way("A-042", "c is not PUT", "creates", "PUT", "Observation/new", 403, "forbidden",
        _told(named(measured(), "new"))),
    Way("A-042b", "u is not POST", "updates", "POST", "Observation", 403, "forbidden", _told(measured()),
        {"If-None-Exist": "identifier=urn:x|y"}),
    Way("A-043", "another part of a type", "anna", "GET", "Observation/of-bert", 404, "not-found"),
    Way("A-044", "its history", "anna", "GET", "Observation/of-bert/_history", 404, "not-found"),
    Way("A-044b", "its version", "anna", "GET", "Observation/of-bert/_history/1", 404, "not-found"),
    Way("A-044c", "history of the type", "anna", "GET", "Observation/_history", 200, total=1, lacks="bert"),
    Way("A-045", "one entry out of scope", "anna", "POST", "", 403, "forbidden", _told(_TWO)),
    Way("A-046", "include", "tasks", "GET", "Task?_include=Task:patient", 200, lacks='"birthDate"'),
    Way("A-046b", "reverse include", "anna", "GET", "Patient?_revinclude=Task:patient", 200,
        lacks="second-read"),
    Way("A-047", "chain", "tasks", "GET", "Task?patient:Patient.family=x", 403, "forbidden"),
    Way("A-047b", "_has", "anna", "GET", "Patient?_has:Task:patient:status=requested", 403, "forbidden"),
    Way("A-049", "$everything", "tasks", "GET", "Patient/anna/$everything", 403, "forbidden"),
    Way("A-050", "history of a type", "tasks", "GET", "Observation/_history", 403, "forbidden"),
    Way("A-052", "count", "anna", "GET", "Observation?_summary=count", 200, total=1),
    Way("A-052b", "count of a condition", "anna", "GET", "Patient?birthdate=1990-05-01", 200, total=1),
    Way("A-053", "AuditEvent", "all", "GET", "AuditEvent", 403, "forbidden"),
    Way("A-054", "by id", "anna", "GET", "Patient/bert", 404, "not-found"),
    Way("A-055", "patient=other", "anna", "GET", "Observation?patient=Patient/bert", 200, total=0),
    Way("A-058", "Binary by id", "anna", "GET", "Binary/of-bert", 404, "not-found"),
    Way("A-058b", "Binary as it is", "anna", "GET", "Binary/of-bert", 404, "not-found",
        headers={"Accept": "*/*"}),
    Way("A-058c", "Binary by search", "anna", "GET", "Binary", 200, total=0),
    Way("A-061", "create that would match", "anna", "POST", "Observation", 403, "forbidden",
        _told(measured(identifier=[{"system": "urn:x", "value": "b"}])),
        {"If-None-Exist": "identifier=urn:x|b"}),
    Way("A-062", "about another patient", "anna", "POST", "Observation", 422, "not-found",
        _told(measured(subject=_BERT))),
    Way("A-062b", "onto another's", "anna", "PUT", "Observation/of-bert", 403, "forbidden",
        _told(named(measured(), "of-bert"))),
)  # fmt: skip


def _none(server: Guarded) -> str:
    """Signed by nobody (RFC 7515 appendix A.5)."""
    _, claims, _ = server.assertion().split(".")
    head = part(json.dumps({"alg": "none", "typ": "JWT", "kid": "ec-1"}).encode())
    return f"{head}.{claims}."


Form = Callable[[Guarded], Any]
FORMS: dict[str, tuple[Form, str]] = {
    "A-001": (lambda s: ask(_none(s)), "invalid_client"),
    "A-003": (lambda s: ask(s.assertion(rsa(), "RS256")), "invalid_client"),
    "A-011": (lambda s: ask(s.assertion(sub="anna")), "invalid_client"),
    "A-011b": (lambda s: ask(s.assertion(iss="nobody", sub="nobody")), "invalid_client"),
    "A-012": (lambda s: ask(s.assertion(aud="https://other.example/token")), "invalid_client"),
    "A-013": (lambda s: ask(s.assertion(exp=None)), "invalid_client"),
    "A-014": (lambda s: ask(s.assertion(exp=4_000_000_000)), "invalid_client"),
    "A-015": (lambda s: ask(s.assertion(exp=1_700_000_000)), "invalid_client"),
    "A-016": (lambda s: ask(s.assertion(jti=None)), "invalid_client"),
    "A-021": (lambda _: ask("x" * 100_000), "invalid_request"),
    "A-022": (lambda s: ask(s.assertion()) | {"grant_type": "password"}, "unsupported_grant_type"),
    "A-023": (lambda s: ask(s.assertion(), client_id="anna"), "invalid_client"),
    "A-029": (lambda s: [*ask(s.assertion()).items(), ("scope", "system/*.cruds")], "invalid_request"),
    "A-038": (lambda s: ask(s.assertion(iss="tasks", sub="tasks"), "system/Patient.rs"), "invalid_scope"),
    "A-040": (lambda s: ask(s.assertion(), "system/Observation.rsx"), "invalid_scope"),
}
"""Row -> what is sent to the token endpoint, and the error of RFC 6749 that it gets."""
ELSEWISE = ("A-017", "A-018", "A-020", "A-031", "A-032", "A-033", "A-034", "A-051")
"""Rows that take more than one request, or no token: each has its own test."""

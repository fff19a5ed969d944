"""Orders that open no case: rules of second reading, for which the catalogue has no rows (R-001 and on)."""

from __future__ import annotations

from typing import Any

from tests.badinput.call import Call
from tests.badinput.orders import (
    CANARY,
    SR,
    asked,
    coded,
    measured,
    named,
    order,
    person,
    question,
    signed,
    told,
)

_FUTURE = "2999-01-01T00:00:00Z"
_OTHER_REPORT = {
    "type": coded(f"{SR}/CodeSystem/task", "primary-report"),
    "valueReference": {"reference": "DiagnosticReport/of-bert"},
}
_SAID_BY_EXTENSION = {"extension": [{"url": "https://ehr.example/reason", "valueCode": CANARY}]}


def _order(id_: str, what: str, issue: str, says: str = "", /, **more: Any) -> Call:
    return Call(id_, what, "POST", "/fhir/Task", 422, issue, told(order(id_, **more)), says=says)


def _post(id_: str, what: str, resource: dict[str, Any], *refusal: int | str, says: str = "") -> Call:
    """``refusal``: status and code."""
    path = f"/fhir/{resource['resourceType']}"
    return Call(id_, what, "POST", path, int(refusal[0]), str(refusal[1]), told(resource), says=says)


def _moved(id_: str, what: str, code: str, **more: Any) -> Call:
    body = told(named(asked(**more), "asked"))
    return Call(id_, what, "PUT", "/fhir/Task/asked", 422, code, body, {"If-Match": 'W/"1"'})


CALLS = (
    _order(
        "R-001", "a question nobody reads", "not-supported", "bacterial-meningitis", input=[question(CANARY)]
    ),
    _order("R-001b", "no question", "required", "bacterial-meningitis", input=None),
    _order(
        "R-002",
        "Task and report of different patients",
        "business-rule",
        "another patient",
        focus={"reference": "DiagnosticReport/of-bert"},
    ),
    _post("R-003", "report signed in the future", signed(issued=_FUTURE), 422, "value", says="future"),
    _post(
        "R-003b",
        "report signed at the end of the calendar",
        signed(issued="9999-12-31T23:59:59-14:00"),
        422,
        "value",
    ),
    _post(
        "R-004", "specimen of the future", measured(effectiveDateTime=_FUTURE), 422, "value", says="future"
    ),
    _order(
        "R-005",
        "report withdrawn",
        "business-rule",
        "withdrawn",
        focus={"reference": "DiagnosticReport/withdrawn"},
    ),
    _order("R-006", "no identifier", "required", "identifier", identifier=None),
    _order("R-006b", "identifier without system", "required", identifier=[{"value": CANARY}]),
    _order(
        "R-007",
        "identifier of a system that no destination owns",
        "business-rule",
        "https://ehr.example/task",
        identifier=[{"system": "https://stranger.example", "value": CANARY}],
    ),
    _order(
        "R-006c",
        "1 000 identifiers",
        "too-costly",
        "50",
        identifier=[{"system": "https://ehr.example/task", "value": f"{CANARY}-{n}"} for n in range(1_000)],
    ),
    _order("R-008", "born accepted", "business-rule", "requested", status="accepted"),
    _order("R-008b", "a proposal", "business-rule", "order", intent="proposal"),
    _order(
        "R-009",
        "two reports",
        "business-rule",
        "one report",
        input=[question("bacterial-meningitis"), _OTHER_REPORT],
    ),
    _order(
        "R-010",
        "focus is no report",
        "required",
        "DiagnosticReport",
        focus={"reference": "Observation/of-anna"},
    ),
    _order("R-010b", "nothing to read", "required", "DiagnosticReport", focus=None),
    _order(
        "R-011",
        "work for a specialist",
        "business-rule",
        "second-read",
        code=coded(f"{SR}/CodeSystem/task", "specialist-read"),
    ),
    _order(
        "R-012", "deadline without a time", "value", "deadline", restriction={"period": {"end": "2999-01-01"}}
    ),
    _post(
        "R-013",
        "known identifier, other content",
        asked(priority="stat"),
        409,
        "duplicate",
        says="identifier",
    ),
    _post(
        "R-013b",
        "known identifier, another patient",
        asked(
            **{"for": {"reference": "Patient/bert"}, "focus": {"reference": "DiagnosticReport/of-bert"}},
        ),
        409,
        "duplicate",
    ),
    Call(
        "R-013c",
        "known identifier under an id of its own",
        "PUT",
        "/fhir/Task/another",
        409,
        "duplicate",
        told(named(asked(), "another")),
    ),
    _post(
        "R-014",
        "an identifier that we mint",
        signed(identifier=[{"system": f"{SR}/opinion-report", "value": CANARY}]),
        403,
        "forbidden",
    ),
    _post("R-015", "an AuditEvent", {"resourceType": "AuditEvent"}, 405, "not-supported", says="Task"),
    _order("R-016", "status by extension alone", "required", status=None, _status=_SAID_BY_EXTENSION),
    _moved("R-017", "the EHR completes its own Task", "business-rule", status="completed"),
    _moved("R-017b", "the EHR changes what it asked", "business-rule", status="cancelled", priority="stat"),
    _post("R-019", "not a resource type in the URL", {"resourceType": CANARY}, 404, "not-supported"),
    Call(
        "R-020",
        "id in the URL, none in the body",
        "PUT",
        "/fhir/Patient/anna",
        400,
        "invalid",
        told(person()),
    ),
)

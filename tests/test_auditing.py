"""Each access leads to an AuditEvent, which only auditors find."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.accesses import Access
from server.errors import Category, fault
from server.fhir.audit.doings import DOINGS
from server.fhir.routes import ROUTES
from tests.access.ward import Ward, told, ward
from tests.fhir.test_access import FORM, JSON_PATCH, bundle, entry, observed
from tests.world import CARD, World, send_case

CLIENTS = {
    "ward": "system/*.cruds",
    "lab": "system/Observation.rs?category=laboratory",
    "auditor": "system/*.cruds",
    "tasks": "system/Task.rs",
}
ANNA = {"resourceType": "Patient", "id": "anna"}
PATCH = [{"op": "add", "path": "/gender", "value": "female"}]
SPARE = {"resourceType": "Patient", "id": "spare"}


@pytest.fixture
def door(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ward]:
    url = request.getfixturevalue("database_url") if "database_url" in request.fixturenames else ""
    with ward(tmp_path, CLIENTS, {"auditor": '["auditor"]'}, database_url=url) as made:
        for each in (ANNA, SPARE, observed("o", "anna", "vital-signs")):
            assert made.ask("ward", "PUT", f"{each['resourceType']}/{each['id']}", each).status_code == 201
        events(made)
        yield made


def found(door: Ward, query: str = "") -> list[Any]:
    answer = door.ask("auditor", "GET", f"AuditEvent?_count=500{query}")
    assert answer.status_code == 200, answer.text
    return [each["resource"] for each in answer.json.get("entry", [])]


def events(door: Ward, query: str = "") -> list[Any]:
    """As an auditor finds them, but for auditors' own."""
    return [each for each in found(door, query) if each["agent"][0].get("altId") != "auditor"]


def about(event: Any) -> list[str]:
    return [each["what"]["reference"] for each in event["entity"] if each["type"]["code"] == "1"]


def test_every_interaction_says_what_it_does() -> None:
    assert {interaction for _, _, interaction in ROUTES} == set(DOINGS)


INTERACTIONS = [
    ("GET", "Patient/anna", None, {}, ("read", "R", "0", "anna")),
    ("GET", "Patient/anna/_history/1", None, {}, ("vread", "R", "0", "anna")),
    ("GET", "Patient/anna/_history", None, {}, ("read", "R", "0", "anna")),
    ("GET", "Observation/o", None, {}, ("read", "R", "0", "anna")),
    ("GET", "Observation?_id=o", None, {}, ("search", "E", "0", "anna")),
    ("GET", "Observation?patient=Patient/anna&code=none", None, {}, ("search", "E", "0", "anna")),
    ("POST", "Observation/_search", b"_id=o", FORM, ("search", "E", "0", "anna")),
    ("GET", "?_type=Patient&_id=anna", None, {}, ("search", "E", "0", "anna")),
    ("POST", "_search", b"_type=Observation", FORM, ("search", "E", "0", "anna")),
    ("GET", "Patient/anna/*", None, {}, ("search", "E", "0", "anna")),
    ("GET", "Patient/_history?_count=1", None, {}, ("search", "E", "0", "spare")),
    ("GET", "Patient/anna/$everything", None, {}, ("search", "E", "0", "anna")),
    ("GET", "Patient/anna/$validate", None, {}, ("read", "R", "0", "anna")),
    ("POST", "Observation", observed("x", "anna"), {}, ("create", "C", "0", "anna")),
    ("PUT", "Patient/anna", ANNA, {}, ("update", "U", "0", "anna")),
    ("PATCH", "Patient/anna", PATCH, JSON_PATCH, ("patch", "U", "0", "anna")),
    ("DELETE", "Patient/spare", None, {}, ("delete", "D", "0", "spare")),
    ("GET", "Observation/none", None, {}, ("read", "R", "4", None)),
    ("PUT", "Patient/anna", ANNA, {"If_Match": 'W/"9"'}, ("update", "U", "4", "anna")),
    ("POST", "Patient", {"resourceType": "Patient", "gender": "odd"}, {}, ("create", "C", "4", None)),
    ("POST", "", bundle(entry("PUT", "Patient/anna", ANNA)), {}, ("update", "U", "0", "anna")),
    ("POST", "", bundle(entry("PUT", "Patient/no", ANNA)), {}, ("transaction", "E", "4", None)),
]  # fmt: skip


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "told_of", INTERACTIONS, ids=[f"{each[0]} {each[1][:40]} {each[4][2]}" for each in INTERACTIONS]
)
def test_each_interaction_leads_to_its_event(door: Ward, told_of: Any, database_url: str) -> None:
    method, path, body, headers, (subtype, action, outcome, whom) = told_of
    before = len(events(door))
    answer = door.ask("ward", method, path, body, **headers)
    assert (answer.status_code >= 400) is (outcome != "0"), answer.text
    [event] = events(door)[before:]
    assert (event["subtype"][0]["code"], event["action"], event["outcome"]) == (subtype, action, outcome)
    assert about(event) == ([] if whom is None else [f"Patient/{whom}"])
    client = event["agent"][0]
    assert (client["altId"], client["name"], client["network"]["address"]) == ("ward", "ward", "127.0.0.1")
    request = next(each for each in event["entity"] if each["type"]["code"] == "XrequestId")
    assert request["what"]["identifier"]["value"] == answer.headers["X-Request-Id"]
    if subtype == "search":
        asked = next(b64decode(each["query"]).decode() for each in event["entity"] if "query" in each)
        assert asked == f"{method} /fhir/{path}" + (f"\n{body.decode()}" if body else "")


def test_each_entry_of_a_batch_is_told_and_what_a_transaction_reads_once(door: Ward) -> None:
    before = len(events(door))
    read = {"request": {"method": "GET", "url": "Observation/o"}}
    none = {"request": {"method": "GET", "url": "Observation/none"}}
    both = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [read, none, entry("PUT", "Patient/anna", ANNA)],
    }
    assert door.ask("ward", "POST", "", both).status_code == 200
    # What is written is laid down with it, the rest when all is answered.
    assert sorted((each["action"], each["outcome"]) for each in events(door)[before:]) == [
        ("R", "0"),
        ("R", "4"),
        ("U", "0"),
    ]
    before = len(events(door))
    whole = bundle(read, entry("PUT", "Patient/anna", ANNA))
    assert door.ask("ward", "POST", "", whole).status_code == 200
    assert sorted(each["action"] for each in events(door)[before:]) == ["R", "U"]


def test_what_a_refused_transaction_looked_up_is_not_told_as_shown(door: Ward) -> None:
    before = len(events(door))
    read, none = ({"request": {"method": "GET", "url": f"Observation/{each}"}} for each in ("o", "none"))
    assert door.ask("ward", "POST", "", bundle(read, none)).status_code == 404
    assert sorted((each["subtype"][0]["code"], each["outcome"]) for each in events(door)[before:]) == [
        ("read", "4"),
        ("transaction", "4"),
    ]


def test_a_search_over_several_patients_is_told_of_each(door: Ward) -> None:
    before = len(events(door))
    assert door.ask("ward", "GET", "Patient?_id=anna,spare").status_code == 200
    told_of = events(door)[before:]
    assert sorted(about(each)[0] for each in told_of) == ["Patient/anna", "Patient/spare"]
    before = len(events(door))
    assert door.ask("ward", "GET", "Organization?name=none").status_code == 200
    [event] = events(door)[before:]
    assert event["meta"]["profile"][0].endswith("IHE.BasicAudit.Query")


def test_whoever_may_not_is_told_of_with_the_patient(door: Ward) -> None:
    before = len(events(door))
    assert told(door.ask("tasks", "GET", "Observation/o")) == (403, "forbidden")
    assert door.ask("lab", "GET", "Observation/o").status_code == 404  # out of sight
    forbidden, unseen = events(door)[before:]
    assert (forbidden["outcome"], forbidden["outcomeDesc"], about(forbidden)) == (
        "8",
        "forbidden",
        ["Patient/anna"],
    )
    assert (unseen["outcome"], about(unseen)) == ("4", ["Patient/anna"])
    before = len(events(door))
    assert door.bare("GET", "Observation/o").status_code == 401
    assert door.bare("GET", "metadata").status_code == 200
    assert door.ask("ward", "GET", "CodeSystem").status_code == 200
    assert events(door)[before:] == [], "nobody was let in, or nothing of patients was told"


QUERIES = [
    "date=ge2026-01-01", "date=2026-01-05", "patient=Patient/anna", "patient=anna", "agent-name=ward",
    "altid=ward", "action=R", "outcome=0", "entity=Observation/o", "type=rest", "subtype=read",
    "address=127.0.0.1", "site=http://127.0.0.1:8080/fhir", "entity-role=4", "entity-type=2",
    "agent:identifier=https://second-reader.example/fhir/client|ward",
    "patient:Patient._id=anna",
    "subtype=http://hl7.org/fhir/restful-interaction|read",
]  # fmt: skip
MISSES = [
    "date=lt2026-01-01",
    "patient=spare",
    "altid=lab",
    "action=C",
    "outcome=8",
    "entity=Observation/p",
    "address=10.9",
]


def test_an_auditor_finds_by_what_balp_is_searched_by(door: Ward) -> None:
    assert door.ask("ward", "GET", "Observation/o").status_code == 200
    read = next(each for each in events(door) if each["action"] == "R")
    for query in QUERIES:
        assert read["id"] in [each["id"] for each in found(door, f"&{query}")], query
    for query in MISSES:
        assert read["id"] not in [each["id"] for each in found(door, f"&{query}")], query
    assert door.ask("auditor", "GET", f"AuditEvent/{read['id']}").json == read


def test_looking_at_the_trail_is_told_too(door: Ward) -> None:
    found(door)
    own = [each for each in found(door) if each["agent"][0].get("altId") == "auditor"]
    assert {each["action"] for each in own} == {"E"}


def hidden(door: Ward, client: str) -> list[str]:
    """Every way that could lead to an AuditEvent; what each of them answers with one in it."""
    id_ = next(each["id"] for each in events(door) if about(each) == ["Patient/anna"])
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": url}} for url in (f"AuditEvent/{id_}", "AuditEvent", "_history")
    ]}  # fmt: skip
    ways: list[tuple[str, str, Any]] = [
        *(("GET", path, None) for path in (
            f"AuditEvent/{id_}", f"AuditEvent/{id_}/_history", f"AuditEvent/{id_}/_history/1", "AuditEvent",
            "AuditEvent/_history", "_history", f"AuditEvent?_id={id_}", "AuditEvent?_summary=count",
            "Patient?_id=anna&_revinclude=AuditEvent:patient",
            "Patient?_id=anna&_revinclude=AuditEvent:entity",
            "Patient?_id=anna&_revinclude=*", "Observation?_id=o&_revinclude=AuditEvent:entity",
            "Patient?_has:AuditEvent:patient:action=R,U,C", "Patient/anna/$everything",
            "Patient/anna/$everything?_type=AuditEvent", f"AuditEvent/{id_}/$validate",
            "Provenance?target:AuditEvent.action=R", "Provenance?_include=Provenance:target",
        )),
        ("POST", "AuditEvent/_search", b"action=R"),
        ("POST", "", batch),
    ]  # fmt: skip
    shown = []
    for method, path, body in ways:
        headers = FORM if isinstance(body, bytes) else {}
        answer = door.ask(client, method, path, body, **headers)
        if '"resourceType":"AuditEvent"' in answer.text:
            shown.append(path)
        if "_summary=count" in path and answer.status_code == 200 and answer.json["total"]:
            shown.append(path)
        if "_has" in path and answer.status_code == 200 and answer.json.get("entry"):
            shown.append(path)
    return shown


def test_nobody_but_an_auditor_is_shown_any_by_any_way(door: Ward) -> None:
    refers = {
        "resourceType": "Provenance",
        "recorded": "2026-01-05T09:00:00Z",
        "agent": [{"who": {"display": "x"}}],
    }
    id_ = events(door)[0]["id"]
    answer = door.ask("ward", "POST", "Provenance", refers | {"target": [{"reference": f"AuditEvent/{id_}"}]})
    assert told(answer) == (422, "not-found"), "it is not there for them"
    target = refers | {"target": [{"reference": f"AuditEvent/{id_}"}]}
    assert door.ask("auditor", "POST", "Provenance", target).status_code == 201
    assert hidden(door, "ward") == []
    assert len(hidden(door, "auditor")) > 5, "the ways do lead somewhere"


def test_none_is_written_changed_or_deleted_through_the_door(door: Ward) -> None:
    event = events(door)[0]
    for method, path, body in (
        ("POST", "AuditEvent", {**event, "id": None}),
        ("PUT", f"AuditEvent/{event['id']}", event),
        ("PATCH", f"AuditEvent/{event['id']}", PATCH),
        ("DELETE", f"AuditEvent/{event['id']}", None),
        ("DELETE", "AuditEvent?action=R", None),
    ):
        headers = JSON_PATCH if method == "PATCH" else {}
        sent = {k: v for k, v in body.items() if v is not None} if isinstance(body, dict) else body
        assert told(door.ask("auditor", method, path, sent, **headers)) == (405, "not-supported"), path


def test_an_event_keeps_nothing_from_being_deleted(door: Ward) -> None:
    assert door.ask("ward", "GET", "Observation/o").status_code == 200
    assert events(door)
    assert door.ask("ward", "DELETE", "Observation/o").status_code == 204


def test_what_cannot_be_laid_down_is_not_answered(door: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(accesses: list[Access]) -> None:
        raise fault(Category.UNAVAILABLE, "no-store", "the disk is full")

    monkeypatch.setattr(door.world.house.accesses, "_add", full)
    for method, path in (("GET", "Observation/o"), ("GET", "Observation"), ("GET", "Observation/none")):
        answer = door.ask("ward", method, path)
        assert told(answer) == (503, "no-store"), path
        assert "anna" not in answer.text


def test_logs_tell_no_patient(door: Ward, capsys: pytest.CaptureFixture[str]) -> None:
    door.ask("ward", "GET", "Observation?patient=Patient/anna")
    events(door)
    out = capsys.readouterr()
    assert "anna" not in out.out + out.err


# -- beyond the door --------------------------------------------------------------------------------


def listed(world: World, query: str) -> list[Any]:
    return [each["resource"] for each in world.get(f"AuditEvent?_count=500&{query}").get("entry", [])]


def test_a_models_reading_an_export_and_a_decision_are_told(world: World) -> None:
    sent = send_case(world)
    world.run()
    [run] = listed(world, "subtype=ai-inference")
    whom = about(run)
    shown = [each["what"]["reference"] for each in run["entity"] if each["type"]["code"] == "2"]
    assert run["agent"][0]["altId"] == CARD.identity
    assert len([each for each in shown if each.startswith("Observation/") and "_history" in each]) == 2
    assert world.courier.sent
    exports = listed(world, "type=110106")
    assert len(exports) == len(world.courier.sent)
    assert {each["agent"][0]["name"] for each in exports} == {"ehr"}
    assert all(about(each) == whom for each in exports)
    case = world.house.ledger.case_of_task(sent.task["id"])
    assert case is not None
    assert world.house.ledger.end(case, "Dr Held", "nobody is free", world.watch()) is not None
    [decision] = listed(world, "subtype=decision")
    assert (decision["agent"][0]["name"], about(decision)) == ("Dr Held", whom)

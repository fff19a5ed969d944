"""Scopes at the door: each interaction, each letter, and every way around them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.caller import Deed
from server.fhir.routes import DEEDS, OPEN, ROUTES
from tests.access.ward import Ward, told, ward

LETTERS = {each: f"system/Patient.{each}" for each in ("c", "r", "u", "d", "s", "cruds")}
LAB = "http://terminology.hl7.org/CodeSystem/observation-category"
CLIENTS = {
    "all": "system/*.cruds",
    **LETTERS,
    "cu": "system/Patient.cu",
    "cs": "system/Patient.cs",
    "tasks": "system/Task.cruds",
    "anna": "system/Observation.cruds?patient=Patient/anna system/Patient.rs?_id=anna",
    "lab": "system/Observation.cruds?category=laboratory system/Patient.rs",
    "both": "system/Observation.rs?category=laboratory system/Observation.rs?patient=Patient/bert",
    "some-people": "system/Observation.rs system/Patient.s?_id=anna",
    "observer": "system/Observation.cruds",
    "auditor": "system/*.cruds",
}


def person(id_: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, **more}


def observed(id_: str, patient: str, category: str = "laboratory", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [{"coding": [{"system": LAB, "code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "26464-8"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "identifier": [{"system": "https://ehr.example/o", "value": id_}],
        **more,
    }


HELD = (
    person("anna", birthDate="1990-05-01"),
    person("bert", birthDate="1960-01-01"),
    person("spare"),
    observed("a-lab", "anna"),
    observed("a-vital", "anna", "vital-signs"),
    observed("b-lab", "bert"),
    observed("b-vital", "bert", "vital-signs"),
)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with ward(tmp_path_factory.mktemp("ward"), CLIENTS, {"auditor": '["auditor"]'}) as made:
        for each in HELD:
            answer = made.ask("all", "PUT", f"{each['resourceType']}/{each['id']}", each)
            assert answer.status_code == 201, answer.text
        yield made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Ward]:
    """For what writes."""
    with ward(tmp_path, CLIENTS) as made:
        for each in HELD:
            assert made.ask("all", "PUT", f"{each['resourceType']}/{each['id']}", each).status_code == 201
        yield made


def found(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    entries = answer.json.get("entry", [])
    return [
        each["resource"]["id"] for each in entries if each["resource"]["resourceType"] != "OperationOutcome"
    ]


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def entry(method: str, url: str, resource: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": method, "url": url, **more}}


def test_every_interaction_says_what_it_takes() -> None:
    assert {interaction for _, _, interaction in ROUTES} == set(DEEDS) | OPEN
    assert [each.__name__ for each in OPEN] == ["metadata"]
    asked_inside = {each.__name__ for each, deed in DEEDS.items() if deed is None}
    assert asked_inside == {
        "bundle",
        "complete_study",
        "keep",
        "history_system",
        "search_system",
        "validate_type",
        "withdraw_model",
        "withdraw_opinion",
    }


NEW = {"resourceType": "Patient", "birthDate": "2000-01-01"}
GOODBYE = bundle({"request": {"method": "DELETE", "url": "Patient/spare"}})
JSON_PATCH = {"Content_Type": "application/json-patch+json"}
PATCH = [{"op": "add", "path": "/gender", "value": "female"}]
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
INTERACTIONS = [
    ("read", "r", "GET", "Patient/anna", None, {}),
    ("vread", "r", "GET", "Patient/anna/_history/1", None, {}),
    ("history", "r", "GET", "Patient/anna/_history", None, {}),
    ("search", "s", "GET", "Patient?_id=anna", None, {}),
    ("search by post", "s", "POST", "Patient/_search", b"_id=anna", FORM),
    ("search of nothing", "s", "GET", "Patient?_id=nobody", None, {}),
    ("create", "c", "POST", "Patient", NEW, {}),
    ("conditional create", "cs", "POST", "Patient", NEW, {"If_None_Exist": "_id=nobody"}),
    ("update", "u", "PUT", "Patient/anna", HELD[0], {}),
    ("update that creates", "uc", "PUT", "Patient/new", person("new"), {}),
    ("conditional update", "us", "PUT", "Patient?_id=anna", HELD[0], {}),
    ("conditional update that creates", "usc", "PUT", "Patient?_id=nobody", NEW, {}),
    ("delete", "d", "DELETE", "Patient/spare", None, {}),
    ("conditional delete", "ds", "DELETE", "Patient?_id=spare", None, {}),
    ("patch", "u", "PATCH", "Patient/anna", PATCH, JSON_PATCH),
    ("conditional patch", "us", "PATCH", "Patient?_id=anna", PATCH, JSON_PATCH),
    ("delete in a transaction", "d", "POST", "", GOODBYE, {}),
    ("history of a type", "s", "GET", "Patient/_history", None, {}),
    ("everything", "r", "GET", "Patient/anna/$everything", None, {}),
    ("validate what is here", "r", "GET", "Patient/anna/$validate", None, {}),
    ("create in a transaction", "c", "POST", "", bundle(entry("POST", "Patient", NEW)), {}),
    ("update in a transaction", "u", "POST", "", bundle(entry("PUT", "Patient/anna", HELD[0])), {}),
    (
        "conditional create in a transaction",
        "cs",
        "POST",
        "",
        bundle(entry("POST", "Patient", NEW, ifNoneExist="_id=nobody")),
        {},
    ),
]  # fmt: skip
TOKENS = ("c", "r", "u", "d", "s", "cu", "cs", "cruds", "tasks")


@pytest.mark.parametrize("interaction", INTERACTIONS, ids=[each[0] for each in INTERACTIONS])
def test_each_letter_allows_what_it_says(fresh: Ward, interaction: Any) -> None:
    """A-041, A-042."""
    _, letters, method, path, body, headers = interaction
    allowed = [each for each in TOKENS if each != "tasks" and set(letters) <= set(each)]
    before = stored(fresh)
    for client in (each for each in TOKENS if each not in allowed):
        answer = fresh.ask(client, method, path, body, **headers)
        assert told(answer) == (403, "forbidden")
        missing = set(letters) - set("" if client == "tasks" else client)
        assert any(f"system/Patient.{each}" in answer.json["issue"][0]["diagnostics"] for each in missing)
    assert stored(fresh) == before
    assert allowed
    for client in allowed:
        assert fresh.ask(client, method, path, body, **headers).status_code in (200, 201, 204)


def stored(door: Ward) -> int:
    database = door.world.house.database
    return int(
        database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM resource_version").scalar()) or 0
    )


# -- part of a type --------------------------------------------------------------------------------


def absent(door: Ward, client: str, path: str, like: str) -> None:
    """Out of sight: the same answer as for what is not here at all."""
    hidden, none = door.ask(client, "GET", path), door.ask(client, "GET", like)
    assert hidden.status_code == none.status_code == 404
    assert hidden.data == none.data
    same = {"X-Request-Id", "Date"}
    assert {k: v for k, v in hidden.headers.items() if k not in same} == {
        k: v for k, v in none.headers.items() if k not in same
    }


@pytest.mark.parametrize(
    ("client", "seen"),
    [
        ("anna", ["a-lab", "a-vital"]),
        ("lab", ["a-lab", "b-lab"]),
        ("both", ["a-lab", "b-lab", "b-vital"]),
        ("all", ["a-lab", "a-vital", "b-lab", "b-vital"]),
        ("auditor", ["a-lab", "a-vital", "b-lab", "b-vital"]),
    ],
)
def test_only_that_part_is_here(door: Ward, client: str, seen: list[str]) -> None:
    """A-043, A-044, A-052, A-054."""
    assert sorted(found(door.ask(client, "GET", "Observation"))) == seen
    assert door.ask(client, "GET", "Observation").json["total"] == len(seen)
    assert door.ask(client, "GET", "Observation?_summary=count").json["total"] == len(seen)
    assert door.ask(client, "GET", "Observation?_total=accurate&_count=1").json["total"] == len(seen)
    for each in ("a-lab", "a-vital", "b-lab", "b-vital"):
        for path in ("Observation/{}", "Observation/{}/_history", "Observation/{}/_history/1"):
            if each in seen:
                assert door.ask(client, "GET", path.format(each)).status_code == 200
            else:
                absent(door, client, path.format(each), path.format("nobody"))
        assert (each in found(door.ask(client, "GET", f"Observation?_id={each}"))) is (each in seen)


def test_a_conditional_read_tells_nothing(door: Ward) -> None:
    hidden = door.ask("anna", "GET", "Observation/b-lab", If_None_Match='W/"1"')
    assert told(hidden) == (404, "not-found")


@pytest.mark.parametrize(
    ("client", "query", "seen"),
    [
        ("anna", "Observation?_include=Observation:subject", ["a-lab", "a-vital", "anna"]),
        ("observer", "Observation?_include=Observation:subject&_id=a-lab", ["a-lab"]),
        ("observer", "Observation?_include=*&_id=a-lab", ["a-lab"]),
        ("lab", "Patient?_id=anna&_revinclude=Observation:subject", ["anna", "a-lab"]),
        ("r", "Patient?_id=anna", None),
        ("s", "Patient?_id=anna&_revinclude=Observation:subject", ["anna"]),
        ("both", "Observation?patient=Patient/anna", ["a-lab"]),
        ("lab", "Observation?category=vital-signs", []),
        ("lab", "Observation?category:not=laboratory", []),
        ("lab", "Observation?_sort=-_id", ["b-lab", "a-lab"]),
        ("lab", "Patient?_has:Observation:subject:category=vital-signs", []),
        ("lab", "Patient?_has:Observation:subject:_id=a-lab", ["anna"]),
        ("lab", "Patient?_has:Observation:subject:_id=a-vital", []),
        ("anna", "Observation?subject:Patient.birthdate=1960-01-01", []),
        ("anna", "Observation?subject:Patient.birthdate=1990-05-01", ["a-lab", "a-vital"]),
        ("some-people", "Observation?subject:Patient.birthdate=1960-01-01", []),
        ("some-people", "Observation?subject:Patient.birthdate=1990-05-01", ["a-lab", "a-vital"]),
        (
            "some-people",
            "Observation?_include=Observation:subject&_id=a-lab,b-lab",
            ["a-lab", "b-lab", "anna"],
        ),
        ("both", "Observation?subject:Patient.birthdate=1990-05-01", None),
        ("s", "Patient?_has:Observation:subject:_id=a-lab", None),
        ("observer", "Observation?subject:Patient._id=anna", None),
        ("observer", "Observation?subject:Patient._has:Observation:subject:_id=a-lab", None),
        ("tasks", "Observation", None),
    ],
)
def test_ways_around_lead_nowhere(door: Ward, client: str, query: str, seen: list[str] | None) -> None:
    """A-046, A-047, A-055; None: 403, because of a type of which the client may find nothing."""
    answer = door.ask(client, "GET", query)
    if seen is None:
        assert told(answer) == (403, "forbidden")
    else:
        assert found(answer) == seen


def test_a_page_is_for_whoever_searched(door: Ward) -> None:
    """A-051."""
    first = door.ask("all", "GET", "Observation?_count=1&_sort=_id")
    following = next(each["url"] for each in first.json["link"] if each["relation"] == "next")
    path = following.partition("/fhir/")[2]
    assert found(door.ask("all", "GET", path)) == ["a-vital"]
    answer = door.ask("lab", "GET", path)
    assert told(answer) == (400, "invalid")
    assert told(door.ask("tasks", "GET", path)) == (403, "forbidden")


def test_old_versions_out_of_sight_stay_there(fresh: Ward) -> None:
    """A-060: it was no laboratory value before it was put right."""
    wrong = observed("moved", "anna", "vital-signs")
    assert fresh.ask("all", "PUT", "Observation/moved", wrong).status_code == 201
    absent(fresh, "lab", "Observation/moved", "Observation/nobody")
    assert fresh.ask("all", "PUT", "Observation/moved", observed("moved", "anna")).status_code == 200
    assert fresh.ask("lab", "GET", "Observation/moved").status_code == 200
    assert fresh.ask("lab", "GET", "Observation/moved/_history/2").status_code == 200
    absent(fresh, "lab", "Observation/moved/_history/1", "Observation/moved/_history/7")
    told_of = fresh.ask("lab", "GET", "Observation/moved/_history").json
    assert [each["response"]["etag"] for each in told_of["entry"]] == ['W/"2"']
    assert told_of["total"] == 1
    assert fresh.ask("all", "PUT", "Observation/moved", wrong).status_code == 200
    absent(fresh, "lab", "Observation/moved/_history/2", "Observation/nobody/_history/2")
    absent(fresh, "lab", "Observation/moved/_history", "Observation/nobody/_history")
    assert "moved" not in found(fresh.ask("lab", "GET", "Observation/_history"))
    assert "moved" in found(fresh.ask("all", "GET", "Observation/_history"))


# -- writing part of a type ------------------------------------------------------------------------


def test_what_is_written_must_be_in_the_part(fresh: Ward) -> None:
    """A-062."""
    before = stored(fresh)
    vital = observed("a-lab", "anna", "vital-signs")
    assert told(fresh.ask("lab", "PUT", "Observation/a-lab", vital)) == (403, "forbidden")
    inside = bundle(entry("PUT", "Observation/a-lab", vital))
    assert told(fresh.ask("lab", "POST", "", inside)) == (403, "forbidden")
    assert told(fresh.ask("lab", "POST", "Observation", vital)) == (403, "forbidden")
    for method, path, body in (
        ("POST", "Observation", {**observed("x", "bert"), "id": None}),
        ("PUT", "Observation/x", observed("x", "bert")),
        ("POST", "", bundle(entry("POST", "Observation", observed("x", "bert")))),
    ):
        sent = {name: value for name, value in body.items() if value is not None}
        assert told(fresh.ask("anna", method, path, sent)) in ((403, "forbidden"), (422, "not-found")), path
    assert stored(fresh) == before
    assert fresh.ask("anna", "POST", "Observation", observed("x", "anna")).status_code == 201
    assert fresh.ask("anna", "PUT", "Observation/a-lab", observed("a-lab", "anna")).status_code == 200
    assert fresh.ask("lab", "PUT", "Observation/a-lab", observed("a-lab", "anna")).status_code == 200


def test_what_is_out_of_sight_is_neither_changed_nor_doubled_nor_told(fresh: Ward) -> None:
    """A-061: the words are the same for an id and for an identifier that others hold."""
    before = stored(fresh)
    mine = observed("b-lab", "anna")
    replaced = fresh.ask("anna", "PUT", "Observation/b-lab", mine)
    matching = "identifier=https://ehr.example/o|b-lab"
    doubled = fresh.ask("anna", "POST", "Observation", observed("x", "anna"), If_None_Exist=matching)
    moved = fresh.ask("anna", "PUT", f"Observation?{matching}", {**observed("x", "anna"), "id": "x"})
    inside = fresh.ask(
        "anna", "POST", "", bundle(entry("POST", "Observation", observed("x", "anna"), ifNoneExist=matching))
    )
    for answer in (replaced, doubled, moved, inside):
        assert told(answer) == (403, "forbidden")
        assert answer.json["issue"][0]["diagnostics"] == doubled.json["issue"][0]["diagnostics"]
        assert "b-lab" not in answer.text
    assert stored(fresh) == before
    seen = "identifier=https://ehr.example/o|a-lab"
    kept = fresh.ask("anna", "POST", "Observation", observed("x", "anna"), If_None_Exist=seen)
    assert (kept.status_code, kept.json["id"]) == (200, "a-lab")


def creates(criteria: str) -> tuple[str, str, Any, dict[str, str]]:
    return "POST", "Observation", observed("x", "anna"), {"If_None_Exist": criteria}


def updates(criteria: str) -> tuple[str, str, Any, dict[str, str]]:
    return "PUT", f"Observation?{criteria}", {**observed("x", "anna"), "id": None}, {}


def deletes(criteria: str) -> tuple[str, str, Any, dict[str, str]]:
    return "DELETE", f"Observation?{criteria}", None, {}


def patches(criteria: str) -> tuple[str, str, Any, dict[str, str]]:
    return "PATCH", f"Observation?{criteria}", PATCH, JSON_PATCH


def creates_inside(criteria: str) -> tuple[str, str, Any, dict[str, str]]:
    return "POST", "", bundle(entry("POST", "Observation", observed("x", "anna"), ifNoneExist=criteria)), {}


def refers(criteria: str) -> tuple[str, str, Any, dict[str, str]]:
    made = {**observed("x", "anna"), "hasMember": [{"reference": f"Observation?{criteria}"}]}
    return "POST", "", bundle(entry("POST", "Observation", made)), {}


@pytest.mark.parametrize("writes", [creates, updates, deletes, patches, creates_inside, refers])
@pytest.mark.parametrize(
    ("criteria", "meant", "other"),
    [
        ("_id=b-lab&", "code=26464-8", "code=none"),
        ("_id=b-lab&", "patient=Patient/bert", "patient=Patient/none"),
        ("_id=b-lab&", "identifier=https://ehr.example/o|b-lab", "identifier=https://ehr.example/o|none"),
        ("_id=b-lab&", "identifier=https://ehr.example/o|", "identifier=https://ehr.example/none|"),
        ("identifier=b-lab&", "category=laboratory", "category:not=laboratory"),
        ("", "patient=Patient/bert", "patient=Patient/none"),
        ("_id:not=a-lab&", "patient=Patient/bert", "patient=Patient/none"),
        ("", "identifier:missing=false&patient=Patient/bert", "identifier:missing=true&patient=Patient/bert"),
    ],
)
def test_no_condition_asks_what_is_out_of_sight(
    fresh: Ward, writes: Any, criteria: str, meant: str, other: str
) -> None:
    """Of what a client cannot find only that its name is taken; the answer is the same whatever it says."""
    answers = []
    for each in (other, meant):
        method, path, body, headers = writes(f"{criteria}{each}")
        if body and method == "PUT":
            body = {name: value for name, value in body.items() if value is not None}
        answers.append(fresh.ask("anna", method, path, body, **headers))
    assert answers[0].status_code == answers[1].status_code
    if answers[0].status_code >= 400:
        assert answers[0].json == answers[1].json


def test_a_condition_of_values_still_keeps_from_doubling_what_is_seen(fresh: Ward) -> None:
    wanted = {"If_None_Exist": "category=laboratory&code=26464-8"}
    kept = fresh.ask("anna", "POST", "Observation", observed("x", "anna"), **wanted)
    assert (kept.status_code, kept.json["id"]) == (200, "a-lab")


def test_what_is_seen_may_be_deleted_and_made_anew_by_one_condition(fresh: Ward) -> None:
    by = "identifier=https://ehr.example/o|a-lab"
    gone = {"request": {"method": "DELETE", "url": f"Observation?{by}"}}
    again = entry("POST", "Observation", observed("a-lab", "anna"), ifNoneExist=by)
    answer = fresh.ask("anna", "POST", "", bundle(gone, again))
    assert answer.status_code == 200, answer.text


def test_a_reference_tells_no_more_than_a_read(fresh: Ward) -> None:
    hidden = fresh.ask("anna", "POST", "Observation", observed("x", "bert"))
    none = fresh.ask("anna", "POST", "Observation", observed("x", "nobody"))
    assert hidden.status_code == none.status_code != 201
    assert hidden.json == none.json


def referring(condition: str) -> dict[str, Any]:
    made = {**observed("x", "anna"), "subject": {"reference": f"Patient?_id=anna&{condition}"}}
    return bundle(entry("POST", "Observation", made))


@pytest.mark.parametrize(
    ("condition", "other"),
    [
        ("_has:Observation:patient:category=vital-signs", "_has:Observation:patient:category=none"),
        ("_has:Task:patient:status=draft", "_has:Task:patient:status=ready"),
        ("_has:AuditEvent:patient:action=C", "_has:AuditEvent:patient:action=D"),
    ],
)
def test_a_conditional_reference_leads_through_nothing_out_of_sight(
    fresh: Ward, condition: str, other: str
) -> None:
    """It is a search: whether it matches must not tell what a search of the same would not."""
    hidden = fresh.ask("lab", "POST", "", referring(condition))
    none = fresh.ask("lab", "POST", "", referring(other))
    assert (hidden.status_code, none.status_code) == (412, 412)
    assert hidden.json == none.json
    assert fresh.ask("lab", "POST", "", referring("_has:Observation:patient:code=26464-8")).status_code == 200


def test_a_condition_of_a_write_leads_through_no_type_out_of_scope(fresh: Ward) -> None:
    """As in a search, it is refused; a chain that matches nothing would make double what is here."""
    through = "identifier=https://ehr.example/o|a-lab&patient:Patient._has:Task:patient:status=draft"
    wanted = {"If_None_Exist": through}
    assert told(fresh.ask("lab", "POST", "Observation", observed("x", "anna"), **wanted))[0] == 403
    assert told(fresh.ask("lab", "DELETE", f"Observation?{through}"))[0] == 403
    assert fresh.ask("all", "POST", "Observation", observed("x", "anna"), **wanted).status_code == 201


def test_one_entry_out_of_scope_refuses_all(fresh: Ward) -> None:
    """A-045."""
    before = stored(fresh)
    sent = bundle(entry("POST", "Observation", observed("x", "anna")), entry("POST", "Patient", NEW))
    answer = fresh.ask("observer", "POST", "", sent)
    assert told(answer) == (403, "forbidden")
    assert answer.json["issue"][0]["expression"] == ["Bundle.entry[1].resource"]
    assert stored(fresh) == before


def test_blind_writes_do_not_show_what_is_here(fresh: Ward) -> None:
    """Create without read: the body of what is here already is kept back."""
    made = fresh.ask("cs", "POST", "Patient", NEW, If_None_Exist="_id=anna")
    assert made.status_code == 200
    assert made.data == b""


def test_audit_events_are_for_auditors(door: Ward) -> None:
    """A-053."""
    for client, status in (("all", 403), ("auditor", 200)):
        answer = door.ask(client, "GET", "AuditEvent")
        assert answer.status_code in (status, 404)


@pytest.mark.parametrize("deed", Deed)
def test_a_type_that_is_not_served_is_told_so(door: Ward, deed: Deed) -> None:
    assert told(door.ask("tasks", "GET", "Banana")) == (404, "not-supported")


# -- what a batch, a history and a record tell -------------------------------------------------------


def test_each_entry_of_a_batch_is_asked_itself(fresh: Ward) -> None:
    inside = bundle(
        entry("POST", "Patient", NEW),
        {"request": {"method": "GET", "url": "Observation/a-lab"}},
        {"request": {"method": "GET", "url": "Observation/b-lab"}},
        {"request": {"method": "GET", "url": "Observation?_summary=count"}},
        {"request": {"method": "DELETE", "url": "Observation/b-lab"}},
        {"request": {"method": "GET", "url": "Task/x"}},
    )
    answer = fresh.ask("anna", "POST", "", {**inside, "type": "batch"})
    told_each = [each["response"]["status"][:3] for each in answer.json["entry"]]
    assert told_each == ["403", "200", "404", "200", "204", "403"]
    assert answer.json["entry"][3]["resource"]["total"] == 2
    assert fresh.ask("all", "GET", "Observation/b-lab").status_code == 200, "what is unseen is not deleted"


def test_reads_in_a_transaction_are_held_to_scopes(fresh: Ward) -> None:
    for url, status in (("Observation/b-lab", 404), ("Task/x", 403), ("Observation/a-lab", 200)):
        sent = bundle({"request": {"method": "GET", "url": url}})
        assert fresh.ask("anna", "POST", "", sent).status_code == status


def test_histories_tell_what_may_be_found(fresh: Ward) -> None:
    """A-050: of a type, and of all."""
    assert fresh.ask("all", "DELETE", "Observation/a-vital").status_code in (200, 204)
    assert fresh.ask("all", "DELETE", "Observation/b-lab").status_code in (200, 204)

    def names(client: str, path: str) -> set[str]:
        answer = fresh.ask(client, "GET", path)
        assert answer.status_code == 200, answer.text
        return {each["fullUrl"].rpartition("/fhir/")[2] for each in answer.json.get("entry", [])}

    assert names("anna", "Observation/_history") == {"Observation/a-lab", "Observation/a-vital"}
    assert names("lab", "Observation/_history") == {"Observation/a-lab", "Observation/b-lab"}
    assert names("anna", "_history") == {"Observation/a-lab", "Observation/a-vital", "Patient/anna"}
    assert names("tasks", "_history") == set()
    assert told(fresh.ask("tasks", "GET", "Observation/_history")) == (403, "forbidden")
    assert fresh.ask("anna", "GET", "Observation/a-vital").status_code == 410
    absent(fresh, "anna", "Observation/b-lab", "Observation/nobody")


def test_a_record_holds_what_may_be_found(fresh: Ward) -> None:
    """A-049."""
    assert sorted(found(fresh.ask("lab", "GET", "Patient/anna/$everything"))) == ["a-lab", "anna"]
    assert found(fresh.ask("r", "GET", "Patient/anna/$everything")) == []
    assert told(fresh.ask("anna", "GET", "Patient/bert/$everything")) == (404, "not-found")
    assert told(fresh.ask("observer", "GET", "Patient/anna/$everything")) == (403, "forbidden")


def test_what_is_out_of_sight_is_neither_deleted_nor_patched(fresh: Ward) -> None:
    before = stored(fresh)
    hidden, none = (fresh.ask("anna", "DELETE", f"Observation/{each}") for each in ("b-lab", "nobody"))
    assert (hidden.status_code, hidden.data) == (none.status_code, none.data)
    hidden, none = (
        fresh.ask("anna", "PATCH", f"Observation/{each}", PATCH, **JSON_PATCH) for each in ("b-lab", "nobody")
    )
    assert (hidden.status_code, hidden.data) == (none.status_code, none.data) != (200, b"")
    vital = [{"op": "replace", "path": "/category/0/coding/0/code", "value": "vital-signs"}]
    assert told(fresh.ask("lab", "PATCH", "Observation/a-lab", vital, **JSON_PATCH)) == (403, "forbidden")
    assert stored(fresh) == before


def test_what_others_deleted_out_of_sight_is_not_brought_back(fresh: Ward) -> None:
    assert fresh.ask("all", "DELETE", "Observation/b-lab").status_code in (200, 204)
    answer = fresh.ask("anna", "PUT", "Observation/b-lab", observed("b-lab", "anna"))
    assert told(answer) == (403, "forbidden")


def test_who_refers_out_of_sight_is_not_told(fresh: Ward) -> None:
    answer = fresh.ask("d", "DELETE", "Patient/bert")
    assert told(answer) == (409, "conflict")
    assert "Observation" not in answer.text
    assert ": resource that this client may not find;" in answer.json["issue"][0]["diagnostics"]

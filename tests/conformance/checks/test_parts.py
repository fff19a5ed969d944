from __future__ import annotations

import io
import json
import re
from decimal import Decimal

import httpx
import pytest
from rich.console import Console

from conformance.checks import expect
from conformance.checks.claim import Claim
from conformance.checks.exchange import Wire
from conformance.checks.expanded import expand
from conformance.checks.parameters import elements, escaped, other, values
from conformance.checks.premises import demand_setup, still_standing
from conformance.checks.report import Result, show, summary
from conformance.checks.run import Run
from conformance.checks.statement import OUR_CANONICAL, NoStatement, statement_of
from conformance.checks.table import CLAIMS, chosen, table
from conformance.checks.verdict import PASSED, NoAnswer, Outcome, Skipped, Unmet, failed, not_run
from conformance.peers.client import NotDone
from conformance.peers.wire import encode, outcome

BASE = "http://server.example/fhir"
TYPE = {
    "type": "Patient",
    "interaction": [{"code": "read"}, {"code": "create"}, {"code": "operate"}],
    "conditionalCreate": True,
    "updateCreate": False,
    "conditionalRead": "full-support",
    "searchParam": [{"name": "identifier", "type": "token"}],
}
BODY = {
    "resourceType": "CapabilityStatement",
    "rest": [{"mode": "server", "resource": [TYPE], "interaction": [{"code": "transaction"}]}],
}


def answering(answer=None, **parts):
    """A wire to a server that always answers the same, and what it was asked."""
    asked = []

    def answered(request):
        asked.append(request)
        return answer(request) if answer else httpx.Response(**{"status_code": 200, **parts})

    return Wire(BASE, transport=httpx.MockTransport(answered)), asked


def running(wire=None, **more):
    return Run(wire or answering()[0], statement_of(BODY), **more)


# -- the wire ------------------------------------------------------------------------------------


def test_a_request_as_it_is_sent():
    wire, asked = answering(content=b"{}")
    wire.put("Patient/1", {"value": Decimal("1.10")}, If_Match='W/"1"')
    assert (asked[0].method, str(asked[0].url)) == ("PUT", f"{BASE}/Patient/1")
    assert asked[0].content == b'{"value":1.10}'
    assert asked[0].headers["If-Match"] == 'W/"1"'
    assert asked[0].headers["Content-Type"] == "application/fhir+json"
    wire.get("Patient", {"identifier": "a|b"})
    assert asked[1].url.query == b"identifier=a%7Cb"
    assert "Content-Type" not in asked[1].headers


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "Patient"), ("PUT", "Patient/1"), ("DELETE", "Patient/1"), ("POST", "")]
)
def test_reading_only_sends_nothing_that_writes(method, path):
    wire, asked = answering()
    wire.read_only = True
    with pytest.raises(Skipped, match="--read-only"):
        wire.send(method, path, b"{}")
    assert asked == []
    for reading in ("GET", "HEAD"):
        wire.send(reading, "Patient")
    wire.post("Patient/_search", b"_id=1")
    assert len(asked) == 3


def test_no_answer():
    def broken(request):
        raise httpx.ConnectError("no")

    with pytest.raises(NoAnswer, match=r"no answer to GET /metadata \(ConnectError\)"):
        answering(broken)[0].get("metadata")


@pytest.mark.parametrize(
    ("etag", "version"), [('W/"1"', "1"), ('W/"a-1.b"', "a-1.b"), ('"1"', ""), ("1", ""), (None, "")]
)
def test_the_version_of_an_etag(etag, version):
    wire, _ = answering(headers={"ETag": etag} if etag else {})
    assert wire.get("x").version == version


@pytest.mark.parametrize(
    "location",
    [f"{BASE}/Patient/7/_history/2", "/fhir/Patient/7/_history/2", "Patient/7", f"{BASE}/Patient/7"],
)
def test_the_reference_of_a_location(location):
    assert answering(headers={"Location": location})[0].post("x", {}).reference == "Patient/7"


@pytest.mark.parametrize("content", [b"", b"<html>", b"[1]", b'"text"'])
def test_a_body_that_is_no_object(content):
    seen = answering(content=content)[0].get("x")
    with pytest.raises(Unmet):
        _ = seen.body
    assert seen.issues == []


def test_an_answer_in_one_line():
    told = outcome("value", "it is no code")
    told["issue"][0]["expression"] = ["Patient.gender"]
    wire, _ = answering(status_code=422, content=encode(told))
    assert wire.post("Patient?x=secret", {}).told == (
        "HTTP 422 to POST /Patient; value at Patient.gender: it is no code"
    )
    wire.read_only = True  # the words may be about real patients then
    assert wire.get("Patient").told == "HTTP 422 to GET /Patient; value at Patient.gender"


def test_links_are_followed_below_the_base_only():
    wire, _ = answering()
    wire.known_as = "https://public.example/fhir"
    assert wire.below(f"{BASE}/Patient?_offset=1") == "Patient?_offset=1"
    assert wire.below("https://public.example/fhir/Patient?a=1") == "Patient?a=1"
    with pytest.raises(Unmet):
        wire.below("https://evil.example/fhir/Patient")


# -- the statement -------------------------------------------------------------------------------


def test_what_a_statement_offers():
    statement = statement_of(BODY)
    assert not statement.is_ours
    assert statement.interactions("Patient") == ["read", "create", "operate"]
    assert statement.parameters("Patient") == {"identifier": "token"}
    for need in ("Patient.read", "Patient.conditionalCreate", "Patient?identifier", "transaction"):
        assert statement.lacks(need) == ""
    for need in ("Patient.update", "Patient.updateCreate", "Patient?name", "batch", "Task.read"):
        assert statement.lacks(need) == f"the CapabilityStatement does not offer {need}"
    assert statement_of(BODY | {"url": OUR_CANONICAL}).is_ours


@pytest.mark.parametrize(
    "body", [None, [], {}, {"resourceType": "Patient"}, BODY | {"rest": [{"mode": "client"}]}]
)
def test_no_statement(body):
    with pytest.raises(NoStatement):
        statement_of(body)


def test_a_claim_for_everything_that_is_listed():
    assert [each.id for each in expand(statement_of(BODY))] == [
        "interaction/Patient/read",
        "interaction/Patient/create",
        "interaction/Patient/operate",
        "parameter/Patient/identifier",
        "promise/Patient/conditionalCreate",
        "promise/Patient/conditionalRead-by-version",
        "promise/Patient/conditionalRead-by-time",
    ]


def test_what_is_listed_and_not_known_here_is_not_run():
    ended = {each.id: each.judge(running()) for each in expand(statement_of(BODY))}
    assert ended["interaction/Patient/operate"] == not_run("these checks do not know how to try operate")


# -- search values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("_id", ["1"]),
        ("_tag", ["urn:t|x"]),
        ("identifier", [r"urn:a|1\,2", "bare"]),
        ("status", ["requested"]),
        ("active", ["true"]),
        ("code", ["urn:c|d", "e"]),
        ("patient", ["Patient/p"]),
        ("subject", ["Patient/p"]),
        ("focus", ["DiagnosticReport/d"]),
        ("owner", []),
        ("part-of", ["Task/a", "Task/b"]),
    ],
)
def test_values_to_search_for(parameter, expected):
    task = {
        "resourceType": "Task",
        "id": "1",
        "meta": {"tag": [{"system": "urn:t", "code": "x"}]},
        "identifier": [{"system": "urn:a", "value": "1,2"}, {"value": "bare"}],
        "status": "requested",
        "active": True,
        "code": {"coding": [{"system": "urn:c", "code": "d"}, {"code": "e"}], "text": "words"},
        "for": {"reference": "Patient/p"},
        "focus": {"reference": "DiagnosticReport/d/_history/2"},
        "owner": {"display": "somebody"},
        "partOf": [{"reference": "Task/a"}, {"reference": "Task/b"}],
    }
    assert values(task, parameter) == expected


def test_only_a_patient_is_a_patient():
    about = {"resourceType": "Observation", "subject": {"reference": "Device/d"}}
    assert (values(about, "patient"), values(about, "subject")) == ([], ["Device/d"])


@pytest.mark.parametrize(
    ("value", "another"),
    [
        ("true", "false"),
        ("false", "true"),
        ("urn:a|1", "urn:a|none"),
        ("Patient/p", "Patient/none"),
        ("requested", "none"),
        ("http://x.example/y", "none"),
    ],
)
def test_another_value_of_the_same_kind(value, another):
    assert other(value, "none") == another


def test_signs_that_divide_are_escaped():
    assert escaped(r"a,b|c$d\e") == r"a\,b\|c\$d\\e"


def test_a_parameter_that_is_not_known():
    assert elements("Observation", "code-value-quantity") == []


@pytest.mark.parametrize(
    ("kind", "parameter", "expected"),
    [
        ("string", "family", ["Testcase"]),
        ("string", "name", ["Testcase"]),
        ("string", "address-city", ["Here"]),
        ("token", "phone", ["1"]),
        ("token", "telecom", ["1", "a@b.example"]),
        ("date", "birthdate", ["1990"]),
        ("date", "death-date", ["2020"]),
        ("reference", "general-practitioner", ["Practitioner/1"]),
        ("date", "_lastUpdated", []),
    ],
)
def test_values_are_led_to_by_the_paths_of_the_definitions(kind, parameter, expected):
    here = {
        "resourceType": "Patient",
        "name": [{"family": "Testcase"}],
        "address": [{"city": "Here"}],
        "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "a@b.example"}],
        "birthDate": "1990",
        "deceasedDateTime": "2020",
        "generalPractitioner": [{"reference": "Practitioner/1"}],
    }
    assert values(here, parameter, kind) == expected


@pytest.mark.parametrize(
    ("kind", "part", "expected"),
    [
        ("quantity", {"value": 7, "system": "s", "code": "c"}, ["7|s|c"]),
        ("quantity", {"value": 7}, []),
        ("date", {"start": "2026"}, ["ge2026"]),
    ],
)
def test_values_of_a_kind(kind, part, expected):
    made = {"resourceType": "Encounter", "length": part, "period": part}
    assert values(made, "length" if kind == "quantity" else "date", kind) == expected
    assert other("x", "none", kind) not in expected


# -- expectations --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "at", "holds"),
    [
        (422, "", "", True),
        (400, "", "", False),
        (422, "value", "Patient.gender", True),
        (422, "value", "Patient", True),
        (422, "required", "Patient.gender", False),
        (422, "value", "Patient.name", False),
    ],
)
def test_a_refusal(status, code, at, holds):
    told = outcome("value", "no")
    told["issue"][0]["expression"] = ["Patient.gender"]
    seen = answering(status_code=status, content=encode(told))[0].post("Patient", {})
    if holds:
        assert expect.refused(seen, 422, code=code, at=at) is seen
    else:
        with pytest.raises(Unmet):
            expect.refused(seen, 422, code=code, at=at)


def test_code_and_place_are_of_one_issue():
    told = outcome("value", "no")
    told["issue"] += [{"severity": "error", "code": "required", "expression": ["Task.for"]}]
    seen = answering(status_code=422, content=encode(told))[0].post("Task", {})
    with pytest.raises(Unmet):
        expect.refused(seen, 422, code="value", at="Task.for")


def test_a_refusal_without_an_outcome():
    seen = answering(status_code=422, content=b"{}")[0].post("Patient", {})
    with pytest.raises(Unmet):
        expect.refused(seen, 422)


def test_matches_of_a_search():
    entries = [
        {"resource": {"id": "1"}, "search": {"mode": "match"}},
        {"resource": {"id": "2"}, "search": {"mode": "include"}},
        {"resource": {"id": "3"}},
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset"}
    assert expect.ids(answering(content=encode(bundle | {"entry": entries}))[0].get("x")) == ["1", "3"]
    assert expect.ids(answering(content=encode(bundle))[0].get("x")) == []
    for wrong in (bundle | {"entry": []}, bundle | {"type": "history"}):
        with pytest.raises(Unmet):
            expect.ids(answering(content=encode(wrong))[0].get("x"))


# -- claims and runs -----------------------------------------------------------------------------


def claiming(attempt, **more):
    return Claim("a/b", "R4", "It holds.", attempt, **more)


def raising(error):
    def attempt(run):
        raise error

    return attempt


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unmet("this", "that"), failed("this", "that")),
        (Skipped("not here"), not_run("not here")),
        (NoAnswer("no answer"), failed("It holds.", "no answer")),
        (KeyError("entry"), failed("an answer that is built as R4 says", "KeyError: 'entry'")),
        (
            NotDone("PUT /x: 412", 412),
            failed("what leads up to this claim is carried out", "PUT /x: 412"),
        ),
    ],
)
def test_how_an_attempt_ends(error, expected):
    assert claiming(raising(error)).judge(running()) == expected


def test_an_attempt_that_holds():
    assert claiming(lambda _: None).judge(running()) == PASSED
    unseen = claiming(lambda _: "not all of it").judge(running())
    assert (unseen.outcome, unseen.why) == (Outcome.PASSED, "not all of it")


def test_what_is_not_tried():
    never = raising(AssertionError())
    lacking = claiming(never, needs=("Patient.read", "Patient.update")).judge(running())
    assert lacking.why == "the CapabilityStatement does not offer Patient.update"
    assert "--ours" in claiming(never, ours=True).judge(running()).why
    with pytest.raises(AssertionError):
        claiming(never, ours=True).judge(running(ours=True))


def test_what_is_made_once_is_made_once_even_when_it_fails():
    run, tries = running(), []

    def make():
        tries.append(1)
        raise Unmet("this", "that")

    for _ in range(2):
        with pytest.raises(Unmet):
            run.once("it", make)
    assert len(tries) == 1
    assert [run.once("other", list) is run.once("other", list)] == [True]


def test_a_wait_in_vain_shortens_those_after_it():
    looks = []
    run = running(patience=0.1, pause=looks.append)
    assert run.until(lambda: len(looks), lambda count: count > 2, "three looks") == 3
    with pytest.raises(Unmet, match=r"after 0\.1 s .*nothing of the kind"):
        run.until(lambda: 0, lambda _: False, "never")
    with pytest.raises(Unmet, match=r"after 0\.01 s .*still 0"):
        run.until(lambda: 0, lambda _: False, "never", lambda seen: f"still {seen}")


def test_the_end_of_a_run_goes_on_whatever_fails():
    run, done = running(), []
    run.afterwards += [
        lambda: done.append("first"),
        raising_now(KeyError("id")),
        raising_now(Unmet("a", "b")),
    ]
    assert run.tidy() == ["expected a; came b", "KeyError: 'id'"]
    assert done == ["first"]


def raising_now(error):
    def act():
        raise error

    return act


def test_names_are_of_this_run():
    one, two = running(), running()
    assert one.token != two.token
    assert one.fresh() != one.fresh()
    assert one.identifier()["value"].startswith(one.token)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("Task.identifier.system", "--task-system"),
        ("Bundle.entry[3].resource.identifier.system", "--task-system"),
        ("Task.input", "does not read the question"),
    ],
)
def test_how_a_server_is_set_up_is_no_fault_of_it(place, words):
    told = outcome("business-rule", "no")
    told["issue"][0]["expression"] = [place]
    seen = answering(status_code=422, content=encode(told))[0].post("Task", {})
    with pytest.raises(Skipped, match=words):
        demand_setup(running(), seen)


def test_a_task_that_nobody_takes_up():
    assert still_standing({"status": "requested"}) == "still requested; does a worker run?"
    assert still_standing({"status": "on-hold"}) == "still on-hold"


# -- the table and the report ---------------------------------------------------------------------


def test_each_claim_has_an_id_a_clause_and_one_sentence():
    ids = [each.id for each in table(statement_of(BODY | {"url": OUR_CANONICAL}))]
    assert len([each for each in ids if not each.startswith("promise")]) > 100
    assert len({each.id for each in CLAIMS}) == len(CLAIMS)
    for each in CLAIMS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*/[a-z]+(-[a-z]+)*", each.id)
        assert re.fullmatch(r"[A-Z$_|].+[^.]\.", each.says), each.says
        assert ". " not in each.says, each.id
        assert each.clause.startswith(("R4 ", "docs/", "HL7 ")), each.id
        assert each.ours or each.clause.startswith("R4 "), each.id


def test_claims_are_chosen_by_id():
    assert chosen(CLAIMS, []) == list(CLAIMS)
    assert [each.id for each in chosen(CLAIMS, ["search/post", "read/h*"])] == ["read/head", "search/post"]
    assert chosen(CLAIMS, ["search"]) == []


def test_a_result_as_a_line():
    line = json.loads(Result(CLAIMS[0], failed("this", "that"), 0.12345).line())
    assert line == {
        "id": "metadata/statement",
        "outcome": "failed",
        "clause": CLAIMS[0].clause,
        "says": CLAIMS[0].says,
        "ours": False,
        "expected": "this",
        "came": "that",
        "why": None,
        "seconds": 0.123,
    }


def test_results_as_a_table():
    console = Console(width=100, record=True, file=io.StringIO())
    results = [
        Result(CLAIMS[0], PASSED, 0.1),
        Result(CLAIMS[1], failed("[this]", "that"), 0.1),
        Result(CLAIMS[2], not_run("no reason"), 0.1),
    ]
    show(console, results)
    text = console.export_text()
    for words in (
        "metadata/statement",
        "passed",
        "expected [this]",
        "came     that",
        CLAIMS[1].clause,
        "no reason",
    ):
        assert words in text
    assert summary(results, 1.5) == "3 claims in 1.5 s: 1 passed, 1 failed, 1 not run."

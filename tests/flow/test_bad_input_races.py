"""Clients that come at once, and clients that come and say nothing: real threads, real sockets.

Row ids of the catalogue: F-073, F-077 (PUT and PATCH), F-083, F-084, F-123; deletions beside them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.badinput.builders import bundle, entry
from tests.badinput.orders import CANARY, MRN, measured, named, order, person, signed, told
from tests.badinput.served import Answer, Served
from tests.flow.conftest import OnDatabase

_SOON = 0.5
_URN = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"
_HEAD = b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, on_database: OnDatabase) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("races"), **on_database("races")) as made:
        yield made


def at_once(count: int, ask: Callable[[int], Answer]) -> list[Answer]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(ask, range(count)))


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(each.status for each in answers)


def total(server: Served, query: str) -> int:
    return int(server.ask("GET", f"/fhir/{query}").json["total"])


def conditional(value: str) -> dict[str, str]:
    return {"If-None-Exist": f"identifier={MRN}|{value}"}


# -- who comes first ---------------------------------------------------------------------------


def test_of_two_updates_of_one_version_one_is_stored(server: Served) -> None:
    """F-077."""
    for version in range(1, 21):
        body = told(named(signed("bert", conclusion=f"{CANARY} {version}"), "of-bert"))
        fields = {"If-Match": f'W/"{version}"'}
        answers = at_once(2, lambda _: server.ask("PUT", "/fhir/DiagnosticReport/of-bert", body, fields))  # noqa: B023
        assert statuses(answers) == {200: 1, 412: 1}


@pytest.mark.parametrize("turn", range(3))
def test_fifty_conditional_creates_make_one_resource(server: Served, turn: int) -> None:
    """F-083."""
    value = f"{CANARY}-fifty-{turn}"
    answers = at_once(
        50, lambda _: server.ask("POST", "/fhir/Patient", told(person(value)), conditional(value))
    )
    assert statuses(answers) == {201: 1, 200: 49}
    assert len({each.json["id"] for each in answers}) == 1
    assert total(server, f"Patient?identifier={value}") == 1


def test_a_create_whose_answer_nobody_read_is_repeated_without_a_second(server: Served) -> None:
    """F-084."""
    value = f"{CANARY}-lost"
    body = told(person(value))
    fields = [f"If-None-Exist: identifier={MRN}|{value}", f"Content-Length: {len(body)}", "", ""]
    server.leave(_HEAD + "\r\n".join(fields).encode() + body)
    again = server.ask("POST", "/fhir/Patient", body, conditional(value))
    assert again.status in (200, 201)  # which of the two was taken up first is chance
    assert server.ask("POST", "/fhir/Patient", body, conditional(value)).status == 200
    assert total(server, f"Patient?identifier={value}") == 1


def test_two_plain_creates_are_two_resources_by_rule(server: Served) -> None:
    """F-123 asks for one Patient. R4 has a plain create make a new resource each time; a sender that
    means the same patient says so with If-None-Exist, and evidence is never matched by identifier."""
    value = f"{CANARY}-plain"
    answers = at_once(2, lambda _: server.ask("POST", "/fhir/Patient", told(person(value))))
    assert statuses(answers) == {201: 2}
    assert total(server, f"Patient?identifier={value}") == 2


def test_one_order_sent_by_twenty_opens_one_case(server: Served) -> None:
    before = server.stored()
    answers = at_once(20, lambda _: server.ask("POST", "/fhir/Task", told(order("rush"))))
    assert statuses(answers) == {201: 1, 200: 19}
    assert server.stored()["cases"] == before["cases"] + 1


def test_only_one_of_ten_is_new(server: Served) -> None:
    """F-079 under load: If-None-Match: *."""
    body, fields = told(named(person(f"{CANARY}-only"), "only")), {"If-None-Match": "*"}
    answers = at_once(10, lambda _: server.ask("PUT", "/fhir/Patient/only", body, fields))
    assert statuses(answers) == {201: 1, 412: 9}


def test_transactions_that_race_for_a_patient_all_refer_to_the_one(server: Served) -> None:
    """A lost race makes the plan anew: its bundle-local names must lead to whom the winner made."""
    value = f"{CANARY}-shared"
    found = {"ifNoneExist": f"identifier={MRN}|{value}"}
    body = bundle(
        entry(person(value), full_url=_URN, **found),
        entry(measured(subject={"reference": _URN}), "Observation"),
    )
    answers = at_once(16, lambda _: server.ask("POST", "/fhir", body))
    assert statuses(answers) == {200: 16}, [each.body for each in answers if each.status != 200][:1]
    [patient] = {_kept(each, 0) for each in answers}
    assert total(server, f"Patient?identifier={value}") == 1
    assert total(server, f"Observation?subject={patient}") == 16


def test_of_patches_at_once_none_is_lost(server: Served) -> None:
    """Each is made from the version that it changes; who comes second is made anew."""
    server.ask("PUT", "/fhir/Patient/crowd", told(named(person(f"{CANARY}-crowd"), "crowd")))
    fields = {"Content-Type": "application/json-patch+json"}

    def patch(number: int) -> Answer:
        added = [{"op": "add", "path": "/name/-", "value": {"text": f"n{number}"}}]
        return server.ask("PATCH", "/fhir/Patient/crowd", json.dumps(added).encode(), fields)

    for turn in range(5):
        answers = at_once(2, lambda n, turn=turn: patch(10 * turn + n))
        assert statuses(answers) == {200: 2}
    names = {each.get("text") for each in server.ask("GET", "/fhir/Patient/crowd").json["name"]}
    assert names == {None, *(f"n{10 * turn + n}" for turn in range(5) for n in range(2))}


def test_of_two_patches_of_one_version_one_is_stored(server: Served) -> None:
    """F-077, for a patch."""
    server.ask("PUT", "/fhir/Patient/pair", told(named(person(f"{CANARY}-pair"), "pair")))
    fields = {"Content-Type": "application/json-patch+json"}
    for version in range(1, 11):
        body = json.dumps([{"op": "add", "path": "/language", "value": f"en-{version}"}]).encode()
        fields["If-Match"] = f'W/"{version}"'
        answers = at_once(2, lambda _: server.ask("PATCH", "/fhir/Patient/pair", body, fields))  # noqa: B023
        assert statuses(answers) == {200: 1, 412: 1}


def test_nothing_refers_to_what_went_at_the_same_moment(server: Served) -> None:
    """Who deletes a patient, and who measures one: one of them is told that the other was first."""
    for turn in range(15):
        place = f"/fhir/Patient/short-{turn}"
        server.ask("PUT", place, told(named(person(f"{CANARY}-{turn}"), f"short-{turn}")))
        body = told(measured(subject={"reference": f"Patient/short-{turn}"}))
        asked = (("DELETE", place, b""), ("POST", "/fhir/Observation", body))
        gone, made = at_once(2, lambda n, asked=asked: server.ask(*asked[n]))
        there = server.ask("GET", place).status == 200
        assert (gone.status, made.status) in ((204, 422), (409, 201))
        assert there is (made.status == 201)


def test_nothing_is_deleted_under_a_case_that_opens(server: Served) -> None:
    for turn in range(8):
        names = {kind: f"{kind.lower()}-{turn}" for kind in ("Patient", "Observation", "DiagnosticReport")}
        who = {"reference": f"Patient/{names['Patient']}"}
        for each in (person(f"{CANARY}-o{turn}"), measured(subject=who), signed(names["Patient"])):
            id_ = names[each["resourceType"]]
            assert (
                server.ask("PUT", f"/fhir/{each['resourceType']}/{id_}", told(named(each, id_))).status == 201
            )
        report = {"reference": f"DiagnosticReport/{names['DiagnosticReport']}"}
        body = told(order(f"open-{turn}", **{"for": who, "focus": report}))
        measure = f"/fhir/Observation/{names['Observation']}"
        asked = (("DELETE", measure, b""), ("POST", "/fhir/Task", body))
        gone, opened = at_once(2, lambda n, asked=asked: server.ask(*asked[n]))
        assert opened.status == 201
        assert gone.status in (204, 409)
        assert server.ask("DELETE", f"/fhir/{report['reference']}").status == 409


def _kept(answer: Answer, number: int) -> str:
    """Type/id of one entry of a transaction's answer."""
    location = answer.json["entry"][number]["response"]["location"]
    return "/".join(re.sub(r"^.*/fhir/", "", location).split("/")[:2])


# -- who says nothing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (32, b""),
        (32, _HEAD[:20]),
        (32, _HEAD),
        (32, _HEAD + b"Content-Length: 1000\r\n\r\n{"),
        (32, _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
        (500, b""),
    ],
    ids=["silent", "a word", "no end of head", "no end of body", "no end of chunk", "F-073"],
)
def test_silent_connections_keep_nobody_waiting(server: Served, count: int, said: bytes) -> None:
    with ExitStack() as open_:
        for _ in range(count):
            open_.enter_context(server.connect()).sendall(said)
        assert max(server.seconds_for_health() for _ in range(5)) < _SOON
        assert server.ask("POST", "/fhir/Patient", told(person())).status == 201


def test_nothing_of_the_races_is_an_error_in_the_log(server: Served) -> None:
    log = server.log
    for word in ("Traceback", '"error"', CANARY):
        assert word.lower() not in log.lower()

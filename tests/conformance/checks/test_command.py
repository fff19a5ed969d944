from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.demo.child import free_port
from conformance.peers.door import Door
from conformance.peers.ehr import Ehr
from conformance.peers.listener import Listener
from conformance.peers.shelf import Shelf
from conformance.peers.wire import Answer, Refused, decode, encode

ROOT = Path(__file__).parents[3]


@pytest.fixture
def check():
    return lambda *arguments: CliRunner().invoke(main, ["check", *arguments])


@pytest.fixture
def ehr():
    with Ehr(port=0) as program:
        yield program


class Wrong:
    """A tiny FHIR server that gets wrong what is easily got wrong."""

    def __init__(self):
        self._door = Door(Shelf())
        self._listener = Listener("127.0.0.1", 0, self._respond)

    def __enter__(self):
        self._listener.open()
        return f"http://127.0.0.1:{self._listener.port}/fhir"

    def __exit__(self, *_):
        self._listener.close()

    def _respond(self, request):
        try:
            answer = self._door.answer(request, "http://wrong.example/fhir")
        except Refused:
            return Answer(200, b"{}")  # nothing is ever refused
        body = decode(answer.body) if answer.body else {}
        body.pop("_birthDate", None)  # extensions of primitives are lost
        halves = json.loads(encode(body))  # and so are digits
        headers = {name: text for name, text in answer.headers.items() if name != "ETag"}
        return Answer(answer.status, encode(halves), headers=headers)


def lines(result):
    return {each["id"]: each for each in map(json.loads, result.stdout.splitlines())}


def test_it_explains_itself(check):
    told = check("--help").stdout
    for words in ("ADDRESS", "--only", "--read-only", "Exit status", "HTEST", "clinical use"):
        assert words in told


def test_the_claims_are_printed_and_none_is_tried(check):
    told = check("--list")
    assert told.exit_code == 0
    for words in ("update/stale", "R4 http.html#concurrency", "parameter/TYPE/NAME", "ours"):
        assert words in told.stdout
    [line] = check("--list", "--only", "update/stale", "--json").stdout.splitlines()
    assert json.loads(line)["clause"] == "R4 http.html#concurrency"


def test_with_an_address_also_those_of_its_statement(check, ehr):
    told = check("--list", ehr.base, "--only", "parameter/Task/*", "--json")
    assert '"parameter/Task/owner"' in told.stdout
    assert ehr.shelf.ledger()["committed"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say the ADDRESS"),
        (["127.0.0.1:8080/fhir"], "begins with http://"),
        (["ftp://x.example"], "begins with http://"),
    ],
)
def test_an_address_is_needed(check, arguments, words):
    result = check(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_claim_that_is_not_there(check, ehr):
    result = check(ehr.base, "--only", "update/fresh")
    assert result.exit_code == 2
    assert "no claim is called update/fresh" in result.stderr


def test_a_server_that_is_not_there(check):
    result = check(f"http://127.0.0.1:{free_port('127.0.0.1', 0, '')}/fhir")
    assert result.exit_code == 2
    [sentence] = result.stderr.splitlines()
    assert "cannot be reached" in sentence


def test_a_server_that_speaks_no_fhir(check, ehr):
    result = check(f"{ehr.root}/ledger")
    assert result.exit_code == 2
    [sentence] = result.stderr.splitlines()
    assert "is not the base of a FHIR server" in sentence


def test_another_fhir_server_is_tried_by_what_it_says_of_itself(check, ehr):
    """The hospital of this folder is one: it keeps the core of R4, and knows no media types."""
    result = check(ehr.base, "--json")
    ended = lines(result)
    assert result.exit_code == 1
    failed = {id_ for id_, each in ended.items() if each["outcome"] == "failed"}
    assert failed == {
        "create/prefer",
        "search/lenient",
        "search/post",
        "refusal/media-type-sent",
        "refusal/media-type-wanted",
    }
    assert {each["outcome"] for each in ended.values() if each["ours"]} == {"not run"}
    assert sum(each["outcome"] == "passed" for each in ended.values()) > 200
    assert "Made-up identifiers of this run begin with check-" in result.stderr


def test_it_can_be_repeated(check, ehr):
    for _ in range(2):
        result = check(ehr.base, "--only", "transaction/*", "--only", "update/*")
        assert result.exit_code == 0, result.stdout
        assert "passed" in result.stdout


def test_reading_only_writes_nothing(check, ehr):
    check(ehr.base, "--only", "interaction/*")
    before = len(ehr.shelf.ledger()["committed"])
    result = check(ehr.base, "--read-only", "--json")
    assert len(ehr.shelf.ledger()["committed"]) == before
    ended = lines(result)
    assert ended["interaction/Patient/read"]["outcome"] == "passed"
    assert ended["parameter/Task/owner"]["outcome"] == "passed"
    assert ended["interaction/Patient/create"]["why"] == "it would write, and --read-only was given"


def test_a_server_that_is_wrong_is_told_so(check):
    wrong = {
        "read/unknown-id": "HTTP 404",
        "update/stale": "HTTP 412",
        "value/decimal-precision": "1.10",
        "value/primitive-extensions": "_birthDate",
        "interaction/Patient/read": "ETag",
        "refusal/no-json": "HTTP 400",
    }
    with Wrong() as base:
        result = check(base, "--json", *(part for id_ in wrong for part in ("--only", id_)))
    assert result.exit_code == 1
    ended = lines(result)
    assert {id_: each["outcome"] for id_, each in ended.items()} == dict.fromkeys(wrong, "failed")
    for id_, words in wrong.items():
        assert words in ended[id_]["expected"], id_


def test_a_table_says_what_was_expected_and_what_came(check):
    with Wrong() as base:
        result = check(base, "--only", "read/unknown-id")
    assert result.exit_code == 1
    assert "expected HTTP 404 with an OperationOutcome" in result.stdout
    assert "came     HTTP 200 to GET /Patient/check-" in result.stdout


def test_headers_go_along(check, ehr, monkeypatch):
    seen = []
    answered = Door.answer

    def listening(self, request, base):
        seen.append(request.headers.get("authorization"))
        return answered(self, request, base)

    monkeypatch.setattr(Door, "answer", listening)
    check(ehr.base, "--only", "metadata/*", "--header", "Authorization: Bearer abc")
    assert set(seen) == {"Bearer abc"}


def test_nothing_of_the_server_is_imported():
    code = (
        "import sys, conformance.checks.command\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'server'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Every bad request of the tables, sent over real sockets to a real server: refused in words, nothing kept.

A row's id is its number in the catalogue of bad inputs; a letter tells variants apart, and R-rows
are our own. After each refusal the store holds what it held, the log holds no traceback and
nothing of the input, and the processes have spent less than a second on it.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.badinput.call import Bytes, Call, Kept
from tests.badinput.fhir_later import ELSEWHERE, NOT_YET
from tests.badinput.fhir_transactions import kept
from tests.badinput.orders import CANARY, named, signed, told
from tests.badinput.served import Answer, Served
from tests.badinput.tables import CALLS, KEPT, RAW
from tests.flow.conftest import OnDatabase
from tests.flow.processes import PROJECT

_MIB = 2**20
_CPU_SECONDS = 1.0
_GROWTH_BYTES = 64 * _MIB
"""Over all rows, of each process, counted from one that has read the costliest rows already: each of the
eight threads' allocators keeps some of what the largest body needed once, and that is no growth."""
_LAST_ROW = 139


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, on_database: OnDatabase) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("bad-input"), **on_database("bad_input")) as made:
        yield made


@pytest.fixture(scope="session")
def warm(server: Served) -> dict[int, int]:
    """Resident bytes of each process once the costliest rows have been there."""
    for call in [each for each in CALLS if len(each.body) > _MIB] * 3:
        server.ask(call.method, call.path, call.body, call.headers)
    return server.resident_bytes()


@pytest.fixture(scope="session")
def evil() -> Iterator[socket.socket]:
    """Listens where messages point to; nobody may come."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


class Before:
    """What the server held, had logged and had spent."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self._stored, self._log, self._cpu = server.stored(), server.log_size(), server.cpu_seconds()

    def demand_nothing_happened(self) -> None:
        spent = self._server.cpu_seconds() - self._cpu
        assert spent < _CPU_SECONDS
        assert self._server.stored() == self._stored
        said = self._server.log_since(self._log)
        assert "Traceback" not in said
        assert '"error"' not in said
        assert CANARY.lower() not in said.lower()


def demand_words(answer: Answer, code: str, says: str) -> None:
    """A refusal is an OperationOutcome with the code, in words of ours, about nobody."""
    issues = answer.outcomes
    assert issues, answer.body[:300]
    for issue in issues:
        told = f"{issue['diagnostics']} {issue.get('expression', '')}"
        assert len(issue["diagnostics"]) > 10
        assert CANARY.lower() not in told.lower()
    if code:
        assert code in {issue["code"] for issue in issues}
    assert says in " ".join(issue["diagnostics"] for issue in issues)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_a_bad_request_is_told_why_and_leaves_nothing(
    server: Served, warm: dict[int, int], call: Call
) -> None:
    before = Before(server)
    answer = server.ask(call.method, call.path, call.body, call.headers)
    assert answer.status == call.status, answer.body[:500]
    if call.code or call.says:
        demand_words(answer, call.code, call.says)
    if call.lacks:
        assert call.lacks not in answer.body.decode() + str(answer.headers)
    if call.total is not None:
        assert answer.json["total"] == call.total
    if call.status == 405:
        assert answer.headers["allow"]
    before.demand_nothing_happened()


@pytest.mark.parametrize("row", RAW, ids=lambda row: row.id)
def test_bad_bytes_leave_nothing(server: Served, row: Bytes) -> None:
    before = Before(server)
    if row.status is None:
        server.leave(row.sent)
    else:
        answer = server.exchange(row.sent, ends=row.ends)
        assert answer.status == row.status, answer.body[:500]
        demand_words(answer, row.code, "")
    assert server.seconds_for_health() < 0.5
    before.demand_nothing_happened()


def a_report_for(server: Served, row: str) -> None:
    """An order is taken once for each report."""
    id_ = f"for-{row}"
    assert server.ask("PUT", f"/fhir/DiagnosticReport/{id_}", told(named(signed(), id_))).status == 201


@pytest.mark.parametrize("row", KEPT, ids=lambda row: row.id)
def test_what_only_looks_bad_is_stored_and_reads_back(server: Served, row: Kept) -> None:
    a_report_for(server, row.id)
    before, said = server.stored(), server.log_size()
    answer = server.ask("POST", row.path, row.body)
    assert answer.status == 201, answer.body[:500]
    place = re.sub(r"^https?://[^/]+", "", answer.headers["location"])
    assert server.ask("GET", place).body == answer.body
    assert server.stored()["resource"] == before["resource"] + 1
    assert CANARY.lower() not in server.log_since(said).lower()


def test_decimals_come_back_to_the_digit(server: Served) -> None:
    """F-018, the value itself."""
    row = next(each for each in KEPT if each.id == "F-018")
    assert b'"value":1.10' in server.ask("POST", row.path, row.body).body


def test_what_the_client_says_of_versions_is_replaced(server: Served) -> None:
    """F-039."""
    row = next(each for each in KEPT if each.id == "F-039")
    a_report_for(server, "F-039-again")
    sent = server.ask("POST", row.path, row.body.replace(b"-F-039", b"-F-039-again"))
    assert sent.json["meta"]["versionId"] == "1"


def test_addresses_in_messages_are_kept_and_never_dialled(server: Served, evil: socket.socket) -> None:
    """F-119, F-122, F-133."""
    for row in kept(f"http://127.0.0.1:{evil.getsockname()[1]}"):
        answer = server.ask("POST", row.path, row.body)
        assert answer.status == 201, (row.id, answer.body)
    with pytest.raises(BlockingIOError):
        evil.accept()


def test_memory_does_not_grow_with_bad_requests(server: Served, warm: dict[int, int]) -> None:
    now = server.resident_bytes()
    assert now.keys() == warm.keys(), "a process has died and was replaced"
    assert {pid: now[pid] - warm[pid] for pid in now if now[pid] - warm[pid] >= _GROWTH_BYTES} == {}


def test_nothing_of_all_this_is_in_the_log(server: Served) -> None:
    log = server.log
    assert log.count('"event": "request"') > 100
    for word in (CANARY, "MRN-", "/etc/passwd", "evil.example", "Traceback"):
        assert word.lower() not in log.lower()


def test_every_row_is_somewhere() -> None:
    here = {row.id.rstrip("abcdefghijklmnopqrstuvwxyz") for row in (*CALLS, *RAW, *KEPT, *kept(""))}
    for row, place in ELSEWHERE.items():
        assert row in (PROJECT / place).read_text(), f"{row} is not named in {place}"
    known = here | ELSEWHERE.keys() | NOT_YET.keys()
    assert [n for n in range(1, _LAST_ROW + 1) if f"F-{n:03}" not in known] == []


def test_row_ids_are_unique() -> None:
    ids = [row.id for row in (*CALLS, *RAW, *KEPT, *kept(""))]
    assert sorted(set(ids)) == sorted(ids)


def test_the_folder_of_the_server_is_its_own(server: Served, tmp_path: Path) -> None:
    """Rows that name files: nothing was made outside the data folder."""
    assert not {"x", "etc", "passwd"} & {each.name for each in server.data.parent.rglob("*")}

"""``python -m conformance bench create``: durable Task creates beside what bare SQLite commits."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from conformance.bench import bare
from conformance.bench.asking import Asking
from conformance.bench.figures import Figure, beside, spread, tell
from conformance.bench.house import House
from conformance.bench.load import Load, LoadFailed, Tally, fire
from conformance.bench.progress import steps
from conformance.demo.child import CannotStart
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import Resource
from conformance.peers.wire import FHIR_JSON, encode

_MARK = "00000000"
"""Where the number of a request goes in its Task; 8 digits, as Load counts."""
_FASTEST = 800
"""Creates a second for which there are reports: every Task asks about one of its own."""
_AT_ONCE = 200
"""Reports in one transaction."""
_RATE = "per second"


@dataclass(slots=True)
class Rounds:
    """What was measured, round by round."""

    creates: list[Tally] = field(default_factory=list)
    reads: list[Tally] = field(default_factory=list)
    one_writer: list[float] = field(default_factory=list)
    many_writers: list[float] = field(default_factory=list)
    server_cpu: list[float] = field(default_factory=list)
    """Seconds of CPU of all HTTP processes for one create."""
    rss: list[float] = field(default_factory=list)
    """Megabytes of the largest HTTP process."""


@click.command()
@click.option("--seconds", default=3.0, show_default=True, help="How long each slice of a round runs.")
@click.option("--clients", default=8, show_default=True, help="Kept-alive connections; also bare writers.")
@click.option("--rounds", default=5, show_default=True, help="Rounds of A B A B.")
@click.option("--patients", default=200, show_default=True, help="Over how many patients the Tasks spread.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder whose disk is measured; default: var.")
def create(seconds: float, clients: int, rounds: int, patients: int, data: Path | None) -> None:
    """Durable Task creates per second, beside bare SQLite on the same disk.

    Starts the HTTP processes of a server (as SECOND_READER_WEB_WORKERS and _WEB_THREADS say)
    without a worker, on a fresh data folder. Each round runs, one after another: creates of
    second-read Tasks, each with an identifier of its own, over kept-alive connections; bare
    SQLite with one writer; with as many writers as there are clients; and reads of a Task by id.
    The peer commits one row with the bytes of one Task per transaction (pysqlite3, WAL,
    synchronous=FULL, BEGIN IMMEDIATE), each writer in a process of its own. Ratios are medians of
    the rounds' own. The counts of both sides are verified in the end. SECOND_READER_DATABASE_URL
    measures the server on a PostgreSQL database, which must be empty.
    """
    try:
        with House(data) as house:
            house.web()
            measured = _measure(house, seconds, clients, rounds, patients)
    except (CannotStart, NotDone, LoadFailed, bare.Miscounted) as reason:
        click.echo(str(reason), err=True)
        sys.exit(2)
    for figure in _figures(measured, clients):
        tell(figure)


def _measure(house: House, seconds: float, clients: int, rounds: int, patients: int) -> Rounds:
    measured, next_number = Rounds(), 1
    with FhirClient(house.base) as client, steps("create", patients + 5 * rounds) as step:
        asking = Asking(client)
        waiting = []
        for _ in range(patients):
            waiting.append(asking.prepare())
            step("preparing patients")
        kept = client.create(waiting[0].task).location
        tasks = [_numbered(each.task) for each in waiting]
        body = encode(tasks[0])
        posts = tuple(_post(house, encode(each)) for each in tasks)
        ready = next_number
        for _ in range(rounds):
            enough = next_number + round(_FASTEST * seconds)
            _reports(client, [each.report for each in waiting], range(ready, enough))
            ready = enough
            step("preparing reports")
            turn = next_number % patients
            load = Load(
                house.host, house.port, 201, posts[turn:] + posts[:turn], next_number, clients, seconds
            )
            with _costs(house, measured):
                measured.creates.append(fire(load))
            step("creates")
            next_number += measured.creates[-1].answers
            one = bare.commit(house.data / "bare.db", body, 1, seconds)
            measured.one_writer.append(one.rate)
            step("bare SQLite, 1 writer")
            many = bare.commit(house.data / "bare.db", body, clients, seconds)
            measured.many_writers.append(many.rate)
            step(f"bare SQLite, {clients} writers")
            read = ((_get(house, kept),),)
            measured.reads.append(fire(Load(house.host, house.port, 200, read, 0, clients, seconds)))
            step("reads")
    _verify(house, 1 + sum(each.answers for each in measured.creates))
    return measured


@contextmanager
def _costs(house: House, measured: Rounds) -> Iterator[None]:
    """CPU of the HTTP processes over the creates that are made inside."""
    before = sum(each.cpu_seconds for each in house.costs("web"))
    yield
    after = house.costs("web")
    used = sum(each.cpu_seconds for each in after) - before
    measured.server_cpu.append(used / measured.creates[-1].answers)
    measured.rss.append(max(each.rss_mb for each in after))


def _verify(house: House, acknowledged: int) -> None:
    """Every 201 has opened exactly one case: the server's own count says so.

    Raises:
        NotDone: it says otherwise.
    """
    counted = house.cases()
    if counted != acknowledged:
        raise NotDone(f"{acknowledged} Tasks were acknowledged, but the server counts {counted} cases")


def _figures(measured: Rounds, clients: int) -> list[Figure]:
    creates = [each.rate for each in measured.creates]
    waits = [1000 * wait for each in measured.creates for wait in each.latencies]
    read_waits = [1000 * wait for each in measured.reads for wait in each.latencies]
    name = f"Task creates, {clients} clients"
    return [
        beside(f"{name}, beside bare SQLite with 1 writer", creates, measured.one_writer, _RATE),
        beside(f"{name}, beside bare SQLite with {clients} writers", creates, measured.many_writers, _RATE),
        *spread("one Task create", waits, "ms"),
        _middle(f"Task reads, {clients} clients", [each.rate for each in measured.reads], _RATE),
        *spread("one Task read", read_waits, "ms"),
        _middle("CPU of the server for one create", [1000 * each for each in measured.server_cpu], "ms"),
        _middle("CPU of the client for one create", [_client_ms(each) for each in measured.creates], "ms"),
        Figure("memory of the largest HTTP process", max(measured.rss), "MB"),
    ]


def _client_ms(tally: Tally) -> float:
    return 1000 * tally.cpu_seconds / tally.answers


def _middle(name: str, values: list[float], unit: str) -> Figure:
    return Figure(name, sorted(values)[len(values) // 2], unit)


def _reports(client: FhirClient, of: list[Resource], numbers: range) -> None:
    """One report for each Task to come, of the patients in turn."""
    for start in range(0, len(numbers), _AT_ONCE):
        chunk = [of[n % len(of)] | {"id": f"bench-{n:08d}"} for n in numbers[start : start + _AT_ONCE]]
        puts = [
            {"resource": each, "request": {"method": "PUT", "url": f"DiagnosticReport/{each['id']}"}}
            for each in chunk
        ]
        client.transaction({"resourceType": "Bundle", "type": "transaction", "entry": puts})


def _numbered(task: Resource) -> Resource:
    """The Task with a place for a number at the end of its identifier, and of its report's id."""
    first = task["identifier"][0]
    about = {"reference": f"DiagnosticReport/bench-{_MARK}"}
    text = json.dumps(task).replace(json.dumps(task["focus"]["reference"]), json.dumps(about["reference"]))
    numbered: Resource = json.loads(text)
    return numbered | {"identifier": [first | {"value": f"{first['value']}-{_MARK}"}]}


def _post(house: House, body: bytes) -> tuple[bytes, ...]:
    head = (
        f"POST /fhir/Task HTTP/1.1\r\nHost: {house.host}:{house.port}\r\nContent-Type: {FHIR_JSON}\r\n"
        f"Accept: {FHIR_JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return tuple((head.encode() + body).split(_MARK.encode()))


def _get(house: House, reference: str) -> bytes:
    head = f"GET /fhir/{reference} HTTP/1.1\r\nHost: {house.host}:{house.port}\r\nAccept: {FHIR_JSON}\r\n\r\n"
    return head.encode()

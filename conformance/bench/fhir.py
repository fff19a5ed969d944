"""``python -m conformance bench fhir``: every kind of request, at one number of stored resources and more."""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import click

from conformance.bench import stock
from conformance.bench.asking import Asking
from conformance.bench.figures import Figure, beside, percentile, tell
from conformance.bench.house import House
from conformance.bench.load import Load, LoadFailed, Tally, fire
from conformance.bench.peer import beside_us
from conformance.bench.progress import steps
from conformance.demo.child import CannotStart
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import Resource
from conformance.peers.wire import FHIR_JSON, encode

_MARK = "00000000"
_SHOTS = 400
"""Different searches of one kind; sent in turn."""
_FASTEST = 800
"""Orders or updates a second for which something is prepared."""
_AT_ONCE, _LINES = 100, 20
_RATE = "per second"
_HOST, _PATIENCE = "127.0.0.1", 60.0
_PERSON = {"reference": f"Patient/{stock.patient(1)['id']}"}
"""Not the one whose number is the mark."""

Shots = tuple[tuple[bytes, ...], ...]
Made = Callable[[int], Shots]


@dataclass(slots=True)
class Kind:
    """One kind of request."""

    status: int
    made: Made
    """From how many patients are stored to what is sent in turn."""
    once: bool = False
    """Each number is sent once only: an update is of a version that is then gone."""
    next: int = 1
    tallies: dict[int, list[Tally]] = field(default_factory=dict)
    """By how many resources were stored."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How each kind is run."""

    seconds: float
    clients: int
    rounds: int


@click.command()
@click.option("--stored", default=[10_000], multiple=True, show_default=True, help="Resources to measure at.")
@click.option("--seconds", default=2.0, show_default=True, help="How long each kind of request runs.")
@click.option("--clients", default=4, show_default=True, help="Kept-alive connections.")
@click.option("--rounds", default=3, show_default=True, help="Rounds at each number of resources.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder whose disk is measured; default: var.")
@click.option("--database", default="", metavar="URL", help="An empty PostgreSQL database; default: SQLite.")
def fhir(
    *, stored: Sequence[int], seconds: float, clients: int, rounds: int, data: Path | None, database: str
) -> None:
    """Creates, reads, updates, searches, transactions; beside fhirstarter.

    Starts the HTTP processes of a server on a fresh data folder, stores patients with nine Observations
    each by transactions, and measures each kind of request; with --stored given twice, at the smaller
    number first, then once more has been stored at the larger, and prints how much longer the p95 became.
    Beside creates and reads of a Task: fhirstarter (PyPI) serving the same Task from memory under uvicorn,
    two processes, in the same rounds.
    """
    sizes = sorted(set(stored))
    if any(each < 10 * stock.PER_PATIENT for each in sizes):
        raise click.UsageError(f"--stored is {10 * stock.PER_PATIENT} or more")
    try:
        with House(data, database) as house, beside_us(house) as peer:
            house.web()
            figures = _measure(house, peer, sizes, Plan(seconds, clients, rounds))
    except (CannotStart, NotDone, LoadFailed) as reason:
        click.echo(str(reason), err=True)
        sys.exit(2)
    for figure in figures:
        tell(figure)


def _measure(house: House, peer: int, sizes: Sequence[int], plan: Plan) -> list[Figure]:
    task = _task(house)
    kinds, theirs = _kinds(house, task), _theirs(house.host, peer, task)
    ahead = round(_FASTEST * plan.seconds)
    total = stock.chunks_of(sizes[-1] // stock.PER_PATIENT) + len(sizes) * plan.rounds * (len(kinds) + 1)
    with FhirClient(house.base, timeout=_PATIENCE) as client, steps("fhir", total) as step:
        stored, ready = 0, 1
        for size in sizes:
            patients = size // stock.PER_PATIENT
            stock.fill(house.base, range(stored, patients), step)
            stored = patients
            for _ in range(plan.rounds):
                needed = max(each.next for each in kinds.values() if each.once) + ahead
                _reserve(client, range(ready, needed))
                ready = needed
                step("preparing")
                for name, kind in kinds.items():
                    _run(kind, size, house.port, plan)
                    if name in theirs:
                        _run(theirs[name], size, peer, plan)
                    step(name)
    return list(_figures(kinds, theirs, sizes))


def _run(kind: Kind, size: int, port: int, plan: Plan) -> None:
    shots = kind.made(size // stock.PER_PATIENT)
    load = Load(_HOST, port, kind.status, shots, kind.next, plan.clients, plan.seconds)
    tally = fire(load)
    kind.next += tally.answers
    kind.tallies.setdefault(size, []).append(tally)


def _figures(kinds: Mapping[str, Kind], theirs: Mapping[str, Kind], sizes: Sequence[int]) -> Iterator[Figure]:
    for name, kind in kinds.items():
        for size, tallies in kind.tallies.items():
            label, rates = f"{name}, {size:,} stored", [each.rate for each in tallies]
            if name in theirs:
                peers = [each.rate for each in theirs[name].tallies[size]]
                yield beside(f"{label}, beside fhirstarter in memory", rates, peers, _RATE)
            else:
                yield Figure(label, statistics.median(rates), _RATE)
            yield Figure(f"{label}, p95", _p95(tallies), "ms")
        small, large = sizes[0], sizes[-1]
        if small != large:
            grown, before = _p95(kind.tallies[large]), _p95(kind.tallies[small])
            yield Figure(f"{name}, p95 at {large:,} beside {small:,}", grown, "ms", before)


def _p95(tallies: Sequence[Tally]) -> float:
    return 1000 * percentile([wait for each in tallies for wait in each.latencies], 0.95)


# -- what is sent ----------------------------------------------------------------------------


def _kinds(house: House, task: Resource) -> dict[str, Kind]:
    """Ours, in the order in which they run; searches look for another value each time."""
    host = f"{house.host}:{house.port}"

    def searches(query: Callable[[random.Random, int], str]) -> Made:
        def made(patients: int) -> Shots:
            chance = random.Random(patients)
            return tuple((_get(host, f"/fhir/{query(chance, patients)}"),) for _ in range(_SHOTS))

        return made

    kept = f"/fhir/{_PERSON['reference']}"
    order = _cut(_send(host, "POST", "/fhir/Task", _marked(task)))
    update = _cut(_send(host, "PUT", f"/fhir/Patient/u-{_MARK}", _spare(_MARK) | {"active": True}, 1))
    transaction = (_send(host, "POST", "/fhir", _transaction()),)
    return {
        "Task create": Kind(201, lambda _: (order,), once=True),
        "read": Kind(200, lambda _: ((_get(host, kept),),)),
        "update with If-Match": Kind(200, lambda _: (update,), once=True),
        "search by token": Kind(200, searches(_by_token)),
        "search by date": Kind(200, searches(_by_date)),
        "search by reference": Kind(200, searches(_by_reference)),
        "chained search": Kind(200, searches(_by_chain)),
        "worklist": Kind(200, lambda _: ((_get(host, "/fhir/Task?status=requested&_count=20"),),)),
        f"transaction of {_LINES}": Kind(200, lambda _: (transaction,)),
    }


def _theirs(host: str, port: int, task: Resource) -> dict[str, Kind]:
    address = f"{host}:{port}"
    create = (_send(address, "POST", "/Task", task),)
    read = (_get(address, f"/Task/{stock.FIRST}"),)
    return {"Task create": Kind(201, lambda _: (create,)), "read": Kind(200, lambda _: (read,))}


def _by_token(chance: random.Random, patients: int) -> str:
    return f"Patient?identifier={stock.SYSTEM}%7CP-{chance.randrange(patients):08d}"


def _by_date(chance: random.Random, patients: int) -> str:
    del patients
    day = stock.FIRST_DAY + timedelta(days=chance.randrange(stock.DAYS))
    return f"Observation?date={day:%Y-%m-%d}&_count=20"


def _by_reference(chance: random.Random, patients: int) -> str:
    return f"Observation?patient=p-{chance.randrange(patients):08d}"


def _by_chain(chance: random.Random, patients: int) -> str:
    return f"Observation?patient.identifier={stock.SYSTEM}%7CP-{chance.randrange(patients):08d}"


def _task(house: House) -> Resource:
    """An order with all that it refers to at the server."""
    with FhirClient(house.base) as client:
        return Asking(client).prepare().task


def _marked(task: Resource) -> Resource:
    first = task["identifier"][0]
    about = {"focus": {"reference": f"DiagnosticReport/r-{_MARK}"}}
    kept = [each for each in task["input"] if "valueReference" not in each]
    named = {"input": kept, "identifier": [first | {"value": f"bench-{_MARK}"}], "for": _whom(_MARK)}
    return task | about | named


def _whom(number: str) -> Resource:
    """Each order is about a patient of its own, as in life: news of one wakes their open cases."""
    return {"reference": f"Patient/u-{number}"}


def _spare(number: str) -> Resource:
    return {
        "resourceType": "Patient",
        "id": f"u-{number}",
        "identifier": [{"system": stock.SYSTEM, "value": f"U-{number}"}],
    }


def _report(number: str) -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "id": f"r-{number}",
        "status": "preliminary",
        "code": {"text": "Lumbar puncture"},
        "subject": _whom(number),
    }


def _reserve(client: FhirClient, numbers: range) -> None:
    """A report for each order, and a patient for each update."""
    for start in range(0, len(numbers), _AT_ONCE):
        named = [f"{number:08d}" for number in numbers[start : start + _AT_ONCE]]
        entries = [stock.put(make(each)) for each in named for make in (_report, _spare)]
        client.transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def _transaction() -> Resource:
    made = stock.observation(0) | {"subject": _PERSON}
    del made["id"], made["identifier"]
    entry = {"resource": made, "request": {"method": "POST", "url": "Observation"}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * _LINES}


def _get(host: str, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {FHIR_JSON}\r\n\r\n".encode()


def _send(host: str, method: str, path: str, resource: Resource, version: int | None = None) -> bytes:
    body = encode(resource)
    known = "" if version is None else f'If-Match: W/"{version}"\r\n'
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {FHIR_JSON}\r\n{known}"
        f"Accept: {FHIR_JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _cut(request: bytes) -> tuple[bytes, ...]:
    return tuple(request.split(_MARK.encode()))

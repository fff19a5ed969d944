"""``python -m conformance bench opinion``: from a Task's 201 to its sealed opinion, and how many."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import click

from conformance.bench.asking import Asking
from conformance.bench.figures import Figure, spread, tell
from conformance.bench.house import House
from conformance.bench.progress import Step, steps
from conformance.bench.watching import Watching, compared, moments, opinion_sealed, settled, span
from conformance.demo.child import CannotStart
from conformance.peers.client import FhirClient, NotDone

_SLOW_POLL = 0.1
_LISTED = 100
"""Cases sent before the list is read again; it holds the latest 200."""
_SERVER = "Use this running server, for example http://127.0.0.1:8080/fhir; else one is started."


@dataclass(slots=True)
class Times:
    """Seconds, one value for each case, but for the last three."""

    sealed: list[float] = field(default_factory=list)
    sealed_seen: list[float] = field(default_factory=list)
    compared: list[float] = field(default_factory=list)
    compared_seen: list[float] = field(default_factory=list)
    audited: int = 0
    """Cases drawn for audit: when they were compared stays under seal."""
    per_second: float = 0.0
    rss: dict[str, float] = field(default_factory=dict)
    """Megabytes by process."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the bench."""

    client: FhirClient
    asking: Asking
    watching: Watching
    house: House | None
    """None when the server is somebody else's."""
    step: Step
    times: Times = field(default_factory=Times)


@click.command()
@click.option("--cases", default=50, show_default=True, help="How many cases of each of the three kinds.")
@click.option("--server", metavar="URL", help=_SERVER)
@click.option("--data", type=click.Path(path_type=Path), help="Folder for the server's data; default: var.")
@click.option("--patience", default=60.0, show_default=True, help="Seconds to wait for any one case.")
def opinion(cases: int, server: str | None, data: Path | None, patience: float) -> None:
    """Time from 201 to a sealed opinion, from signature to comparison, and cases per second.

    Sends agreeing cases with the values of the demonstration, of three kinds. One at a time, with
    the report signed: from the request's arrival to the sealed opinion on disk, by the server's
    clock. One at a time, with the report preliminary: from the Task's 201 until a client sees at
    GET /cases/ID that the opinion is sealed; then the report is signed (PUT with If-Match), and
    from its 200 until a client sees the comparison, and by the server's clock from the locked
    first read to the comparison on disk. Last, cases that all wait for one worker: how many it
    carries to their end in a second, from its first event to its last.

    The server is started without a destination, so that nothing waits for an EHR; with --server
    that server's workers, destinations and other load are in the figures. There is no peer that
    does this, so none stands beside.
    """
    try:
        with House(data) if server is None else nullcontext() as house:
            times = _measure(house, server, cases, patience)
    except (CannotStart, NotDone) as reason:
        click.echo(str(reason), err=True)
        sys.exit(2)
    for figure in _figures(times):
        tell(figure)
    if times.audited:
        click.echo(f"{times.audited} cases were drawn for audit; their comparison is under seal.", err=True)


def _measure(house: House | None, server: str | None, cases: int, patience: float) -> Times:
    if house is not None:
        house.web()
        house.work()
    base = house.base if house is not None else str(server)
    with FhirClient(base) as client, steps("opinion", 3 * cases) as step:
        run = Run(client, Asking(client), Watching(client, patience), house, step)
        run.watching.until(run.watching.case(run.asking.ask()), settled)  # waits until the models are loaded
        for _ in range(cases):
            _signed(run)
        for _ in range(cases):
            _unsigned(run)
        if house is not None:
            run.times.rss = _memory(house)
        run.times.per_second = _many(run, cases)
    return run.times


def _signed(run: Run) -> None:
    """An event bears the time at which its step began: the opinion is on disk when the next one does."""
    task = run.client.create(run.asking.prepare().task).location
    told = run.watching.until(run.watching.case(task), settled)
    sealed = span(told, "opened", "first read locked")
    if sealed is not None:
        run.times.sealed.append(sealed)
    run.step("one at a time, signed")


def _unsigned(run: Run) -> None:
    waiting = run.asking.prepare(signed=False)
    task = run.client.create(waiting.task).location
    acknowledged = time.perf_counter()
    case = run.watching.case(task)
    run.watching.until(case, opinion_sealed)
    run.times.sealed_seen.append(time.perf_counter() - acknowledged)
    run.asking.sign(waiting)
    signed = time.perf_counter()
    run.watching.until(case, compared)
    run.times.compared_seen.append(time.perf_counter() - signed)
    on_disk = span(run.watching.until(case, settled), "first read locked", "agreed")
    if on_disk is None:
        run.times.audited += 1
    else:
        run.times.compared.append(on_disk)
    run.step("one at a time, signed later")


def _many(run: Run, count: int) -> float:
    """Cases per second that one worker carries to their end when all of them wait for it."""
    if run.house is not None:
        run.house.stop("work")
    tasks, cases = list[str](), dict[str, str]()
    for number in range(count):
        tasks.append(run.asking.ask())
        run.step("many at once")
        if number % _LISTED == 0:
            cases |= run.watching.listed()
    cases |= run.watching.listed()
    if run.house is not None:
        run.house.work()
    ends = [run.watching.until(cases[task], settled, _SLOW_POLL) for task in reversed(tasks)]
    after_opening = [at for told in ends for event, at in moments(told).items() if event != "opened"]
    taken = (max(after_opening) - min(after_opening)).total_seconds()
    return count / taken if taken else float(count)


def _memory(house: House) -> dict[str, float]:
    web, work = house.costs("web"), house.costs("work")
    return {
        "the largest HTTP process": max(each.rss_mb for each in web),
        "the worker": work[0].rss_mb,
        "the largest process of the worker's readers": max((each.rss_mb for each in work[1:]), default=0.0),
    }


def _figures(times: Times) -> list[Figure]:
    return [
        *spread("request to sealed opinion, server's clock", _ms(times.sealed), "ms"),
        *spread("201 to sealed opinion, as a client sees it", _ms(times.sealed_seen), "ms"),
        *spread("locked first read to comparison, server's clock", _ms(times.compared), "ms"),
        *spread("signed report to comparison, as a client sees it", _ms(times.compared_seen), "ms"),
        Figure("cases carried by one worker", times.per_second, "per second"),
        *(Figure(f"memory of {name}", megabytes, "MB") for name, megabytes in times.rss.items()),
    ]


def _ms(seconds: list[float]) -> list[float]:
    return [1000 * each for each in seconds]

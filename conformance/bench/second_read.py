"""``python -m conformance bench second-read``: from a signature to the offer, and the match alone."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from conformance.bench.asking import Asking
from conformance.bench.crowd import Row, cases, crowd
from conformance.bench.figures import Figure, spread, tell
from conformance.bench.house import House
from conformance.bench.progress import Step, steps
from conformance.bench.watching import Watching, compared, opinion_sealed, span
from conformance.demo.child import CannotStart
from conformance.demo.directory import post
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import TASK

_PROJECT = Path(__file__).resolve().parents[2]
_AT_ONCE = 500
"""Specialists posted in one transaction."""
_POLL = 0.005
_WAITING = "late-value"
"""The story in which a value is missing: what is open meanwhile waits for it, with a date."""
_TAKES, _PAUSE = 0.2, 0.5
"""Seconds in which one open case is taken up, and between two looks whether all have been."""
_DISPUTED = "missed"
"""The story of the demonstration in which the two reads differ."""


@dataclass(slots=True)
class Times:
    """Milliseconds, one value for each case."""

    compared: list[float] = field(default_factory=list)
    offered: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    on_disk: list[float] = field(default_factory=list)


@click.command("second-read")
@click.option("--specialists", default=5000, show_default=True, help="How many the directory has.")
@click.option("--cases", "count", default=30, show_default=True, help="How many disputed cases are sent.")
@click.option("--open", "waiting", default=0, show_default=True, help="How many cases are open meanwhile.")
@click.option("--adjudicated", default=240, show_default=True, help="Made-up cases for the match alone.")
@click.option("--seed", default=1, show_default=True, help="Of the made-up directory and its cases.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder for the server's data; default: var.")
@click.option("--patience", default=120.0, show_default=True, help="Seconds to wait for any one case.")
def second_read(
    *,
    specialists: int,
    count: int,
    waiting: int,
    adjudicated: int,
    seed: int,
    data: Path | None,
    patience: float,
) -> None:
    """From a signed first report to the comparison, and on to the offer at a specialist.

    The directory is made up, the same from the same seed, and is posted over FHIR. Each case is one that the
    two reads dispute, one at a time: its report is signed when the opinion is sealed; a client looks for the
    comparison at GET /cases/ID and then for the offer as its specialist would, by GET /Task. By the server's
    clock: from the locked first read to the offer. The match alone is measured by the server's own program,
    python -m server.routing.measure, on the same directory as a table: how many a second, and how often the
    first, or one of the first three, is among those whom somebody who knows the truth would ask.

    No peer does this, so none stands beside.
    """
    people = crowd(specialists, seed)
    try:
        with tempfile.TemporaryDirectory() as folder:
            tables = Path(folder)
            directory = _table(tables / "directory.csv", [each.row for each in people])
            asked = [each.cells() for each in cases(people, adjudicated, seed + 1)]
            matched = _matched(directory, _table(tables / "cases.csv", asked))
            with (
                House(data) as house,
                steps("second-read", -(-specialists // _AT_ONCE) + waiting + count) as step,
            ):
                times = _measure(house, [each.row for each in people], (waiting, count), patience, step)
    except (CannotStart, NotDone) as reason:
        click.echo(str(reason), err=True)
        sys.exit(2)
    for figure in (*_figures(times, specialists), *_of_match(matched)):
        tell(figure)


def _measure(
    house: House, rows: Sequence[Row], counts: tuple[int, int], patience: float, step: Step
) -> Times:
    house.web()
    times, (waiting, count) = Times(), counts
    with FhirClient(house.base, timeout=patience) as client, tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(rows), _AT_ONCE):
            post(client, _table(Path(folder) / "part.csv", rows[start : start + _AT_ONCE]))
            step("the directory")
        asking, watching = Asking(client, story=_DISPUTED), Watching(client, patience)
        last = _open(Asking(client, story=_WAITING), waiting, step)
        house.work()
        if last:  # what has waited longest is carried first: all of them stand then
            _await(client, watching.case(last), patience + _TAKES * waiting)
        _case(client, asking, watching, Times())  # the models are loaded, the directory is read
        for _ in range(count):
            _case(client, asking, watching, times)
            step("disputed cases")
    return times


def _open(asking: Asking, number: int, step: Step) -> str:
    """That many cases of which a value is missing; gives the last one's Task."""
    last = ""
    for _ in range(number):
        last = asking.client.create(asking.prepare(signed=False).task).location
        step("open cases")
    return last


def _await(client: FhirClient, case: str, patience: float) -> None:
    deadline = time.monotonic() + patience
    while client.beside(f"/cases/{case}")["state"] != "incomplete":
        if time.monotonic() > deadline:
            raise NotDone(f"case {case}, the last of those that are open meanwhile, was not taken up")
        time.sleep(_PAUSE)


def _case(client: FhirClient, asking: Asking, watching: Watching, times: Times) -> None:
    ready = asking.prepare(signed=False)
    task = client.create(ready.task).location
    case, patient = watching.case(task), ready.task["for"]["reference"]
    watching.until(case, opinion_sealed)
    asking.sign(ready)
    signed = time.perf_counter()
    watching.until(case, compared)
    seen = time.perf_counter()
    deadline = seen + watching.patience
    search = {"patient": patient, "code": f"{TASK}|specialist-read", "status": "requested"}
    while not client.search("Task", search):
        if time.perf_counter() > deadline:
            raise NotDone(f"case {case}: nobody was offered it within {watching.patience:.0f} s")
        time.sleep(_POLL)
    offered = time.perf_counter()
    times.compared.append(1000 * (seen - signed))
    times.offered.append(1000 * (offered - seen))
    times.whole.append(1000 * (offered - signed))
    on_disk = span(watching.look(case), "first read locked", "offered")
    if on_disk is not None:
        times.on_disk.append(1000 * on_disk)


def _table(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def _matched(directory: Path, asked: Path) -> dict[str, Any]:
    """Raises NotDone when the program does not do it."""
    command = [sys.executable, "-m", "server.routing.measure", str(directory), str(asked)]
    done = subprocess.run(command, cwd=_PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotDone(f"the match was not measured: {done.stderr[-400:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _figures(times: Times, specialists: int) -> list[Figure]:
    among = f"among {specialists:,} specialists"
    return [
        *spread("signed report to comparison, as a client sees it", times.compared, "ms"),
        *spread(f"comparison to offer {among}, as a client sees it", times.offered, "ms"),
        *spread(f"signed report to offer {among}, as a client sees it", times.whole, "ms"),
        *spread(f"locked first read to offer {among}, server's clock", times.on_disk, "ms"),
    ]


def _of_match(told: dict[str, Any]) -> list[Figure]:
    over = f"over {told['specialists']:,} specialists"
    figures = [
        Figure(f"matches {over}", told["matches per second"], "per second"),
        Figure(f"match {over}, p50", told["ms p50"], "ms"),
        Figure(f"match {over}, p95", told["ms p95"], "ms"),
    ]
    for name, share in told["success"].items():
        figures += [
            Figure(
                f"right at {n}, {name} ({share['cases']:.0f} cases), beside a lot",
                share[f"at {n}"],
                "share",
                chance,
            )
            for n, chance in ((1, share["by lot"]), (3, None))
        ]
    return figures

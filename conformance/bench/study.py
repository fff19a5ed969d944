"""``python -m conformance bench study``: from a study's last image to its opinion, and into the archive."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from conformance.bench.figures import Figure, spread, tell
from conformance.bench.progress import Step, steps
from conformance.bench.watching import Watching, opinion_sealed
from conformance.demo.cases import FILMS, Script, Story, load
from conformance.demo.child import AE, CannotStart, Child, Dicom, free_port, usable
from conformance.demo.radiology import Radiology
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import codes_of
from conformance.peers.ehr import Ehr
from conformance.peers.modality import Modality, NotTaken
from conformance.peers.pacs import Pacs

_PROJECT = Path(__file__).resolve().parents[2]
_HOST = "127.0.0.1"
_STORY = "film-agreement"
_POLL = 0.005
"""Seconds between two looks: what is seen is late by up to this and one answer."""
_AUDITED = frozenset({"awaiting-specialist", "awaiting-coordinator"})


@dataclass(slots=True)
class Times:
    """Seconds since the success status of the last C-STORE, one value for each case."""

    sealed: list[float] = field(default_factory=list)
    completed: list[float] = field(default_factory=list)
    archived: list[float] = field(default_factory=list)
    audited: int = 0
    """Cases drawn for audit: nobody is there to read them, so they do not end."""


@dataclass(frozen=True, slots=True)
class Run:
    """One hospital and one server."""

    client: FhirClient
    ehr: Ehr
    radiology: Radiology
    script: Script
    patience: float
    name: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def story(self) -> Story:
        return next(each for each in self.script.stories if each.key == _STORY)


@click.command()
@click.option("--cases", default=20, show_default=True, help="How many cases, one after the other.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder for the server's data; default: var.")
@click.option("--patience", default=60.0, show_default=True, help="Seconds to wait for any one case.")
def study(cases: int, data: Path | None, patience: float) -> None:
    """Time from a study's last image to its sealed opinion, to the completed Task, and into the archive.

    Agreeing cases of one film, those of the demonstration, one at a time. The request with the signed
    report is there first and waits for its film; time counts from the success status of its C-STORE,
    until a client sees at GET /cases/ID that the opinion is sealed, at GET Task/ID that it is completed,
    and until the archive has stored the report. The server is started with everything (up), an EHR and
    an archive that says on an association of its own what it keeps. There is no peer that does this.
    """
    try:
        with _hospital(data, patience) as run, steps("study", cases) as step:
            times = _measure(run, cases, step)
    except (CannotStart, NotDone, NotTaken) as reason:
        click.echo(str(reason), err=True)
        sys.exit(2)
    for figure in _figures(times):
        tell(figure)
    if times.audited:
        click.echo(f"{times.audited} cases were drawn for audit, and are not in the figures.", err=True)


@contextmanager
def _hospital(data: Path | None, patience: float) -> Iterator[Run]:
    parent = usable(data if data is not None else _PROJECT / "var")
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    try:
        with ExitStack() as open_now:
            port, door, archive = (free_port(_HOST, 0, "--data") for _ in range(3))
            ehr = open_now.enter_context(Ehr(_HOST, 0))
            kept = open_now.enter_context(Pacs(folder / "pacs", _HOST, archive, callers={AE: (_HOST, door)}))
            child = open_now.enter_context(
                Child(folder, port, ehr.base, patience, dicom=Dicom(door, archive))
            )
            client = open_now.enter_context(FhirClient(child.base))
            yield Run(client, ehr, Radiology(Modality(_HOST, door, AE), kept), load(FILMS), patience)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(run: Run, cases: int, step: Step) -> Times:
    _one(run, 0, Times())  # waits until the models are loaded
    times = Times()
    for number in range(1, cases + 1):
        _one(run, number, times)
        step("one at a time")
    return times


def _one(run: Run, number: int, times: Times) -> None:
    request = run.script.request(run.story, f"{run.name}-{number}", datetime.now(UTC))
    task = run.ehr.send_case(request, run.client, together=True).task
    _until(run, lambda: _standing(run, task)[0] == "on-hold", "the request waits for its film")
    case = Watching(run.client, run.patience).case(task)
    shots = run.story.imaging.shots if run.story.imaging else ()
    if any(run.radiology.send(shots, run.story, request)):
        raise NotDone("the film was refused")
    sent = time.perf_counter()
    _until(run, lambda: opinion_sealed(run.client.beside(f"/cases/{case}")), "the opinion is sealed")
    sealed = time.perf_counter() - sent
    _until(run, lambda: _ended(run, task), "the Task is completed")
    completed = time.perf_counter() - sent
    if _standing(run, task)[0] != "completed":
        times.audited += 1
        return
    _until(run, lambda: "SR" in run.radiology.kept(request), "the report is in the archive")
    times.archived.append(time.perf_counter() - sent)
    times.sealed.append(sealed)
    times.completed.append(completed)
    # The next one is not to wait behind what is still on its way for this one.
    _until(run, lambda: len(run.radiology.kept(request)) == len(run.story.kept), "all is in the archive")


def _ended(run: Run, task: str) -> bool:
    status, business = _standing(run, task)
    return status == "completed" or business in _AUDITED


def _standing(run: Run, task: str) -> tuple[str, str]:
    found = run.client.read(task).body
    return found["status"], ", ".join(codes_of(found.get("businessStatus")))


def _until(run: Run, done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + run.patience
    while not done():
        if time.monotonic() > deadline:
            raise NotDone(f"not within {run.patience:.0f} s: {what}")
        time.sleep(_POLL)


def _figures(times: Times) -> list[Figure]:
    spans = {
        "last image to sealed opinion, as a client sees it": times.sealed,
        "last image to completed Task, as a client sees it": times.completed,
        "last image to report in the archive": times.archived,
    }
    return [
        figure
        for name, seconds in spans.items()
        for figure in spread(name, [1000 * each for each in seconds], "ms")
    ]

"""``import``: objects out of folders, ZIPs and file-sets with a DICOMDIR, by the way that a C-STORE goes.

Names of files may be names of people: they go to the screen and the report of whoever imports, no further.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from server import settings
from server.clock import now
from server.dicom.files.found import Became, Verdict
from server.dicom.files.importing import Importing
from server.dicom.files.taking import Stopped, Taking
from server.dicom.receive.staging import Staging
from server.ending import REFUSED
from server.errors import Category, Fault, fault
from server.holding import ObjectHolding
from server.wiring import build

_COUNTED = (
    Became.NEW, Became.HERE, Became.BESIDE, Became.OWN, Became.REFUSED, Became.MISSING, Became.NOT_DICOM,
    Became.UNREFERENCED,
)  # fmt: skip
_TOLD = frozenset(_COUNTED) - {Became.NEW, Became.HERE}
"""Listed one by one at the end."""
_FAILED = (Became.REFUSED, Became.MISSING)
_INTERRUPTED = 130
"""The exit status after SIGINT, as shells count it."""
_WORD_SECONDS = 10.0
_STOPS = (signal.SIGINT, signal.SIGTERM)


@click.command("import")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A new file, for what became of each file: one JSON object a line, with the files' names.",
)
def import_(paths: tuple[Path, ...], report: Path | None) -> None:
    """Import DICOM objects from folders, ZIPs, files, or what a DICOMDIR names.

    Each goes the way of one that a modality sends: checked to its last byte, kept in its transfer syntax,
    durable before it is counted. Of a folder everything below it is looked at, a ZIP in it too. Safe to
    repeat, and to interrupt. Ends with 1 when a file was refused or a DICOMDIR names one that is missing.
    """
    house = build(settings.load())
    with ExitStack() as stack:
        stack.callback(house.close)
        lines = stack.enter_context(_report(report)) if report is not None else None
        stopped = stack.enter_context(_stopping())
        holding = ObjectHolding(Staging(house.vault), house.images)
        importing = Importing(Taking(holding, house.settings.dicom_max_object, now, stopped))
        raise SystemExit(_run(importing, paths, lines))


def _run(importing: Importing, paths: tuple[Path, ...], report: IO[str] | None) -> int:
    counts: Counter[Became] = Counter()
    told: list[Verdict] = []
    end, status = "", 0
    try:
        with _progress(importing) as came:
            for verdict in importing.verdicts(paths):
                counts[verdict.became] += 1
                told += [verdict] if verdict.became in _TOLD else []
                if report is not None:
                    report.write(_line(verdict))
                came(counts)
    except Stopped:
        end, status = "interrupted: what is counted here is kept; the same command goes on", _INTERRUPTED
    except Fault as failure:
        end, status = f"stopped: {failure}; the same command goes on", REFUSED
    except OSError as error:
        end, status = (
            f"stopped: the disk does not take it ({error.strerror}); the same command goes on",
            REFUSED,
        )
    _table(told)
    click.echo(_words(counts))
    if end:
        click.echo(end, err=True)
    return status or int(any(counts[each] for each in _FAILED))


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """The first signal lets the file under way go; a second one ends the process where it stands."""
    caught: list[int] = []
    before = {number: signal.getsignal(number) for number in _STOPS}

    def stop(number: int, _: object) -> None:
        caught.append(number)
        signal.signal(number, before[signal.Signals(number)])

    for number in _STOPS:
        signal.signal(number, stop)
    try:
        yield lambda: bool(caught)
    finally:
        for number in _STOPS:
            signal.signal(number, before[number])


@contextmanager
def _report(path: Path) -> Iterator[IO[str]]:
    """Only for whoever imports. A file that is there may be one of those to be imported."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        text = f"the report cannot be written ({error.strerror}); name a new file"
        raise fault(Category.INCORRECT, "value", text) from error
    with os.fdopen(handle, "w", buffering=1, encoding="utf-8") as file:
        yield file


@contextmanager
def _progress(importing: Importing) -> Iterator[Callable[[Counter[Became]], None]]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(importing)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def came(counts: Counter[Became]) -> None:
            done = counts.total()
            bar.update(task, completed=done, total=done + importing.left, description=_words(counts))

        yield came


def _lines(importing: Importing) -> Callable[[Counter[Became]], None]:
    """A line now and then."""
    next_word = time.monotonic() + _WORD_SECONDS

    def came(counts: Counter[Became]) -> None:
        nonlocal next_word
        if time.monotonic() >= next_word:
            next_word = time.monotonic() + _WORD_SECONDS
            click.echo(f"{counts.total()} of {counts.total() + importing.left}: {_words(counts)}", err=True)

    return came


def _words(counts: Counter[Became]) -> str:
    shown = [f"{counts[each]} {each}" for each in _COUNTED if counts[each]]
    return ", ".join(shown) or "no file"


def _line(verdict: Verdict) -> str:
    told = {"file": verdict.shown, "became": str(verdict.became), "why": verdict.why}
    return json.dumps(told) + "\n"


def _table(told: list[Verdict]) -> None:
    console = Console()
    if not console.is_terminal:
        for each in told:
            click.echo(f"{each.became}: {_printable(each.shown)}: {each.why}")
        return
    table = Table("", "file", "why", box=None, pad_edge=False)
    for each in told:
        table.add_row(Text(each.became), Text(_printable(each.shown), overflow="fold"), Text(each.why))
    if told:
        console.print(table)


def _printable(name: str) -> str:
    """A name may hold what a terminal obeys."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in name)

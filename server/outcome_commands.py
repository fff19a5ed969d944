"""``outcome``: how resolved cases turned out, told by whoever knows it, and what nobody has told yet."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from server import settings
from server.case import IllegalMove
from server.clock import now
from server.errors import Category, fault
from server.model import Answer, Basis, TurnedOut
from server.options import BY, LIMIT
from server.store.outcomes import Against, Outcomes
from server.times import instant
from server.wiring import build
from server.words import one_line

_COLUMNS = ("case", "finding", "basis", "known_on")
_FINDINGS = {"present": Answer.PRESENT, "absent": Answer.ABSENT, "unknown": None}
_BASES = tuple(each.value for each in Basis)
_RELEASED = "the outcome of a case is told once its result is released, and of a held one once it is resumed"


@click.group()
def outcome() -> None:
    """How cases turned out: what was there, known later and by other means than a reading of the case."""


@outcome.command()
@click.argument("case")
@click.option("--finding", required=True, type=click.Choice(tuple(_FINDINGS)), help="Whether it was there.")
@click.option("--basis", required=True, type=click.Choice(_BASES), help="By what it is known.")
@click.option("--known-on", type=click.DateTime(["%Y-%m-%d"]), help="Since which day (UTC); default: now.")
@BY
def add(case: str, finding: str, basis: str, known_on: datetime | None, by: str) -> None:
    """Tell how CASE turned out: a case's id, or its Task's identifier at the EHR as SYSTEM|VALUE.

    What is told later of the same case counts instead; unknown takes it back. The report on first readers,
    model and specialists ('report') is held against it; of a case that a gatekeeper has ruled out, and that
    turns out present, a person has to decide ('contests').
    """
    at = now()
    known = at if known_on is None else known_on.replace(tzinfo=UTC)
    word = TurnedOut(_FINDINGS[finding], Basis(basis), known, by)
    told = _tell(_desk(), case, word, at)
    if isinstance(told, str):
        raise fault(Category.CONFLICT, "business-rule", told)
    click.echo(f"{case}: turned out {finding}, by {basis}{'' if told else '; that was the last word before'}")


@outcome.command("import")
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@BY
def import_(table: Path, by: str) -> None:
    """Take in what a registry or a laboratory has found: a CSV table, the same again changes nothing.

    Its columns: case (an id, or SYSTEM|VALUE of the Task at the EHR), finding (present, absent or unknown),
    basis, and known_on (YYYY-MM-DD). Each line that cannot be taken is told, and all others are.
    """
    desk, at, came = _desk(), now(), Counter[bool | None]()
    for line, case, word in _lines(table, by):
        told = word if isinstance(word, str) else _tell(desk, case, word, at, of_a_table=True)
        came[None if isinstance(told, str) else told] += 1
        if isinstance(told, str):
            click.echo(f"line {line}: {told}", err=True)
    click.echo(f"told {came[True]}, no news {came[False]}, lines that could not be taken {came[None]}")
    if came[None]:
        raise SystemExit(1)


@outcome.command("list")
@click.option(
    "--missing", type=click.IntRange(min=0), metavar="DAYS", help="Resolved longer ago, and untold."
)
@LIMIT
def list_(missing: int | None, limit: int) -> None:
    """List cases that turned out otherwise than they ended, for everybody to learn from; nobody is named.

    With --missing those of which nobody has told it yet, the oldest first: usual are 30, 365 and 730 days.
    """
    desk = _desk()
    if missing is None:
        lines = [_against(each) for each in desk.against(limit)]
        nothing = "no case turned out otherwise than it ended, as far as it was told"
    else:
        found = desk.missing(now() - timedelta(days=missing), limit)
        lines = [f"{each.case}  {each.question}  resolved {instant(each.at)}  {each.task}" for each in found]
        nothing = f"it was told how every case turned out that was resolved more than {missing} days ago"
    click.echo("\n".join(lines) if lines else nothing)


def _against(each: Against) -> str:
    said = {"first": each.first, "model": each.model, "specialist": each.final}
    answers = ", ".join(f"{who} {what or 'none'}" for who, what in said.items())
    return (
        f"{each.case}  {each.question}  turned out {each.turned_out} ({each.basis}, known "
        f"{instant(each.known_at)})  {answers}"
    )


def _desk() -> Outcomes:
    return Outcomes(build(settings.load()).database)


def _tell(
    desk: Outcomes, case: str, word: TurnedOut, at: datetime, *, of_a_table: bool = False
) -> str | bool:
    """Whether it was news; or why it could not be told."""
    if word.known_at > at:
        return "it is known since a day that is still to come"
    found = desk.named(case)
    if found is None:
        return "there is no such case, by its id or as SYSTEM|VALUE of its Task; 'cases' lists the latest"
    try:
        return desk.tell(found, word, at, of_a_table=of_a_table)
    except IllegalMove:
        return f"{_RELEASED}; 'case' tells where this one stands"


def _lines(table: Path, by: str) -> Iterator[tuple[int, str, TurnedOut | str]]:
    """Number, case, and what is said of it; or why nothing is."""
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise fault(Category.INCORRECT, "structure", f"{table.name} is not a CSV table in UTF-8") from error
    read = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    if not read.fieldnames or set(_COLUMNS) - set(read.fieldnames):
        columns = ", ".join(_COLUMNS)
        raise fault(Category.INCORRECT, "structure", f"{table.name} must begin with the columns {columns}")
    try:
        for row in read:
            yield read.line_num, (row["case"] or "").strip(), _word(row, by)
    except csv.Error as error:
        text = f"{table.name}, line {read.line_num}: this is no CSV; what stands before it was taken"
        raise fault(Category.INCORRECT, "structure", text) from error


def _word(row: dict[str, str | None], by: str) -> TurnedOut | str:
    said = {name: (row[name] or "").strip() for name in _COLUMNS}
    if said["finding"] not in _FINDINGS:
        return f"finding must be {' or '.join(_FINDINGS)}"
    if said["basis"] not in _BASES:
        return f"basis must be one of {', '.join(_BASES)}"
    try:
        known = datetime.strptime(said["known_on"], "%Y-%m-%d").replace(tzinfo=UTC)
        one_line(said["case"])
    except ValueError:
        return "known_on must be a day, YYYY-MM-DD, and case one line"
    return TurnedOut(_FINDINGS[said["finding"]], Basis(said["basis"]), known, by)

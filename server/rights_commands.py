"""``unread``, ``acknowledge``, ``contests``, ``contest`` and ``assessments``: what is owed to people."""

from __future__ import annotations

from collections.abc import Sequence

import click

from server import settings
from server.case import IllegalMove, State
from server.clock import now
from server.console.trace import summary
from server.errors import Category, fault
from server.model import ContestEnd, Decided, Term
from server.options import BY, LIMIT, WORDS
from server.ports import CaseRow
from server.store.followed import DECISIONS, Followed
from server.store.owing import Assessments
from server.times import instant
from server.wiring import build


@click.command()
@LIMIT
def unread(limit: int) -> None:
    """List cases whose result nobody says to have read, with when somebody is told next."""
    _list((State.SENT, State.UNREAD), limit, "every result has been read")


@click.command()
@click.argument("case_id")
@BY
def acknowledge(case_id: str, by: str) -> None:
    """Say that the responsible clinician has read the result of a case."""
    try:
        found = _desk().read(case_id, by, now())
    except IllegalMove as error:
        text = (
            "only a result that was released can have been read, and of a held or faulted case only once "
            "it is resumed"
        )
        raise _refused(text) from error
    _demand(found)
    click.echo(f"{case_id}: read by {by}")


@click.command()
@LIMIT
def contests(limit: int) -> None:
    """List contested results, with until when each is to be decided, or is looked at again."""
    _list((State.CONTESTED,), limit, "nothing is contested")


@click.command()
@click.argument("case_id")
@click.option("--end", "end", required=True, type=click.Choice(DECISIONS), help="How it is decided.")
@BY
@click.option("--reason", required=True, type=WORDS, help="Why; whoever contested the result reads it.")
def contest(case_id: str, end: str, by: str, reason: str) -> None:
    """Decide the contest of a released result.

    upheld: it stands. corrected: the people in charge have put the record right, in the EHR. withdrawn: the
    model's opinion is withdrawn, here and wherever it was sent.
    """
    try:
        found = _desk().end_contest(case_id, Decided(ContestEnd(end), by, reason), now())
    except IllegalMove as error:
        text = (
            "only a contested result is decided on (of a held or faulted case once it is resumed), and only "
            "a model's opinion that was released withdrawn"
        )
        raise _refused(text) from error
    _demand(found)
    click.echo(f"{case_id} is {end}; the worker tells whoever contested it next")


@click.command()
@LIMIT
def assessments(limit: int) -> None:
    """List assessments that patients wait for: who owes what, and until when."""
    at = now()
    rows = Assessments(build(settings.load()).database).owing()
    for each in rows[:limit]:
        told = summary(each.case)
        late = "late since" if each.by <= at else "until"
        click.echo(
            f"{told['case']}  {told['state']:<10}  {told['accountable']} owes {_OWED[each.term]} "
            f"{late} {instant(each.by)}  {told['question']}  {told['task']}"
        )
    if not rows:
        click.echo("no assessment is owed")


_OWED = {
    Term.ACKNOWLEDGEMENT: "an acknowledgement",
    Term.RECORDS: "a word on the record",
    Term.ANSWER: "the opinion",
}
COMMANDS = (unread, acknowledge, contests, contest, assessments)


def _list(states: Sequence[State], limit: int, nothing: str) -> None:
    rows = _desk().standing(states, limit)
    for each in rows:
        told = summary(each)
        click.echo(
            f"{told['case']}  {told['state']:<10}  {told['accountable']}  next {told['nextLook']}  "
            f"{told['question']}  {told['task']}"
        )
    if not rows:
        click.echo(nothing)


def _desk() -> Followed:
    return Followed(build(settings.load()).database)


def _demand(found: CaseRow | None) -> None:
    if found is None:
        raise fault(Category.NOT_FOUND, "not-found", "there is no such case; 'cases' lists the latest")


def _refused(text: str) -> Exception:
    return fault(Category.CONFLICT, "business-rule", f"{text}; 'case' tells where this one stands")

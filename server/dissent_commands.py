"""The physician in charge keeps the first report; and where that was done (second-reading S2.7)."""

from __future__ import annotations

import click

from server import settings
from server.arbitration import Kept
from server.case import IllegalMove
from server.clock import now
from server.errors import Category, fault
from server.options import WORDS
from server.times import instant
from server.wiring import build


@click.command()
@click.argument("case_id")
@click.option("--by", required=True, type=WORDS, help="The physician in charge; stands in the report.")
@click.option("--reason", required=True, type=WORDS, help="Why; stands in the report.")
def keep(case_id: str, by: str, reason: str) -> None:
    """Keep the first report of a case against the specialist's final answer.

    Possible once that answer has been told, and says otherwise. The report and the EHR's Task then say who
    decided, and why; 'dissent' lists it.
    """
    try:
        found = build(settings.load()).ledger.keep(case_id, Kept(by, reason, now()))
    except IllegalMove as error:
        text = (
            "an own view is kept once a case's final answer has been told, against an answer that is not the "
            "first report's, and once; not while the same question is open again, but after it; 'case' tells "
            "where this one stands"
        )
        raise fault(Category.CONFLICT, "business-rule", text) from error
    if found is None:
        raise fault(Category.NOT_FOUND, "not-found", "there is no such case; 'cases' lists the latest")
    click.echo(f"{case_id}: the first report is kept; the worker tells the EHR next")


@click.command()
def dissent() -> None:
    """List the cases in which the physician in charge has kept the first report, latest first."""
    rows = build(settings.load()).ledger.dissent()
    for each in rows:
        kept = each.kept
        click.echo(f"{instant(kept.at)}  {each.case}  {each.question}  {each.task}  {kept.by}: {kept.reason}")
    if not rows:
        click.echo("nobody has kept a first report against a specialist's answer")

"""``policy simulate`` and ``policy costs``: what to expect of a policy or a pathway before it is used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from server.errors import Category, fault
from server.options import BAND, RATES
from server.routing.policy import read_policy
from server.routing.rules import RULES
from server.routing.simulation.arms import Spoiled
from server.routing.simulation.cost import Costs, Order, cost, crossover
from server.routing.simulation.expected import Readers
from server.routing.simulation.reader import Reader
from server.routing.simulation.table import table
from server.routing.simulation.ways import OWN, Minutes, Plan, plan_of, told, ways

_SHARE = click.FloatRange(0, 1)
_ABOVE = click.FloatRange(0, min_open=True)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Command = Callable[..., None]


def _options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several at once, in the order in which --help lists them."""

    def put(command: Command) -> Command:
        for each in reversed(options):
            command = each(command)
        return command

    return put


_THE_POLICY = _options(
    click.option(
        "--policy", "file", type=_FILE, help="A policy file: its rule, audit share, pathway, bands."
    ),
    click.option("--rule", type=click.Choice(list(RULES)), help="Instead of a file: its rule. [P1]"),
    click.option("--audit", type=_SHARE, help="Instead of a file: its audit share. [0]"),
    click.option(
        "--band", "bands", type=BAND, multiple=True, help="Of a band of the file: share of cases, share ill."
    ),
    click.option(
        "--ruled-out",
        type=_SHARE,
        help="Share below the threshold of the file's gatekeeper; also show one, and a triage, at it.",
    ),
)
_THE_READERS = _options(
    click.option("--first", required=True, type=RATES, help="The first reader."),
    click.option("--model", required=True, type=RATES, help="The model, of the cases that it answers."),
    click.option("--specialist", type=RATES, help="The specialist. [as the first reader]"),
    click.option("--prevalence", required=True, type=_SHARE, help="Share of cases with the finding."),
    click.option(
        "--human-correlation", default=0.0, type=_SHARE, help="Of human errors with difficulty. [0]"
    ),
    click.option("--model-correlation", default=0.0, type=_SHARE, help="Of the model's with the same. [0]"),
    click.option("--declined", default=0.0, type=_SHARE, help="Share of cases without an answer. [0]"),
    click.option("--surely-present", default=0.0, type=_SHARE, help="P4: share of cases that sure. [0]"),
    click.option("--surely-absent", default=0.0, type=_SHARE, help="P4: share of cases that sure. [0]"),
    click.option("--copied", type=_SHARE, help="How often a shown model is copied. [0]"),
    click.option("--discounted", type=_SHARE, help="How often its own finds are dropped. [0]"),
    click.option("--minutes", default=1.0, type=_ABOVE, help="Of a first read. [1]"),
    click.option("--specialist-minutes", default=1.0, type=_ABOVE, help="Of a specialist's read. [1]"),
)


@click.command()
@_THE_POLICY
@_THE_READERS
@click.option("--json", "as_json", is_flag=True, help="As JSON, with all digits.")
def simulate(as_json: bool, minutes: float, specialist_minutes: float, **given: Any) -> None:
    """Print what to expect of a policy, beside the other ways of reading the same cases.

    Readers are given as SENSITIVITY/SPECIFICITY, bands as NAME=SHARE/PREVALENCE. What they share is
    the difficulty of a case, summed over a grid: the same options give the same digits. No real case is used.
    """
    readers, plan = _readers(given), _plan(given)
    rows = dict(ways(plan, readers, given["ruled_out"]))
    before, spent = rows["full double reading"], Minutes(minutes, specialist_minutes)
    found = [told(way, each, before, spent) for way, each in rows.items()]
    notes = list(_notes(plan, found[0], given))
    if as_json:
        click.echo(json.dumps([{**found[0], "notes": notes}, *found[1:]], indent=2))
    else:
        click.echo(table(found, notes))


@click.command()
@click.option("--specialist", required=True, type=RATES, help="The specialist.")
@click.option("--model", required=True, type=RATES, help="The model.")
@click.option("--specialist-cost", required=True, type=_ABOVE, help="Of one read by the specialist.")
@click.option("--model-cost", required=True, type=click.FloatRange(0), help="Of one by the model.")
@click.option("--miss", required=True, type=_ABOVE, help="Cost of a miss.")
@click.option("--false-alarm", required=True, type=_ABOVE, help="Cost of a false alarm.")
@click.option(
    "--prevalence", "at", multiple=True, type=_SHARE, help="Where to tell the costs; several times."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with all digits.")
def costs(at: tuple[float, ...], as_json: bool, **given: Any) -> None:
    """Print what each pathway costs a patient, and from which prevalence on the cheapest is another.

    Gatekeeper: the model first, a specialist where it says present. Second opinion: both, and either is
    enough. Readers are given as SENSITIVITY/SPECIFICITY and err independently.
    """
    pair = _reader(given["specialist"]), _reader(given["model"])
    prices = Costs(given["specialist_cost"], given["model_cost"], given["miss"], given["false_alarm"])
    turn = crossover(*pair, prices)
    rows = {each: {order.value: cost(order, each, *pair, prices) for order in Order} for each in at}
    if as_json:
        told_ = [{"prevalence": each, **row} for each, row in rows.items()]
        click.echo(json.dumps({"crossover": turn, "costs": told_}, indent=2))
        return
    for each, row in rows.items():
        click.echo(f"at {each:g}: " + ", ".join(f"{order} {amount:.1f}" for order, amount in row.items()))
    if turn is None:
        click.echo("at no prevalence does a second opinion begin to cost less than a gatekeeper")
    else:
        click.echo(f"a second opinion costs no more than a gatekeeper from a prevalence of {turn:.4f} on")


def _notes(plan: Plan, policy: dict[str, Any], given: dict[str, Any]) -> Iterator[str]:
    """What is to be known of the policy's own row."""
    if plan.gate is not None:
        yield f"{OWN}: no human reads {policy['unread']:.1%}; every miss among those is in its sensitivity."
    missing = [f"--{each}" for each in ("copied", "discounted") if given[each] is None]
    if plan.shows and missing:
        told_ = ", ".join(missing)
        yield f"{OWN} shows first readers what the model says; taken as 0, the best case: {told_}."


def _plan(given: dict[str, Any]) -> Plan:
    file, bands = given["file"], dict(given["bands"])
    if file is None:
        if bands:
            raise fault(
                Category.INCORRECT, "value", "--band tells of the bands of a --policy, and none is given"
            )
        return Plan(given["rule"] or "P1", given["audit"] or 0.0)
    if given["rule"] is not None or given["audit"] is not None:
        raise fault(
            Category.INCORRECT, "value", "--rule and --audit stand instead of --policy, not beside it"
        )
    try:
        content = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise fault(Category.INCORRECT, "structure", f"{file.name} is not a policy file in UTF-8") from error
    return plan_of(read_policy(content, file.name), bands, given["ruled_out"])


def _readers(given: dict[str, Any]) -> Readers:
    human, model = given["human_correlation"], given["model_correlation"]
    first = _reader(given["first"], human)
    return Readers(
        first=first,
        model=_reader(given["model"], model),
        specialist=_reader(given["specialist"], human) if given["specialist"] else first,
        prevalence=given["prevalence"],
        declined=given["declined"],
        surely_present=given["surely_present"],
        surely_absent=given["surely_absent"],
        spoiled=Spoiled(given["copied"] or 0.0, given["discounted"] or 0.0),
    )


def _reader(rates: tuple[float, float], correlation: float = 0.0) -> Reader:
    return Reader(rates[0], rates[1], correlation)

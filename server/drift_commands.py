"""``drift``: has what the models say moved, over all and on each device? (second-reading 5)"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from server import settings
from server.clock import now
from server.drifting import DriftWatch, drift_watch
from server.errors import Category, fault
from server.model import DriftRule
from server.routing.drift_figures import lines, told, told_rule
from server.wiring import House, build

_CAVEAT = (
    "Told of resolved cases, one for each person, in lots of ten and more of which nothing is under seal; an "
    "alarm stays until two people have gone back to normal."
)


@click.command()
@click.option("--question", help="Left out: all questions.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def drift(question: str | None, as_json: bool) -> None:
    """Print whether what the models say has moved: baseline, now, and since when it alarms.

    Of all together and of each device with its software: answers that are present and scores, as two-sided
    sums of what speaks for a change; first reader and model differing by week; PSI. Numbers below 10 are not
    told.
    """
    house = build(settings.load(), judged=False)
    watch = drift_watch(house, now)
    found = [each for each in _looked_for(watch) if question in (None, each[0])]
    if not found:
        _demand_known(house, question)
    if as_json:
        told_of = [_told(watch, *each) for each in found]
        click.echo(json.dumps({"drift": told_of}, indent=2, ensure_ascii=False))
        return
    for name, rule in found:
        click.echo("\n".join(_lines(watch, name, rule)))
    if found:
        click.echo(_CAVEAT)
    else:
        click.echo(f"no policy in force{'' if question is None else ' of this question'} looks for drift")


def _looked_for(watch: DriftWatch) -> Iterator[tuple[str, DriftRule]]:
    """The questions with a model whose policy looks for it."""
    for question in sorted(watch.cards):
        rule = watch.rule(question)
        if rule is not None:
            yield question, rule


def _demand_known(house: House, question: str | None) -> None:
    known = sorted(house.policies)
    if question is not None and question not in known:
        text = f"there is no such question; policies are in force for: {', '.join(known)}"
        raise fault(Category.NOT_FOUND, "not-found", text)


def _told(watch: DriftWatch, question: str, rule: DriftRule) -> dict[str, Any]:
    return {
        "question": question,
        "card": watch.cards[question].identity,
        "switched": watch.kept.switches.on(question) is not None,
        "rule": told_rule(rule),
        "streams": [told(each) for each in watch.streams(question)],
    }


def _lines(watch: DriftWatch, question: str, rule: DriftRule) -> Iterator[str]:
    act = "throws the switch" if rule.act.value == "stop" else "is told"
    yield f"{question}, model {watch.cards[question].identity}: an alarm {act}"
    if watch.kept.switches.on(question) is not None:
        yield "  two humans read every case of this question: nothing alarms"
    for each in watch.streams(question):
        yield from lines(told(each), rule)

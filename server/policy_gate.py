"""``policy gate``: what the gatekeepers in force have done, and whether they are open (S8.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import click

from server import settings
from server.clock import now
from server.errors import Category, fault
from server.gatekeeping import Gatekeeper, gatekeepers
from server.routing.stop import FEWEST
from server.wiring import House, build

_CAVEAT = (
    "Told of released cases; how many were judged says nothing of any answer. Counts are of the window: what "
    "grows old is counted no more."
)

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@click.command()
@click.option("--question", help="Left out: all questions.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def gate(question: str | None, as_json: bool) -> None:
    """Print of each gatekeeper in force its limits, what it has ruled out, and whether it is open.

    Counted are cases that the model version in use has judged within the window. Nothing is told by which
    the model's answer to a case that is not released could be known.
    """
    house = build(settings.load(), judged=False)
    found = [each for each in gatekeepers(house, now()) if question in (None, each.policy.question)]
    if not found:
        _demand_known(house, question)
    if as_json:
        click.echo(json.dumps({"gatekeepers": [_told(each) for each in found]}, indent=2, ensure_ascii=False))
        return
    for each in found:
        click.echo("\n".join(_lines(each)))
    if found:
        click.echo(_CAVEAT)
    else:
        click.echo(f"no policy in force{'' if question is None else ' of this question'} has a gatekeeper")


def _demand_known(house: House, question: str | None) -> None:
    known = sorted(house.policies)
    if question is not None and question not in known:
        text = f"there is no such question; policies are in force for: {', '.join(known)}"
        raise fault(Category.NOT_FOUND, "not-found", text)


def _told(each: Gatekeeper) -> dict[str, Any]:
    rule, passed = each.rule, each.passed
    return {
        "question": each.policy.question,
        "policy": each.policy.identity,
        "bands": list(each.bands),
        "ruleOutBelow": rule.rule_out_below,
        "window": _span(rule.window),
        "atMost": rule.at_most,
        "reread": rule.reread,
        "omittedAtMost": rule.omitted_at_most,
        "card": each.card,
        "cases": passed.cases,
        "ruledOut": passed.ruled_out,
        "ruledOutShare": _share(passed.ruled_out, passed.cases),
        "read": passed.reread,
        "found": passed.found,
        "omissionBound": each.bound,
        "open": each.closed is None,
        "closedBecause": each.closed,
        "readsToOpen": each.reads_to_open,
    }


def _lines(each: Gatekeeper) -> Iterator[str]:
    rule, passed = each.rule, each.passed
    only = f", in {', '.join(each.bands)} alone" if each.bands else ""
    yield f"{each.policy.identity}{only}"
    yield (
        f"  rules out below {rule.rule_out_below:g}, at most {rule.at_most:.1%} of the cases of "
        f"{_span(rule.window)}; humans read {rule.reread:.1%} of those below all the same"
    )
    if each.card is None:
        yield "  the question has no model: nothing is judged"
        return
    share = _share(passed.ruled_out, passed.cases)
    told = "" if share is None else f" ({share:.1%})"
    yield f"  {each.card}: {passed.cases} cases judged, {passed.ruled_out} ruled out{told}"
    bound = "nothing is known of" if each.bound is None else f"at most {each.bound:.2%} (95 %) of"
    yield (
        f"  of those below humans have read {passed.reread}, {passed.found} with a finding: {bound} what "
        f"it would miss; it may miss {rule.omitted_at_most:.2%}"
    )
    yield f"  {'open' if each.closed is None else f'closed: {each.closed}'}{_more(each)}"


def _more(each: Gatekeeper) -> str:
    reads = each.reads_to_open
    return f"; {reads} more human reads of such cases without a finding prove it" if reads else ""


def _share(count: int, of: int) -> float | None:
    """None of few: it would be about single cases."""
    return count / of if of >= FEWEST else None


def _span(window: timedelta) -> str:
    """As a policy file says it."""
    seconds = int(window.total_seconds())
    unit, size = next((unit, size) for unit, size in _UNITS if not seconds % size)
    return f"{seconds // size} {unit}"

"""``report``: the statistics that a deployed second reader owes, from what resolved cases came to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from math import isnan
from typing import Any

import click

from server import settings
from server.changes import Act
from server.clock import now
from server.errors import Category, fault
from server.model import Course, GateRule, Passed, Pathway, Policy
from server.policies import Rulings, parsed
from server.routing.fairness import by_groups
from server.routing.gate_report import gate_figures
from server.routing.influence import influence
from server.routing.kinds import By, group_of
from server.routing.outcome_figures import outcome_figures
from server.routing.report import Beside, figures
from server.routing.report_lines import lines
from server.routing.told import alone, told
from server.routing.turnaround import EVENTS, turnaround, waits_of_groups
from server.store.outcomes import Outcomes
from server.store.reporting import Grouped, Key, Label, Reported, ReportStore, Span
from server.store.turnaround import Courses, TurnaroundStore
from server.times import instant
from server.wiring import House, build

_DAY = click.DateTime(["%Y-%m-%d"])
_EVER = Span(datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
"""Without an end: a clock that was set back must not hide what was just resolved."""
_LAST = _EVER.until - timedelta(days=1)


_FREE = frozenset({Pathway.SECOND_READER, Pathway.NONE})
"""Under these the first reader's time tells nothing of the model."""


@click.command()
@click.option("--question", help="One question; left out: all.")
@click.option("--since", type=_DAY, help="First day (UTC); left out: from the first result on.")
@click.option("--until", type=_DAY, help="Last day (UTC); left out: until now.")
@click.option(
    "--baseline",
    type=click.FloatRange(0, 1),
    help="Share of second opinions asked for by people here that differed; held against disagreement.",
)
@click.option(
    "--by",
    type=click.Choice([str(each) for each in By]),
    multiple=True,
    help="Also by groups of people; may be given more than once.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def report(
    *,
    question: str | None,
    since: datetime | None,
    until: datetime | None,
    baseline: float | None,
    by: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print how first readers, model and specialists have agreed, for those who answer for the model.

    For each question and model version, of resolved cases, one for each person: who said what; agreement with
    kappa, AC1 and prevalence; disagreement and what specialists made of it; sensitivity and specificity,
    called relative unless audits allow more; the two conditions on which a model may stand for a second
    opinion; calibration; the gatekeeper's omissions; how cases turned out, of which it was told in the period
    ('outcome'); how long each stage takes; with --by, the main ones in groups of people. Numbers below 10 are
    not told, nor what they would follow from; cases that are under seal again are left out, with the lot that
    they came in.
    """
    if baseline is not None and isnan(baseline):
        raise fault(Category.INCORRECT, "value", "--baseline must be a number from 0 to 1")
    span = Span(_start(since) or _EVER.since, _start(until, days=1) or _EVER.until)
    if span.until <= span.since:
        raise fault(
            Category.INCORRECT, "value", "--until is a day before --since; give the earlier day first"
        )
    house = build(settings.load(), judged=False)
    asked = Asked(span, question, baseline, tuple(By(each) for each in dict.fromkeys(by)))
    found = list(_reports(house, asked))
    if question is not None and not found:
        text = "there is no result of this question in the period; 'policy list' tells the questions"
        raise fault(Category.NOT_FOUND, "not-found", text)
    period = {"from": since and instant(span.since), "until": until and instant(span.until)}
    if as_json:
        click.echo(json.dumps({"period": period, "reports": found}, indent=2))
        return
    first, last = f"{since:%Y-%m-%d}" if since else "the first", f"{until:%Y-%m-%d}" if until else "now"
    click.echo(f"resolved cases from {first} to {last} (days in UTC); intervals are of 95 %")
    for each in found:
        click.echo("\n" + "\n".join(lines(each)))
    if not found:
        click.echo("there is no result in the period")


def _start(day: datetime | None, days: int = 0) -> datetime | None:
    return None if day is None else min(day.replace(tzinfo=UTC), _LAST) + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the report is to be about."""

    span: Span
    question: str | None
    baseline: float | None
    by: tuple[By, ...]


def _reports(house: House, asked: Asked) -> Iterator[dict[str, Any]]:
    store, kept = ReportStore(house.database), house.rulings
    found = {(each.question, each.card): each for each in store.reported(asked.span, asked.question)}
    gates = store.gates(asked.span, asked.question)
    took = TurnaroundStore(house.database).courses(asked.span, EVENTS, asked.question)
    ended = Outcomes(house.database).known(asked.span, asked.question)
    limits = {name: parsed(each.kept).gate for name, each in kept.changes.in_force(now()).items()}
    groups = {by: store.grouped(asked.span, _label(house, by), asked.question) for by in asked.by}
    for key in sorted({*found, *gates}):
        each = found.get(key) or Reported(*key, (), 0, ())
        of = {by: told_of[key] for by, told_of in groups.items() if key in told_of}
        card = house.cards.get(key[0])
        current = card is not None and card.identity == key[1]
        yield (
            _report(kept, each, asked, of)
            | _gatekeeper(gates.get(key), limits.get(key[0]))
            | {"turnaround": _turnaround(kept, took, key, current)}
            | _waits(
                {by: told_of.get(key, _NOBODY) for by, told_of in groups.items()}, took.counted.get(key, {})
            )
            | ({"outcomes": outcome_figures(ended[key])} if key in ended else {})
        )


_NOBODY = Grouped({}, {})


def _waits(groups: Mapping[By, Grouped], courses: Mapping[str, Course]) -> dict[str, Any]:
    """Of cases that were resolved between two looks at the store, nothing."""
    told_of = {
        str(by): waits_of_groups(
            {name: [courses[id_] for id_ in ids if id_ in courses] for name, ids in of.cases.items()}, now()
        )
        for by, of in groups.items()
    }
    return {"waits": told_of} if told_of else {}


def _label(house: House, by: By) -> Label:
    bands = {(card.question, card.identity): card.subgroups for card in house.models}
    return lambda key, kind, site: group_of(by, kind, site, bands.get(key, ()))


def _report(kept: Rulings, of: Reported, asked: Asked, groups: Mapping[By, Grouped]) -> dict[str, Any]:
    policies = _policies(kept, of)
    may, shares = told(of.alike), {each.audit_fraction for each in policies}
    beside = Beside(
        baseline=asked.baseline,
        uncorrected=_uncorrected(kept, of, policies, asked.span),
        shown=any(Pathway.CONCURRENT in _pathways(each) for each in policies),
        audited=shares.pop() if len(shares) == 1 else None,
    )
    head = {
        "question": of.question,
        "card": of.card,
        "counted": may.counted,
        "leftOut": alone(of.left_out),
    }
    by = {str(each): by_groups(found.alike, may, beside.uncorrected) for each, found in groups.items()}
    shown = {"influence": influence(of.alike, may)}
    return head | figures(may, of.calibration, beside) | shown | ({"groups": by} if by else {})


def _gatekeeper(passed: Passed | None, rule: GateRule | None) -> dict[str, Any]:
    if passed is None:
        return {}
    return {"gatekeeper": gate_figures(passed, None if rule is None else rule.omitted_at_most)}


def _turnaround(kept: Rulings, took: Courses, key: Key, current: bool) -> dict[str, Any]:
    """Cases that no model's read is compared of yet are told with the model that is in use."""
    question = key[0]

    @cache
    def policy(digest: str | None) -> Policy | None:
        found = kept.changes.first(question) if digest is None else kept.changes.kept(digest)
        return None if found is None else parsed(found)

    def deliver_for(digest: str | None) -> timedelta | None:
        found = policy(digest)
        return None if found is None else found.deliver_for

    before = [
        each
        for each in (took.before.get(question, ()) if current else ())
        if (of := policy(each.policy)) is not None and _FREE.issuperset(_pathways(of))
    ]
    return turnaround(list(took.counted.get(key, {}).values()), before, now(), deliver_for)


def _policies(kept: Rulings, of: Reported) -> list[Policy]:
    """Those under which the counted cases were opened; of before any was kept, the first that is."""
    found = []
    for digest in sorted({each.policy for each in of.alike}, key=str):
        policy = kept.changes.first(of.question) if digest is None else kept.changes.kept(digest)
        if policy is not None:
            found.append(parsed(policy))
    return found


def _pathways(policy: Policy) -> Iterable[Pathway]:
    return (policy.pathway, *(each.pathway for each in policy.bands if each.pathway is not None))


def _uncorrected(kept: Rulings, of: Reported, policies: list[Policy], span: Span) -> str | None:
    """Why sensitivity and specificity are not told of all cases: the reads of a cell were not drawn alike."""
    compared = [each for each in of.alike if each.asked and each.first is not None and each.model is not None]
    rules, shares = {each.rule for each in compared}, {each.audit_fraction for each in policies}
    if any(Pathway.GATEKEEPER in _pathways(each) for each in policies):
        return "under a gatekeeper cases end without a human, and are not among these"
    if len(rules) > 1:
        return "cases of the period were read under more than one rule"
    if "P4" in rules:
        return "under P4 a specialist is asked by the model's confidence, not by lot"
    if len(shares) > 1:
        return "the policy, and with it the audit share, has changed in the period"
    if "P0" not in rules and not any(shares):
        return "no audit share: where both agree no specialist reads"
    thrown = [each.at for each in kept.switches.words() if each.act is Act.SAFE]
    if any(span.since <= at < span.until for at in thrown):
        return "the switch was thrown in the period"
    return None

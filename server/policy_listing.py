"""``policy list`` and ``policy show``: which policy counts, which did, which may, and who let it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import click

from server import settings
from server.changes import EVERYTHING, Counting, Fate, Kept, Proposal, Switch, newest_of
from server.clock import now
from server.errors import Category, fault
from server.policies import differing
from server.routing.figures import lines
from server.times import instant
from server.wiring import House, build


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def listed(as_json: bool) -> None:
    """List the policies: in force, waiting, proposed, rejected, replaced, with who and when."""
    house, at = build(settings.load(), judged=False), now()
    rows = list(standings(house, at))
    switches = [_switched(each) for each in house.rulings.switches.words()]
    if as_json:
        click.echo(json.dumps({"policies": rows, "switches": switches}, indent=2, ensure_ascii=False))
        return
    for question, of in groupby(rows, lambda row: row["question"]):
        click.echo(question)
        for row in of:
            click.echo(f"  {row['standing']:<11}  {row['version']:<8}  {row['digest'][:12]}  {_how(row)}")
    for each in switches:
        click.echo(
            f"switch, {each['scope']}: {each['act']} by {each['by']} at {each['at']}: {each['reason']}"
        )
    for question, path in differing(house.settings.policies, house.rulings.changes.in_force(at)):
        click.echo(f"{path} is not the policy of {question} in force; 'policy propose' proposes it")


@click.command()
@click.argument("digest")
@click.option("--text", "alone", is_flag=True, help="The file alone, to make the next version from.")
def show(digest: str, alone: bool) -> None:
    """Print a policy that is kept: its standing, what its replay told, and the file, byte for byte."""
    house, at = build(settings.load(), judged=False), now()
    rows = [row for row in standings(house, at) if row["digest"].startswith(digest.lower())]
    if not digest or len({row["digest"] for row in rows}) != 1:
        how = "more than one policy's digest begins so" if rows else "no policy's digest begins so"
        raise fault(Category.NOT_FOUND, "not-found", f"{how}; 'policy list' tells them")
    for row in () if alone else rows:
        click.echo(f"{row['question']}@{row['version']}  {row['digest']}")
        click.echo(f"{row['standing']}; {_how(row)}")
        for line in lines(row["replay"]) if row.get("replay") else ():
            click.echo(f"  {line}")
    kept = house.rulings.changes.kept(rows[0]["digest"])
    click.echo(f"{'' if alone else chr(10)}{kept.text if kept else ''}", nl=False)


def standings(house: House, at: datetime) -> Iterator[dict[str, Any]]:
    """One row for each policy that counts or did, then one for each proposal that came to nothing yet."""
    proposals = {each.number: each for each in house.rulings.changes.proposals()}
    counting = house.rulings.changes.counting()
    questions = sorted({each.kept.question for each in counting})
    for question in questions:
        of = [each for each in counting if each.kept.question == question]
        yield from _counted(of, proposals, at)
        newest = newest_of(of)
        entered = {each.proposal for each in of}
        for each in proposals.values():
            if each.kept.question == question and each.number not in entered:
                yield {**_row(each.kept, _open(each, newest)), **_proposed(each)}


def _counted(
    of: Sequence[Counting], proposals: dict[int, Proposal], at: datetime
) -> Iterator[dict[str, Any]]:
    later: Counting | None = None
    for each in of:
        if each.fate is Fate.CALLED_OFF:
            word = "called off"
        elif not each.counts(at):
            word = "waiting"
        else:
            word = "in force" if later is None else "replaced"
        row = {**_row(each.kept, word), "from": instant(each.from_at)}
        if word == "replaced" and later is not None:
            row["until"] = instant(later.from_at)
        if each.fate is Fate.CALLED_OFF and each.fate_at is not None:
            row |= {"calledOffBy": each.fate_by, "calledOffAt": instant(each.fate_at)}
        if each.proposal is not None:
            row |= _proposed(proposals[each.proposal])
        if word in ("in force", "replaced"):
            later = each
        yield row


def _row(kept: Kept, word: str) -> dict[str, Any]:
    return {
        "question": kept.question,
        "version": kept.version,
        "digest": kept.digest,
        "standing": word,
    }


def _open(proposal: Proposal, newest: Counting | None) -> str:
    if proposal.said is not None:
        return "rejected"
    return "proposed" if newest and proposal.was == newest.kept.digest else "outdated"


def _proposed(proposal: Proposal) -> dict[str, Any]:
    row = {
        "proposedBy": proposal.by,
        "proposedAt": instant(proposal.at),
        "reason": proposal.reason,
        "replay": proposal.figures,
    }
    if (said := proposal.said) is not None:
        verb = "approved" if said.approved else "rejected"
        row |= {f"{verb}By": said.by, f"{verb}At": instant(said.at)}
        row |= {} if said.reason is None else {"rejectedBecause": said.reason}
    return row


def _how(row: dict[str, Any]) -> str:
    told = [f"from {row['from']}"] if "from" in row else []
    told += [f"until {row['until']}"] if "until" in row else []
    told += [
        f"{words} by {row[f'{verb}By']} at {row[f'{verb}At']}"
        for verb, words in (
            ("proposed", "proposed"),
            ("approved", "approved"),
            ("rejected", "rejected"),
            ("calledOff", "called off"),
        )
        if f"{verb}By" in row
    ]
    told += [] if "proposedBy" in row else ["the first of its question"]
    return ", ".join(told)


def _switched(word: Switch) -> dict[str, Any]:
    return {
        "scope": "all questions" if word.scope == EVERYTHING else word.scope,
        "act": word.act.value,
        "on": word.on,
        "by": word.by,
        "at": instant(word.at),
        "reason": word.reason,
        "figures": word.figures,
    }

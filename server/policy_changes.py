"""``policy propose``, ``approve``, ``reject``: a policy is changed by two people, and replayed before (S4).

Who is who is not checked: names are typed by whoever may run this command, as everywhere here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from server import settings
from server.changes import Counting, Proposal, Said, newest_of
from server.clock import now
from server.configuration import demand_sure
from server.errors import Category, Fault, fault
from server.model import Card
from server.options import MOMENT, WORDS
from server.policies import kept_file, parsed
from server.routing.change import Approval, Change, Standing, Trial, newer, same_person, standing
from server.routing.figures import figures, lines
from server.routing.replay import MOST, Past, read_set
from server.routing.replay import replay as replayed
from server.store.gates import GateStore
from server.times import instant
from server.wiring import House, build

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_WAITS = (
    "a change of this question is approved and waits for its date; let it take effect, or call it off "
    "with 'policy reject'"
)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--by", required=True, type=WORDS, help="Who proposes it; another person approves it.")
@click.option("--reason", required=True, type=WORDS, help="Why; the other person reads it.")
@click.option("--cases", type=_FILE, help="A frozen set to replay it on; left out: the cases resolved here.")
def propose(file: Path, by: str, reason: str, cases: Path | None) -> None:
    """Propose a policy file in place of the one in force, and replay it.

    Nothing changes until another person approves it. The file is kept as it is: whoever changes a byte of
    it afterwards has proposed nothing.
    """
    house, at, kept = build(settings.load(), judged=False), now(), kept_file(file)
    newest = newest_of(house.rulings.changes.counting(kept.question))
    if newest is None:
        known = ", ".join(sorted(house.policies))
        raise fault(Category.INCORRECT, "value", f"no policy of this question is in force; known: {known}")
    _demand_no_wait(newest, at)
    before, after = parsed(newest.kept), parsed(kept)
    if not newer(after, before):
        text = f"the policy in force is {before.identity}; one that replaces it needs a higher version"
        raise fault(Category.CONFLICT, "business-rule", text)
    _demand_new(house, kept.digest, newest)
    card = house.cards.get(kept.question)
    if card is not None:
        demand_sure(card, after)
    past, about = _past(house, kept.question, card, cases)
    told = {**figures(replayed(past, before, after, card.band if card else None)), **about}
    house.rulings.changes.propose(Proposal(0, kept, newest.kept.digest, by, at, reason, told))
    click.echo("\n".join((f"replayed on {about['of']}:", *lines(told))))
    click.echo(f"{kept.identity} is proposed; another person lets it count:")
    click.echo(f"  python -m server policy approve {kept.digest[:12]} --by NAME")


def _demand_no_wait(newest: Counting, at: datetime) -> None:
    if not newest.counts(at) and newest.fate is None:
        raise fault(Category.CONFLICT, "business-rule", _WAITS)


def _demand_new(house: House, digest: str, newest: Counting) -> None:
    for each in house.rulings.changes.proposals():
        if each.kept.digest == digest and each.said is None and each.was == newest.kept.digest:
            text = f"this file is proposed already, by {each.by}; 'policy approve' lets it count"
            raise fault(Category.CONFLICT, "duplicate", text)


_NOTHING = "nothing: no case of the model in use is resolved here yet"


def _past(
    house: House, question: str, card: Card | None, cases: Path | None
) -> tuple[list[Past], dict[str, Any]]:
    """The cases, and by what they are known afterwards."""
    if cases is not None:
        content = cases.read_bytes()
        return read_set(content, cases.name), {"of": cases.name, "set": hashlib.sha256(content).hexdigest()}
    past = [
        Past(each.first, each.model, each.probability, each.silence, each.priority, each.final)
        for each in house.rulings.results.past(question, MOST, card.identity if card else None)
    ]
    digest = hashlib.sha256(msgspec.json.encode(past)).hexdigest()
    return past, {
        "of": "the cases resolved here, of the model in use"
        if past
        else "nothing: no case is resolved here yet",
        "set": digest,
        "ruledOut": GateStore(house.database).ruled_out(question),
    }


@click.command()
@click.argument("digest")
@click.option("--by", required=True, type=WORDS, help="Who approves it; not who proposed it.")
@click.option("--from", "from_at", type=MOMENT, help="When it takes effect; left out: now.")
def approve(digest: str, by: str, from_at: datetime | None) -> None:
    """Let a proposed policy count, from now or from a date on: for cases that are opened then, and no others.

    DIGEST is that of the proposed file, or its beginning. Processes that run take it up by themselves.
    """
    house, at = build(settings.load(), judged=False), now()
    proposal = _meant(house, digest)
    said = proposal.said
    if said is not None and said.approved and same_person(said.by, by):
        click.echo(f"{proposal.kept.identity} is approved already, at {instant(said.at)}")
        return
    if from_at is not None and from_at < at:
        text = "the date lies in the past; a policy never reaches back, leave --from out to let it count now"
        raise fault(Category.INCORRECT, "value", text)
    at = max(at, proposal.at)  # a clock that was set back does not put the approval before the proposal
    found = house.rulings.changes.approve(
        proposal.number,
        Said(approved=True, by=by, at=at),
        lambda now_proposed, newest: _effective(now_proposed, newest, by, at, from_at),
    )
    when = "now" if found.fate is not None else instant(found.from_at)
    click.echo(f"{proposal.kept.identity} counts from {when} on, for every case that is opened from then on")


def _effective(
    proposal: Proposal, newest: Counting, by: str, at: datetime, from_at: datetime | None
) -> datetime | None:
    """When it takes effect; None: at once.

    Raises:
        Fault: this proposal cannot be approved, or not by this person.
    """
    if proposal.said is not None:
        what = "approved" if proposal.said.approved else "rejected"
        raise fault(Category.CONFLICT, "business-rule", f"it was {what} by {proposal.said.by} before")
    if same_person(proposal.by, by):
        text = "who proposed it cannot approve it; another person must"
        raise fault(Category.FORBIDDEN, "business-rule", text)
    _demand_no_wait(newest, at)
    outdated = fault(
        Category.CONFLICT,
        "business-rule",
        "another policy is in force since it was proposed; propose it anew",
    )
    if newest.kept.digest != proposal.was:
        raise outdated
    digest = proposal.kept.digest
    change = Change(
        was=newest.kept.identity,
        policy=parsed(proposal.kept),
        digest=digest,
        effective_at=from_at or at,
        approvals=(Approval(proposal.by, proposal.at, digest), Approval(by, at, digest)),
        trials=(Trial(proposal.at, digest, proposal.figures["set"]),),
    )
    found = standing(change, parsed(newest.kept), at)
    if found not in (Standing.IN_FORCE, Standing.WAITING):
        raise outdated
    return None if found is Standing.IN_FORCE else from_at


@click.command()
@click.argument("digest")
@click.option("--by", required=True, type=WORDS, help="Who rejects it.")
@click.option("--reason", required=True, type=WORDS, help="Why.")
def reject(digest: str, by: str, reason: str) -> None:
    """Say no to a proposed policy, or call off one that is approved and waits for its date."""
    house, at = build(settings.load(), judged=False), now()
    proposal = _meant(house, digest)
    house.rulings.changes.reject(
        proposal.number, Said(approved=False, by=by, at=at, reason=reason), _rejectable(at)
    )
    click.echo(f"{proposal.kept.identity} will not count")


def _rejectable(at: datetime) -> Callable[[Proposal, Counting | None], None]:
    def demand(proposal: Proposal, found: Counting | None) -> None:
        if found is None and proposal.said is None:
            return
        if found is None or found.fate is not None or found.counts(at):
            text = "only what is proposed, or waits for its date, can be rejected; 'policy list' tells which"
            raise fault(Category.CONFLICT, "business-rule", text)

    return demand


def _meant(house: House, beginning: str) -> Proposal:
    """The newest proposal of the one file whose digest begins so; one that is undecided comes first."""
    found = [
        each for each in house.rulings.changes.proposals() if each.kept.digest.startswith(beginning.lower())
    ]
    if not beginning or len({each.kept.digest for each in found}) != 1:
        raise _nothing(found)
    return next((each for each in found if each.said is None), found[0])


def _nothing(found: list[Any]) -> Fault:
    how = "more than one proposed file's digest begins so" if found else "no proposed file's digest begins so"
    return fault(Category.NOT_FOUND, "not-found", f"{how}; 'policy list' tells them")

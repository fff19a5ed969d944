"""RETRACTED: a released opinion is withdrawn, here and wherever it was sent; nothing is deleted."""

from __future__ import annotations

from collections.abc import Collection

from server.case import Ai, Event, First, State, may
from server.fhir.home import letter_home, settle_references
from server.fhir.parse import BUNDLE_BYTES, parse
from server.fhir.pens.correspondence import Standing, mint
from server.fhir.pens.notice import withdrawn_notice
from server.fhir.pens.withdrawal import (
    WHAT,
    in_error,
    withdrawal_bundle,
    withdrawal_output,
    without_agreement,
    write_withdrawal,
)
from server.fhir.stamp import stamped
from server.fhir.terms import Business
from server.model import Comparison, ContestEnd, Document, Hl7Kind, Verdict, Withdrawal
from server.ports import Progress, Resource, ResourceWrite, Waiting
from server.routing.comparison import voided, voided_read
from server.steps.called_back import called_back
from server.steps.casefile import CaseFile, Moved
from server.steps.contest import ended_by, next_look, questioned
from server.steps.letters import letter, letter_out
from server.steps.objects import OBJECTS, rejections
from server.steps.preview import hidden_again
from server.steps.rest import LOOK_AFTER
from server.steps.results import withdrawal_messages
from server.steps.tasks import moved_task

_OPINION = "opinion"
_UNREAD = "The opinion by which this case had been ruled out is withdrawn."
_PARTS = (("Observation", "opinion"), ("DiagnosticReport", "opinion-report"))


def retract(file: CaseFile) -> Progress:
    """WRITTEN_UP again: all parts entered in error, told to whoever received them."""
    said = file.needed("withdrawal", Withdrawal)
    unsent = _undelivered(file)
    gone = {each.document.id for each in unsent}
    move = Moved(file).take_back(unsent).note(Event.WRITTEN_UP, withdrawn=True).lay_down("release", _OPINION)
    ended_by(move, ContestEnd.WITHDRAWN, said.by, said.reason)
    move.write(_at_home(file, said)).send([*rejections(file, said, gone), *_away(file, said, gone)])
    move.send(withdrawal_messages(file, said, unsent))
    if file.case.position.first is First.NOT_READ:
        return questioned(move, _UNREAD).progress(next_look(move, None))
    return move.progress(file.now + LOOK_AFTER if move.documents else file.now)


def withdrawn_model(file: CaseFile) -> Progress | None:
    """What a withdrawn model version means for this case; None when its read is of another, or not there."""
    position = file.case.position
    if position.ai not in (Ai.SEALED, Ai.RELEASED):
        return None
    said = file.tools.files.withdrawn(file.ai_read.card)
    if said is None:
        return None
    if position.ai is Ai.RELEASED:
        takes_back = position.state is State.WRITTEN_UP and not file.ai_read.declined
        return _recall(file, said) if takes_back else None
    return _void(file, said) if may(position, Event.AI_VOIDED) else None


def _recall(file: CaseFile, said: Withdrawal) -> Progress:
    """Released at the last moment: withdrawn like all others of this model version."""
    move = Moved(file).note(Event.OPINION_WITHDRAWN, actor=said.by, reason=said.reason)
    return move.lay_down("withdrawal", said).at_once()


def _void(file: CaseFile, said: Withdrawal) -> Progress:
    """Not released yet: the read counts as a decline from now on, so that a human reads instead."""
    move = Moved(file).note(Event.AI_VOIDED, actor=said.by, sealed=True, reason=said.reason)
    move.lay_down("ai-read", voided_read(file.ai_read))
    comparison = file.latest("comparison", Comparison)
    if comparison is not None and comparison.verdict is not Verdict.DECLINED:
        move.lay_down("comparison", voided(comparison))
    called_back(hidden_again(move, said.by, said.reason))
    return move.at_once()


def _undelivered(file: CaseFile) -> list[Waiting]:
    """What need not be delivered any more.

    Of objects for archives, those that none can have: what may be there must be known before it is rejected.
    An EHR is told the whole as it stands now, in one transaction or message that is right whatever is there.
    """
    waiting = file.tools.files.waiting(file.case.id)
    return [
        each
        for each in waiting
        if each.document.kind in (_OPINION, Hl7Kind.ORU) or (each.document.kind in OBJECTS and each.untouched)
    ]


def _at_home(file: CaseFile, said: Withdrawal) -> list[ResourceWrite]:
    task = file.task
    home = letter_home(
        file.case.id, file.case.patient, f"Task/{file.case.task_id}", task, file.tools.operator
    )
    keys = [f"{type_}/{mint(file.case.id, what)}" for type_, what in _PARTS]
    targets = [{"reference": key} for key in keys]
    provenance = settle_references(write_withdrawal(home, targets, said))
    told = withdrawal_output({"reference": f"Provenance/{home.minted(WHAT)}"})
    outputs = [*without_agreement(task.get("output", [])), told]
    return [
        *(_erroneous(file, key, said) for key in keys),
        *_noticed(file, said),
        stamped(provenance, home.minted(WHAT), 1, file.now),
        *moved_task(file, f"Task/{file.case.task_id}", _as_it_stands(task), outputs=outputs),
    ]


def _noticed(file: CaseFile, said: Withdrawal) -> list[ResourceWrite]:
    """What the patient was told begins with it from now on."""
    stored = file.tools.shelf.read("DocumentReference", str(mint(file.case.id, "notice")))
    if stored is None:
        return []
    return [stamped(withdrawn_notice(parse(stored.body), said), stored.id, stored.version + 1, file.now)]


def _erroneous(file: CaseFile, key: str, said: Withdrawal) -> ResourceWrite:
    stored = file.stored(key)
    return stamped(in_error(parse(stored.body), said), stored.id, stored.version + 1, file.now)


def _as_it_stands(task: Resource) -> Standing:
    """A Task that is over stays as it ended; what it ended with no longer stands."""
    reason = task.get("statusReason", {}).get("text", "")
    return Standing(task["status"], Business.OPINION_WITHDRAWN, reason)


def _away(file: CaseFile, said: Withdrawal, gone: Collection[str]) -> list[Document]:
    to = letter_out(file)
    bundles = (
        withdrawal_bundle(to, parse(each.content, limit=BUNDLE_BYTES), said, whole=each.id in gone)
        for each in file.tools.files.documents(file.case.id, _OPINION)
    )
    return [document for each in bundles for document in letter("withdrawal", file, each)]

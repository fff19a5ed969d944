"""Concurrent reading: the first reader is sent what the model says before they sign, and nobody else is.

It goes to the system that has sent the case, where its first reader reads. At our own door it stays sealed:
whoever may ask there, a specialist's system among others, is told nothing.
"""

from __future__ import annotations

from server.case import Event
from server.fhir.parse import BUNDLE_BYTES, parse
from server.fhir.pens.bundle import preview_bundle, status_bundle
from server.fhir.pens.correspondence import Standing
from server.fhir.pens.datatypes import Json
from server.fhir.pens.withdrawal import withdrawal_bundle
from server.fhir.terms import Business
from server.model import Preview, Silence, Withdrawal
from server.ports import Progress
from server.steps.casefile import CaseFile, Moved
from server.steps.letters import letter, letter_out, previewed
from server.steps.tasks import moved_task
from server.steps.wording import limits

SHOWN = Standing("in-progress", Business.AI_SHOWN)
PREVIEW = "preview"
"""The kind of its documents, and of the fact that it was shown."""
_WORDS = "Shown to the first reader before signing, by the policy of this question."


def shown_to_first_reader(file: CaseFile) -> Progress | None:
    """Once for each read of the model, a decline too; None: it is shown, or there is nobody to show it to."""
    last, read = file.latest(PREVIEW, Preview), file.ai_read
    reads = file.ai_reads
    unusable = read.silence is Silence.NOT_ASKED or file.tools.files.withdrawn(read.card) is not None
    if file.doubled or unusable or (last is not None and last.read == reads):
        return None
    words = f"{file.tools.explain(read, file.read_card)} {_WORDS} {limits(file)}"
    bundle = preview_bundle(
        letter_out(file),
        file.read_card,
        read,
        conclusion=words,
        standing=SHOWN,
        now=file.now,
        anew=last is not None,
    )
    documents = letter(PREVIEW, file, bundle)
    if not documents:
        return None
    move = Moved(file).lay_down(PREVIEW, Preview(reads)).note(Event.AI_SHOWN, card=True, policy=True)
    move.write(moved_task(file, f"Task/{file.case.task_id}", SHOWN))
    return move.send(documents).at_once()


def hidden_again(move: Moved, by: str, reason: str) -> Moved:
    """What was shown must not be used: it is entered in error where it is, and taken back where it is not."""
    file = move.file
    if not previewed(file):
        return move
    said, last = Withdrawal(by, reason, file.now), file.needed(PREVIEW, Preview)
    waiting = [e for e in file.tools.files.waiting(file.case.id) if e.document.kind == PREVIEW]
    unseen = {each.document.id for each in waiting if each.untouched}
    move.take_back(waiting).lay_down(PREVIEW, Preview(last.read, withdrawn=True))
    sent = [e for e in file.tools.files.documents(file.case.id, PREVIEW) if e.id not in unseen]
    for each in sent[-1:]:
        shown = parse(each.content, limit=BUNDLE_BYTES)
        what = f"withdrawal/{PREVIEW}/{last.read}"
        bundle = withdrawal_bundle(letter_out(file), shown, said, task=_gone_on(file), what=what)
        move.send(letter("withdrawal", file, bundle))
    return move


def _gone_on(file: CaseFile) -> Json | None:
    """The entry of the EHR's Task, where that says more by now than that something was shown."""
    task = file.task
    business = task.get("businessStatus", {}).get("coding", [{}])[0].get("code")
    if business not in set(Business) - {Business.AI_SHOWN}:
        return None
    standing = Standing(task["status"], Business(business), task.get("statusReason", {}).get("text", ""))
    [entry] = status_bundle(letter_out(file), standing, file.referral)["entry"]
    return dict(entry)

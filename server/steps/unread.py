"""What comes after the end of a case that a gatekeeper has ruled out: nobody but the model stands behind it.

A report of a human, signed or not, that does not rule it out too; evidence that is another now. Each is
noted, counts for the gatekeeper, and is given to a person with a date (``contest.questioned``).
"""

from __future__ import annotations

from collections.abc import Iterator

from server.arbitration import answer_of
from server.case import Event, First
from server.fhir.merge import same_but_for_the_patient
from server.fhir.opinions import conclusion, first_read
from server.fhir.parse import parse
from server.model import Answer, ReadAfterAll, ResourceKey
from server.ports import Stored
from server.routing.comparison import Outcome
from server.steps.casefile import CaseFile, Moved
from server.steps.contest import questioned
from server.steps.looked_at import others, says
from server.steps.turned_out import judged

_REPORTED = "A human has reported on this case, which had been ruled out, and does not rule it out."
_CORRECTED = "What this case was ruled out by is another now."
CHANGED = "The images of this case, which had been ruled out, are others now."


def after_the_end(move: Moved) -> Moved:
    """Whatever of this has come and is not noted yet; not while somebody reads the case anew, and blind."""
    file = judged(move).file
    if file.latest("outcome", str) != Outcome.RULED_OUT or file.tools.files.asked_again(file.case.id):
        return move
    for each in _reports(move.file):
        _heard(move, each)
    return _evidence(move)


def _reports(file: CaseFile) -> Iterator[Stored]:
    """The case's own, and others of its code about its day, in the versions that are not noted."""
    type_, _, id_ = file.case.report.partition("/")
    own = file.tools.shelf.read(type_, id_)
    if own is None:
        return
    noted = {each.report for each in file.tools.files.facts(file.case.id, "after-all", ReadAfterAll)}
    for each in (own, *others(file, own)):
        if says(parse(each.body)) and ResourceKey(each.type, each.id, each.version) not in noted:
            yield each


def _heard(move: Moved, report: Stored) -> None:
    file, key = move.file, ResourceKey(report.type, report.id, report.version)
    read = first_read(report, file.tools.shelf.read) if str(key) == file.case.report else None
    answer = answer_of(conclusion(parse(report.body)), file.read_card)
    if read is not None and move.position.first is First.NOT_READ:
        actor = ", ".join(read.readers) or "first reader"
        move.note(Event.FIRST_READ_AFTER_ALL, actor=actor, report=key.versioned, answer=answer)
        move.lay_down("first-read", read)
    before = [e.answer for e in file.tools.files.facts(file.case.id, "after-all", ReadAfterAll)]
    move.lay_down("after-all", ReadAfterAll(key, answer))
    if answer is not Answer.ABSENT and answer not in before:
        questioned(move, _REPORTED)


def _evidence(move: Moved) -> Moved:
    """As long as no human has read."""
    file = move.file
    if move.position.first is not First.NOT_READ:
        return move
    noted = {key for keys in file.tools.files.facts(file.case.id, "late-values", list[str]) for key in keys}
    changed = [each for each in _changed(file) if each not in noted]
    if not changed:
        return move
    move.note(Event.EVIDENCE_LATE, actor="sender", changed=changed).lay_down("late-values", changed)
    return questioned(move, _CORRECTED)


def _changed(file: CaseFile) -> Iterator[str]:
    """Of what the model read, the versions that are there now; images are looked at by their study."""
    for key in file.ai_read.sources:
        newest = file.tools.shelf.newest(key.type, key.id)
        if newest is None or newest.version == key.version or key.type == "ImagingStudy":
            continue
        before = None if newest.deleted else file.tools.shelf.read(key.type, key.id, key.version)
        if before is None or not same_but_for_the_patient(before, newest):
            yield ResourceKey(key.type, key.id, newest.version).versioned

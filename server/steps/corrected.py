"""The first report has a new version: compared anew, ended with it, or noted when it came too late.

So are images that came when all was over: nobody has read them.
"""

from __future__ import annotations

from server.case import Event, First, is_told, may
from server.fhir.merge import same_but_for_the_patient
from server.fhir.parse import parse
from server.fhir.pens.correspondence import Standing
from server.fhir.terms import Business, Reason
from server.model import Comparison, FirstRead, ResourceKey
from server.ports import Progress, Stored
from server.steps.called_back import called_back
from server.steps.casefile import WORKER, CaseFile, Moved, Wait
from server.steps.contest import next_look, questioned
from server.steps.gather import anchor
from server.steps.imaging import came_after
from server.steps.over import called_off
from server.steps.preview import hidden_again
from server.steps.said import said
from server.steps.unread import CHANGED, after_the_end

_VOID = ("entered-in-error", "cancelled")
_BEGUN = ("accepted", "in-progress", "on-hold")


def taken_back(file: CaseFile) -> Progress | None:
    """WITHDRAWN: an opinion that its author has taken back is compared with nothing; None when it stands."""
    if not may(file.case.position, Event.FIRST_READ_WITHDRAWN) or is_told(file.case.position):
        return None
    report = file.stored(file.case.report)
    if parse(report.body)["status"] not in _VOID:
        return None
    move = Moved(file).note(Event.FIRST_READ_WITHDRAWN, actor="placer", report=_versioned(report))
    status = "failed" if file.task["status"] in _BEGUN else "rejected"
    text = "The first report was withdrawn; there is nothing to compare."
    standing = Standing(status, Business.CLOSED_WITHDRAWN, text, Reason.FIRST_REPORT_WITHDRAWN)
    return called_off(move, standing).progress(None)


def compared_anew(file: CaseFile) -> Progress:
    """READY: the new version is awaited, locked and compared; the model's read is kept, sealed as it is.

    But for a report on another time: then other values are asked about, and the model reads anew too.
    """
    was, now = file.first_read.report, file.stored(file.case.report)
    move = Moved(file).note(
        Event.FIRST_READ_CORRECTED, actor="placer", was=was.versioned, now=_versioned(now)
    )
    before = file.tools.shelf.read(was.type, was.id, was.version)
    if before is not None and anchor(before) != anchor(now) and _effective(before) != _effective(now):
        move.note(Event.SUPERSEDED, actor="placer", changed=[_versioned(now)])
        hidden_again(move, WORKER, "read for another time than the report is about now")
    called_back(move)  # it showed what the first report no longer says
    return move.at_once()


def _effective(report: Stored) -> tuple[object, object]:
    """A new version is issued anew; what it reports on is another matter."""
    body = parse(report.body)
    return body.get("effectiveDateTime"), body.get("effectivePeriod")


def look_back(file: CaseFile) -> Progress | Wait:
    """CLOSED: what comes now changes nothing any more, and stands in the history."""
    if (heard := said(file)) is not None:
        return heard
    move = noted_late(Moved(file))
    return move.progress(next_look(move, None)) if move.entries or move.facts else Wait(None)


def noted_late(move: Moved) -> Moved:
    """Note what came too late, unless it is noted."""
    return _late_images(_late_report(after_the_end(move)))


def _late_images(move: Moved) -> Moved:
    file = move.file
    state = came_after(file)
    if state is None or state in file.tools.files.facts(file.case.id, "late-images", str):
        return move
    move.note(
        Event.IMAGES_LATE, actor="sender", says="the opinion belongs to the images that were here before"
    )
    move.lay_down("late-images", state)
    return questioned(move, CHANGED) if move.position.first is First.NOT_READ else move


def _late_report(move: Moved) -> Moved:
    """The first report's newest version, unless it is the one that was compared or is noted."""
    file = move.file
    first, newest = file.latest("first-read", FirstRead), _newest(file)
    if first is None or newest is None or newest.version == first.report.version:
        return move
    version = _versioned(newest)
    before = None if newest.deleted else file.tools.shelf.read(newest.type, newest.id, first.report.version)
    if before is not None and same_but_for_the_patient(before, newest):
        return move  # the patient's record was merged into another
    if version in file.tools.files.facts(file.case.id, "late", str):
        return move
    status = "deleted" if newest.deleted else parse(newest.body)["status"]
    gone = newest.deleted or status in _VOID
    belongs = file.latest("comparison", Comparison) is not None
    move.note(
        Event.FIRST_READ_WITHDRAWN_LATE if gone else Event.FIRST_READ_CORRECTED_LATE,
        actor="placer",
        report=version,
        status=status,
        compared=first.report.versioned if belongs else None,
        says="the comparison belongs to the earlier version" if belongs else "nothing was compared",
    )
    return move.lay_down("late", version)


def _newest(file: CaseFile) -> Stored | None:
    type_, _, id_ = file.case.report.partition("/")
    return file.tools.shelf.newest(type_, id_)


def _versioned(stored: Stored) -> str:
    return ResourceKey(stored.type, stored.id, stored.version).versioned

"""What the patient is told with a result: which part a model had, and how it does in people like them."""

from __future__ import annotations

from datetime import datetime

from server.fhir.pens.correspondence import Correspondence, Standing
from server.fhir.pens.notice import write_notice
from server.fhir.pens.notice_words import Part, Told, words
from server.fhir.times import day
from server.model import FirstRead, Preview, Silence, Verdict
from server.ports import Resource
from server.steps.casefile import CaseFile
from server.steps.gather import anchor
from server.steps.rights import BY_POLICY, WANTED

_DAYS = 365.25


def notice(file: CaseFile, letter: Correspondence, standing: Standing, assessor: str) -> Resource | None:
    """For whom ``letter`` goes to; None: the policy has patients told by others.

    ``assessor``: what was checked of whom the patient has asked for, if they have.
    """
    if not file.policy.notice:
        return None
    return write_notice(letter, file.case.report, words(_told(file, standing, assessor)), file.now)


def _told(file: CaseFile, standing: Standing, assessor: str) -> Told:
    patient = file.resource(file.case.patient)
    return Told(
        card=file.read_card,
        part=_part(file),
        decided=standing.business,
        age_years=_years(patient, _at(file)),
        sex=patient.get("gender"),
        first_human=_first_human(file),
        other_thresholds=file.ai_read.band != file.read_card.band,
        assessor=assessor,
    )


def _first_human(file: CaseFile) -> bool:
    first = file.latest("first-read", FirstRead)
    return first is not None and not (first.readers or first.codes) and file.specialist_read is not None


def _at(file: CaseFile) -> datetime:
    """The moment that the question is about."""
    read = file.latest("first-read", FirstRead)
    if read is None:  # ruled out
        return anchor(file.stored(file.case.report))
    report = file.tools.shelf.read(read.report.type, read.report.id, read.report.version)
    return read.signed_at if report is None else anchor(report)


def _part(file: CaseFile) -> Part:
    read, made = file.ai_read, file.comparison
    if made.verdict is Verdict.RULED_OUT:
        return Part.ALONE
    shown = file.latest("preview", Preview)
    if shown is not None and shown.withdrawn and read.declined:
        return Part.CALLED_BACK
    if read.silence is not Silence.NOT_ASKED:
        return Part.NO_ANSWER if read.declined else Part.SHOWN if made.shown else Part.READ
    by = {WANTED: Part.UNWANTED, BY_POLICY: Part.NOT_ASKED}
    return by.get(read.reasons[0], Part.REFUSED)


def _years(patient: Resource, at: datetime) -> float | None:
    born = day(patient.get("birthDate", ""))
    return None if born is None else (at.date() - born).days / _DAYS

"""What the patient is told with a result: which part a model had, and how it does in people like them."""

from __future__ import annotations

from server.fhir.pens.correspondence import Correspondence, Standing
from server.fhir.pens.notice import write_notice
from server.fhir.pens.notice_words import Part, Told, words
from server.model import FirstRead, Preview, Silence, Verdict
from server.ports import Resource
from server.steps.casefile import CaseFile
from server.steps.rights import BY_POLICY, WANTED
from server.steps.whom import gender, years


def notice(file: CaseFile, letter: Correspondence, standing: Standing, assessor: str) -> Resource | None:
    """For whom ``letter`` goes to; None: the policy has patients told by others.

    ``assessor``: what was checked of whom the patient has asked for, if they have.
    """
    if not file.policy.notice:
        return None
    return write_notice(letter, file.case.report, words(_told(file, standing, assessor)), file.now)


def _told(file: CaseFile, standing: Standing, assessor: str) -> Told:
    return Told(
        card=file.read_card,
        part=_part(file),
        decided=standing.business,
        age_years=years(file),
        sex=gender(file),
        first_human=_first_human(file),
        other_thresholds=file.ai_read.band != file.read_card.band,
        assessor=assessor,
    )


def _first_human(file: CaseFile) -> bool:
    first = file.latest("first-read", FirstRead)
    return first is not None and not (first.readers or first.codes) and file.specialist_read is not None


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

"""What the patient is told with a result: which part a model had, and how it does in people like them."""

from __future__ import annotations

from datetime import timedelta

from server.fhir.pens.correspondence import Correspondence, Standing
from server.fhir.pens.notice import write_notice
from server.fhir.pens.notice_words import Next, Part, Reader, Told, words
from server.fhir.pens.referral_task import specialist_name
from server.model import FirstRead, Owed, Preview, Silence, Verdict
from server.ports import Resource
from server.routing.pace import span
from server.steps.casefile import CaseFile
from server.steps.deciding import deciding_read
from server.steps.rights import BY_POLICY, WANTED
from server.steps.whom import gender, years

_DAY = timedelta(days=1)
_COUNTS = (Part.READ, Part.SHOWN, Part.ALONE)
"""Where a model's answer is one of the opinions."""


def notice(file: CaseFile, letter: Correspondence, standing: Standing, assessor: str) -> Resource | None:
    """For whom ``letter`` goes to; None: the policy has patients told by others.

    ``assessor``: what was checked of whom the patient has asked for, if they have.
    """
    if not file.policy.notice:
        return None
    return write_notice(letter, file.case.report, words(_told(file, standing, assessor)), file.now)


def _told(file: CaseFile, standing: Standing, assessor: str) -> Told:
    part = _part(file)
    return Told(
        card=file.read_card,
        part=part,
        decided=standing.business,
        age_years=years(file),
        sex=gender(file),
        first_human=_first_human(file),
        other_thresholds=file.ai_read.band != file.read_card.band,
        assessor=assessor,
        first=file.comparison.first,
        model=file.ai_read.answer if part in _COUNTS else None,
        reader=_reader(file),
        next=_next(file),
    )


def _reader(file: CaseFile) -> Reader | None:
    """Whose answer counts, as the directory has them now."""
    read, referral = deciding_read(file), file.referral
    if read is None or referral is None:
        return None
    found = next((each for each in file.tools.roster() if each.role == read.role), None)
    codes = [] if found is None else [*found.specialties, *(c for q in found.qualifications for c in q.codes)]
    chosen = next((each for each in referral.candidates if each.specialist.role == read.role), None)
    return Reader(
        name=specialist_name(referral, read.role),
        answer=read.answer,
        credentials=tuple(dict.fromkeys(each.display or each.code for each in codes)),
        why="" if chosen is None else _plain(chosen.reasons[0]),
    )


def _plain(reason: str) -> str:
    """Without its sum."""
    return reason.rpartition(": ")[0] or reason


def _time(time: timedelta) -> str:
    """As people say it: in days, where it is whole ones."""
    if time % _DAY:
        return span(time)
    return "1 day" if time == _DAY else f"{time // _DAY} days"


def _next(file: CaseFile) -> Next:
    rules, reading = file.policy.assessment, file.policy.reading
    owed = file.latest("owed", Owed)
    return Next(
        desk=file.tools.operator.name,
        contest=(file.policy.contest.accountable, _time(file.policy.contest.decide_within)),
        assessment=(_time(rules.answer_within), _time(rules.answer_within_urgent)),
        reading=None if reading is None else (_time(reading.escalate_after), reading.coordinator),
        owed="" if owed is None else f"{owed.answer_by:%Y-%m-%d %H:%M} UTC",
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

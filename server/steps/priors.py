"""Earlier studies of the same patient, for the specialist who may be asked; the model never sees them.

They are fetched while the ordered study is waited for. A reading waits for them no longer than the policy
says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from server.completeness import Inquiry, Matter
from server.fhir.parse import parse
from server.fhir.pens.imaging_study import study_id, write_imaging_study
from server.fhir.stamp import stamped
from server.images import Ordered, Study
from server.model import PriorRules, ResourceKey
from server.routing.studies import another, same_patient
from server.steps.casefile import CaseFile, Moved
from server.steps.imaging import Looked, pictures, rules_of
from server.steps.inquiring import answers_on, asked_archive, asking
from server.times import instant

_PAUSE = timedelta(seconds=10)
_NOBODY = "no archive is configured from which studies are fetched"
_WHOSE = "the images do not name the order's patient"
_SILENT = "the archive has not answered in time"


@dataclass(frozen=True, slots=True)
class Asked:
    """How it stands with the priors of a case."""

    rules: PriorRules
    inquiry: Inquiry | None
    until: datetime | None
    """When nobody waits for them any more; None: they have not been asked for."""

    @property
    def said(self) -> dict[str, Any]:
        """The archive's last word; empty before it."""
        return dict(self.inquiry.answers[-1]) if self.inquiry is not None and self.inquiry.answers else {}

    @property
    def done(self) -> bool:
        return "studies" in self.said


def asked_for(file: CaseFile, seen: Looked) -> Asked | None:
    """None where the policy asks for none, or the ordered study is not here."""
    rules = rules_of(file).priors
    if rules is None or not isinstance(seen.study, Study):
        return None
    inquiry = answers_on(file, Matter.PRIORS, _question(seen.study))
    until = datetime.fromisoformat(inquiry.about["until"]) if inquiry is not None else None
    return Asked(rules, inquiry, until)


def ask_for_priors(move: Moved, seen: Looked) -> None:
    """Have them fetched, as soon as it is known which study was ordered; once more after a failure."""
    file, asked = move.file, asked_for(move.file, seen)
    if asked is None or asked.done or not isinstance(seen.study, Study) or _cannot(file, seen):
        return
    if asked.inquiry is None:
        asking(move, None, Matter.PRIORS, _all_of(file, seen.study, seen, asked.rules), file.now)
    elif asked.inquiry.due_at is None and asked.until is not None and file.now < asked.until:
        asking(move, asked.inquiry, Matter.PRIORS, asked.inquiry.about, file.now + _PAUSE)


def wait_for_priors(file: CaseFile, seen: Looked) -> datetime | None:
    """Until when a study that is whole is not read yet; None: nothing is waited for."""
    asked = asked_for(file, seen)
    if asked is None or asked.done or asked.until is None or asked.until <= file.now:
        return None
    return asked.until


def note_priors(move: Moved, seen: Looked) -> dict[str, Any]:
    """What the history says of them; those that came are shown at our door, and listed in a referral."""
    asked = asked_for(move.file, seen)
    if asked is None or not isinstance(seen.study, Study):
        return {}
    if not asked.done:
        why = _cannot(move.file, seen) or asked.said.get("failed", _SILENT)
        return {"priors": {"failed": why}}
    told, keys = [], []
    for each in asked.said["studies"]:
        what, study = _came(move.file, seen.ordered, seen.study, each)
        told.append(what)
        if study is not None:
            keys.append(_shown(move, study))
    move.lay_down("priors", keys)
    left_off = asked.said.get("left_off", 0)
    return {"priors": {"studies": told, **({"left off": left_off} if left_off else {})}}


def priors_of(file: CaseFile) -> tuple[ResourceKey, ...]:
    """For the referral: the studies, as they stand at our door."""
    return file.latest("priors", tuple[ResourceKey, ...]) or ()


def _cannot(file: CaseFile, seen: Looked) -> str:
    """Why nothing is asked; empty when it is. Vouched images may bear the ID of somebody else."""
    archive = asked_archive(file)
    if archive is None or archive.fetch is None:
        return _NOBODY
    if not isinstance(seen.study, Study) or any(another(seen.ordered.person, seen.study)):
        return _WHOSE
    return "" if same_patient(seen.ordered, seen.study.named, file.tools.issuers) else _WHOSE


def _came(
    file: CaseFile, order: Ordered, ordered: Study, said: dict[str, Any]
) -> tuple[dict[str, Any], Study | None]:
    """What is here of a prior, whatever the archive has said of it; of pictures only."""
    uid = str(said["study"])
    here = file.tools.images.study(uid)
    doubts = tuple(_doubts(order, ordered, here))
    objects = 0 if here is None else len({each.sop_instance for each in here.objects})
    told: dict[str, Any] = {"study": uid, "objects": objects}
    own = 0 if here is None else here.own
    if objects + own < (said.get("expected") or 0):
        told["expected"] = said["expected"]
    if why := "; ".join(filter(None, (said.get("failed", ""), *doubts))):
        told["why"] = why
    shown = () if here is None or doubts else pictures(here)
    return told, replace(here, objects=shown) if here is not None and shown else None


def _doubts(order: Ordered, ordered: Study, here: Study | None) -> Iterator[str]:
    if here is None:
        yield "nothing of it has come"
        return
    yield from here.contradictions
    yield from another(order.person, here)
    mine = ordered.named.patient_id, ordered.named.issuer
    if any((each.named.patient_id, each.named.issuer) != mine for each in here.objects):
        yield "its objects name another patient, or another issuer of the patient ID"
    if here.named.study == ordered.named.study:
        yield "it is the ordered study itself"


def _shown(move: Moved, study: Study) -> ResourceKey:
    file, id_ = move.file, study_id(move.file.case.id, study.named.study)
    written = write_imaging_study(study, file.case.patient)
    before = file.tools.shelf.read("ImagingStudy", id_)
    if before is not None and before.body and _same(parse(before.body), written):
        return ResourceKey("ImagingStudy", id_, before.version)
    version = 1 if before is None else before.version + 1
    move.write([stamped(written, id_, version, file.now)])
    return ResourceKey("ImagingStudy", id_, version)


def _same(before: dict[str, Any], written: dict[str, Any]) -> bool:
    return {name: part for name, part in before.items() if name not in ("id", "meta")} == written


def _question(study: Study) -> dict[str, str]:
    """By what an answer is known to be about this study."""
    named = study.named
    return {"study": named.study, "patient_id": named.patient_id, "issuer": named.issuer}


def _all_of(file: CaseFile, study: Study, seen: Looked, rules: PriorRules) -> dict[str, Any]:
    made = _made(study) or file.case.opened_at.strftime("%Y%m%d")
    return {
        **_question(study),
        "made": made,
        "since": _earlier(made, rules.within_days),
        "time": _time(study),
        "accessions": [number for _, number in seen.ordered.accessions],
        "at_most": rules.at_most,
        "modalities": list(rules.modalities),
        "until": instant(file.now + rules.wait),
    }


def _made(study: Study) -> str:
    dates = (each.header.get("StudyDate", "") for each in study.objects)
    return next((each for each in dates if len(each) == 8 and _is_day(each)), "")


def _time(study: Study) -> str:
    return next((each.header["StudyTime"] for each in study.objects if "StudyTime" in each.header), "")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return text.isdigit()


def _earlier(day: str, days: int) -> str:
    """In years before 1 there is no day that DICOM could write."""
    found = date.fromisoformat(day)
    return (found - timedelta(days=min(days, (found - date.min).days))).strftime("%Y%m%d")

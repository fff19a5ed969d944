"""Questions that are read from images: the study that was ordered, whole, and of the right patient.

What a case waits for is registered before it looks, so that nothing that comes meanwhile is slept over.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime

from server.completeness import Called, Decided, Heard, Matter, Whole
from server.contract import Inputs
from server.errors import Category, fault
from server.fhir.imaging import ordered
from server.fhir.parse import parse
from server.fhir.pens.imaging_study import study_id, write_imaging_study
from server.fhir.stamp import stamped
from server.fhir.times import day
from server.images import ImageObject, Ordered, Study, by_accession, by_study, device_of
from server.model import Card, Gap, ImageRules, Problem, ResourceKey
from server.ports import Progress, Resource
from server.routing.arriving import Arriving, arrived
from server.routing.studies import Unmatched, match, wanted
from server.steps.casefile import CaseFile, Moved
from server.steps.inquiring import answers_on, counts_of

_ITEM = "Imaging study"
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_NO_EVIDENCE = tuple(f"{_STORAGE}{each}" for each in ("88.", "11.", "66.", "104.", "30"))
"""Reports and key images, presentation states, segmentations, encapsulated documents, parametric maps."""
_MOST, _MOST_BYTES = 40, 512 * 1024 * 1024
"""Images that one question may have; a study with more is not decoded to find out that it is no film."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What is here of the study that the order is about."""

    ordered: Ordered
    study: Study | Unmatched | None
    whole: Whole | Arriving | None = None
    heard: Heard = field(default_factory=Heard)

    @property
    def doubt(self) -> str | None:
        """Why a person must look before anybody reads; None: nothing speaks against it."""
        return self.study.reason if isinstance(self.study, Unmatched) else None

    @property
    def quiet_at(self) -> datetime | None:
        """When the study will have been quiet for long enough, where that is all it waits for."""
        waits = isinstance(self.whole, Arriving) and not (self.whole.lacking or self.whole.why)
        return self.look_at if waits else None

    @property
    def look_at(self) -> datetime | None:
        """When time itself may change what is seen here."""
        return self.whole.until if isinstance(self.whole, Arriving) else None

    @property
    def over(self) -> bool:
        """The policy waits no longer for what is missing, and nobody is to read the rest."""
        return isinstance(self.whole, Arriving) and self.whole.over


def from_images(file: CaseFile) -> bool:
    return file.card.film is not None


def registered(file: CaseFile) -> Progress | None:
    """The move that registers what the case waits for; None: it is registered already."""
    said = _ordered(file)
    studies, numbers = map(by_study, said.studies), (by_accession(each) for _, each in said.accessions)
    names = tuple(dict.fromkeys((*studies, *numbers)))
    if list(names) == file.latest("awaits", list[str]):
        return None
    move = Moved(file).lay_down("awaits", list(names))
    move.awaits = names
    return move.at_once()


def looked(file: CaseFile) -> Looked:
    said = _ordered(file)
    here = _found(file, said)
    found = match(said, here, file.tools.issuers)
    if isinstance(found, Unmatched) and file.latest("vouched", str) == _state(said, here):
        found = here[0]  # a person has looked at just this, and has vouched for it
    if not isinstance(found, Study):
        return Looked(said, found)
    heard = _heard(file, said, found)
    decided = file.latest("whole", Decided)
    if decided is not None and decided.state == _ground(said, found):
        return Looked(said, found, decided.whole, heard)  # until another object comes
    whole = arrived(found, said, rules_of(file), file.case.opened_at, file.now, heard=heard)
    return Looked(said, found, whole, heard)


def inputs_of(file: CaseFile, seen: Looked) -> Inputs:
    """The images against what the question needs; without a whole study, the gap."""
    patient = file.resource(file.case.patient)
    born = day(patient.get("birthDate", ""))
    films = pictures(seen.study) if isinstance(seen.study, Study) else ()
    return Inputs(
        values={},
        gaps=tuple(_gaps(seen)),
        outside=(*_too_much(films), *_strange(file.card, films)),
        sources=_sources(file, seen.study),
        digest=_digest(films, patient.get("birthDate", "")),
        films=films,
        born=born,
    )


def taken_up(move: Moved, seen: Looked) -> Whole:
    """By which rule the study is whole; it is shown at our door as it was found."""
    file = move.file
    if not isinstance(seen.study, Study) or not isinstance(seen.whole, Whole):
        raise fault(Category.BROKEN, "exception", "a study was taken up that is not whole")
    written = write_imaging_study(_shown(seen.study), file.case.patient)
    id_ = study_id(file.case.id, seen.study.named.study)
    before = file.tools.shelf.read("ImagingStudy", id_)
    if before is None or _told(parse(before.body)) != _told(written):
        move.write([stamped(written, id_, 1 if before is None else before.version + 1, file.now)])
    move.lay_down("whole", Decided(_ground(seen.ordered, seen.study), seen.whole))
    return seen.whole


def vouching(file: CaseFile) -> tuple[str, int]:
    """What a person vouches for who says that the images are those of the order, in spite of what differs.

    And how many objects that are; empty and 0 where there is not exactly one study.
    """
    said = _ordered(file)
    found = _found(file, said)
    state = _state(said, found)
    return state, len({each.sop_instance for each in found[0].objects}) if state else 0


def came_after(file: CaseFile) -> str | None:
    """By which pictures the order is answered now, where they are not those that were read; else None."""
    decided = file.latest("whole", Decided) if from_images(file) else None
    if decided is None:
        return None
    said = _ordered(file)
    state = _state(said, [_shown(each) for each in _found(file, said)])
    return None if decided.state.rpartition(":")[0] == state else state


def callable_state(file: CaseFile) -> tuple[str, int]:
    """Of what somebody says that it is complete, and how many objects that are.

    Raises:
        Fault: CONFLICT when there is nothing that the order could mean, or a person must look first.
    """
    seen = looked(file)
    if not isinstance(seen.study, Study):
        text = (
            "the images do not fit the order; a person looks first"
            if seen.doubt
            else "no image of it is here"
        )
        raise fault(Category.CONFLICT, "business-rule", text)
    objects = len({each.sop_instance for each in seen.study.objects})
    return _state(seen.ordered, [seen.study]), objects


def _heard(file: CaseFile, said: Ordered, study: Study) -> Heard:
    """What whoever knows has said of just this study."""
    called = file.latest("called-complete", Called)
    if called is not None and called.state != _state(said, [study]):
        called = None
    steps = file.tools.steps.about(study.named.study, [number for _, number in said.accessions])
    inquiry = answers_on(file, Matter.COUNT, {"study": study.named.study})
    return Heard(called, steps, inquiry.archive if inquiry else "", counts_of(inquiry))


def _ground(said: Ordered, study: Study) -> str:
    """For what a study was found whole: any more pictures, or another count, and it is looked at anew.

    The first reader's report, presentation states and key images come as a rule when the film is read: they
    change nothing of what was.
    """
    return f"{_state(said, [_shown(study)])}:{said.expected}"


def _shown(study: Study) -> Study:
    """What others are shown of it: a specialist who reads blind is not led to the first reader's report."""
    return replace(study, objects=pictures(study))


def _told(resource: Resource) -> Resource:
    return {name: part for name, part in resource.items() if name not in ("id", "meta")}


def _ordered(file: CaseFile) -> Ordered:
    def look(type_: str, id_: str) -> Resource | None:
        stored = file.tools.shelf.read(type_, id_)
        return None if stored is None else parse(stored.body)

    return ordered(file.task, file.resource(file.case.report), file.resource(file.case.patient), look)


def _found(file: CaseFile, said: Ordered) -> list[Study]:
    images = file.tools.images
    uids = wanted(said) or tuple(
        dict.fromkeys(uid for _, number in said.accessions for uid in images.studies_of(number))
    )
    studies = (images.study(uid) for uid in uids)
    return [each for each in studies if each is not None]


def rules_of(file: CaseFile) -> ImageRules:
    rules = file.policy.images
    if rules is None:
        text = "the policy of a question that is read from images lacks its table images"
        raise fault(Category.BROKEN, "exception", text)
    return rules


def pictures(study: Study) -> tuple[ImageObject, ...]:
    """What has pixels. Reports, key images and presentation states may hold an opinion."""
    found = [each for each in study.objects if int(each.header.get("Rows", "0")) > 0]
    return tuple(each for each in found if not each.sop_class.startswith(_NO_EVIDENCE))


def _too_much(films: tuple[ImageObject, ...]) -> tuple[str, ...]:
    if len(films) > _MOST or sum(each.size for each in films) > _MOST_BYTES:
        return (f"the study has more than {_MOST} images, or more than 512 MB of them; it is no film",)
    return ()


def _strange(card: Card, films: tuple[ImageObject, ...]) -> tuple[str, ...]:
    """A device, or a version of its software, that the model was not made for (second-reading S1.1)."""
    known = card.film.devices if card.film else ()
    found = {device_of(each.header) for each in films}
    if not known or all(any(kind.covers(each) for kind in known) for each in found):
        return ()
    return ("acquired by a device, or a version of its software, that the reader was not made for",)


def _gaps(seen: Looked) -> list[Gap]:
    if seen.doubt is not None:
        mend = "A person at this side compares the order with the images"
        return [Gap(_ITEM, Problem.CONTRADICTORY, seen.doubt, mend)]
    if seen.study is None:
        return [Gap(_ITEM, Problem.MISSING, "no image of it has come", _mend(seen.ordered))]
    if isinstance(seen.whole, Arriving):
        if seen.whole.why:
            mend = "Send the rest of them, or say that the study is complete as it is ($complete-study)"
            return [Gap(_ITEM, Problem.MISSING, seen.whole.why, mend)]
        # No number: each image that comes would be one more letter to the EHR.
        return [Gap(_ITEM, Problem.MISSING, "not all of its images have come", "Send the rest of them")]
    return []


def _mend(said: Ordered) -> str:
    if said.studies or said.accessions:
        return (
            "Send it to the DICOM door: C-STORE or STOW-RS, with the order's patient ID and accession number"
        )
    return (
        "Name it: Task.input imaging-study with an identifier of system urn:dicom:uid, or an accession "
        "number (type ACSN) in the ServiceRequest that the report is based on"
    )


def _sources(file: CaseFile, study: Study | Unmatched | None) -> tuple[ResourceKey, ...]:
    if not isinstance(study, Study):
        return ()
    shown = file.tools.shelf.read("ImagingStudy", study_id(file.case.id, study.named.study))
    return () if shown is None else (ResourceKey(shown.type, shown.id, shown.version),)


def _digest(films: tuple[ImageObject, ...], born: str) -> str:
    """The data sets byte for byte, in any order, and the birth date that the case knows."""
    told = {"films": sorted(each.digest for each in films), "born": born}
    return hashlib.sha256(json.dumps(told, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def _state(said: Ordered, studies: list[Study]) -> str:
    """What a person vouches for: these objects for this order, and nothing that comes later."""
    told = {
        "order": [said.studies, said.accessions, said.patient_ids],
        "objects": sorted(each.digest for study in studies for each in study.objects),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest() if len(studies) == 1 else ""

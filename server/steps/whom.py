"""What kind of person a case is about, at the moment that it is about: for notices and for figures."""

from __future__ import annotations

from datetime import datetime

from server.fhir.times import day
from server.images import ImageObject, device_of
from server.model import Device, FirstRead, Kind
from server.steps.casefile import CaseFile
from server.steps.gather import anchor

_DAYS = 365.25


def years(file: CaseFile) -> float | None:
    born = day(file.resource(file.case.patient).get("birthDate", ""))
    return None if born is None else (_at(file).date() - born).days / _DAYS


def gender(file: CaseFile) -> str | None:
    said: str | None = file.resource(file.case.patient).get("gender")
    return said


def kind(file: CaseFile) -> Kind:
    age = years(file)
    return Kind(None if age is None or age < 0 else int(age), gender(file), _device(file))


def _device(file: CaseFile) -> Device | None:
    """Of the film that was read; where none was, of the only device that there is."""
    films = file.latest("films", tuple[ImageObject, ...]) if file.card.film else None
    look = file.ai_read.film
    read = [each for each in films or () if look is None or each.sop_instance == look.instance]
    found = {device_of(each.header) for each in read}
    return found.pop() if len(found) == 1 else None


def _at(file: CaseFile) -> datetime:
    """The moment that the question is about."""
    read = file.latest("first-read", FirstRead)
    if read is None:  # ruled out
        return anchor(file.stored(file.case.report))
    report = file.tools.shelf.read(read.report.type, read.report.id, read.report.version)
    return read.signed_at if report is None else anchor(report)

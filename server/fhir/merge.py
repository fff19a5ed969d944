"""Two records of one person become one (R4 patient.html#merge, Patient.link).

The record that does not live on stays, inactive, and leads to the one that does; what was about the one is
about the other from then on. Old versions stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from server.errors import Category, fault
from server.fhir.bindings import KEPT
from server.fhir.parse import own
from server.fhir.references import local, normal, pointers
from server.fhir.stamp import stamped
from server.ports import Around, Resource, ResourceWrite, Shelf, Stored

Look = Callable[[str, str], Stored | None]
_LONGEST: Final = 16
"""Merges after one another that are followed."""
_MOST: Final = 5_000
"""Resources about one person that one merge carries over."""
_PAGE: Final = 500
_STAY: Final = ("Patient", "AuditEvent", "Provenance")
"""Records of what was done with the record as it was then; and the patients themselves."""
OLD: Final = "old"


def successor(look: Look, patient: Stored) -> Stored | None:
    """The record that stands for this one now: itself, or where it leads; None: nowhere, or in a circle."""
    for _ in range(_LONGEST):
        follows = replaced_by(own(patient.body))
        if follows is None:
            return patient
        target = local(follows)
        found = look(*target) if target is not None and target[0] == "Patient" else None
        if found is None:
            return None
        patient = found
    return None


def replaced_by(patient: Resource) -> str | None:
    """Where Patient.link says that the record lives on."""
    links = [each for each in patient.get("link", []) if each.get("type") == "replaced-by"]
    return str(links[0].get("other", {}).get("reference", "")) if links else None


def merged(shelf: Shelf, loser: Stored, survivor: Stored, at: datetime) -> list[ResourceWrite]:
    """All that is written when ``loser`` is merged into ``survivor``.

    Raises:
        Fault: TOO_LARGE when more is about the loser than one commit should carry over.
    """
    old, new = f"Patient/{loser.id}", f"Patient/{survivor.id}"
    writes = [
        _stamped(_dead(own(loser.body), new), loser, at),
        _stamped(_living(own(survivor.body), own(loser.body), old), survivor, at),
    ]
    for each in _about(shelf, loser):
        resource = own(each.body)
        moved = [ref for ref in pointers(resource) if normal(ref["reference"]) == old]
        if moved:
            for reference in moved:
                reference["reference"] = new
            writes.append(_stamped(resource, each, at))
    return writes


def same_but_for_the_patient(before: Stored, after: Stored) -> bool:
    """Whether two versions say the same, but for the record under which the person goes."""
    return _without_patient(own(before.body)) == _without_patient(own(after.body))


def _without_patient(resource: Resource) -> Resource:
    for reference in pointers(resource):
        if normal(reference["reference"]).startswith("Patient/"):
            reference["reference"] = "Patient"
    return {name: part for name, part in resource.items() if name not in ("meta", "lastModified")}


def _about(shelf: Shelf, patient: Stored) -> Iterator[Stored]:
    """Everything here that refers to the record."""
    types = tuple(each for each in KEPT if each not in _STAY)
    after, seen = None, 0
    while True:
        stretch = shelf.around(Around("Patient", patient.id, types, (), _PAGE, after=after))
        seen += len(stretch.found)
        if seen > _MOST:
            text = f"more than {_MOST} resources are about the patient who is merged"
            raise fault(Category.TOO_LARGE, "too-costly", text)
        yield from stretch.found
        if stretch.next is None:
            return
        after = stretch.next


def _dead(loser: Resource, survivor: str) -> Resource:
    others = [each for each in loser.get("link", []) if each.get("type") != "replaced-by"]
    link = {"other": {"reference": survivor}, "type": "replaced-by"}
    return {**loser, "active": False, "link": [*others, link]}


def _living(survivor: Resource, loser: Resource, old: str) -> Resource:
    """Both numbers find the record that lives on; those of the other are marked as old (identifier-use)."""
    known = {_name(each) for each in survivor.get("identifier", [])}
    taken = [{**each, "use": OLD} for each in loser.get("identifier", []) if _name(each) not in known]
    link = {"other": {"reference": old}, "type": "replaces"}
    links = survivor.get("link", [])
    return {
        **survivor,
        "identifier": [*survivor.get("identifier", []), *taken],
        "link": links if link in links else [*links, link],
    }


def _name(identifier: Resource) -> tuple[str, str]:
    return str(identifier.get("system", "")), str(identifier.get("value", ""))


def _stamped(resource: Resource, was: Stored, at: datetime) -> ResourceWrite:
    return stamped(resource, was.id, was.version + 1, max(at, was.updated_at))

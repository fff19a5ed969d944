"""An order that is repeated in a transaction is about the same patient, whatever its entries are called."""

from __future__ import annotations

from collections.abc import Sequence

from server.fhir.asked import Asked
from server.fhir.parse import own
from server.fhir.place import Place, taken
from server.fhir.references import local
from server.fhir.repeats import same_person
from server.ports import Resource, Shelf


def demand_same_patient(work: Sequence[tuple[Asked, Place]], shelf: Shelf) -> None:
    """A repeat names its patient by the name of an entry, which says nothing of its own: the entry does.

    Raises:
        Fault: CONFLICT when the order that is here is about somebody else.
    """
    brought = {each.full_url: each.resource for each, _ in work if each.type == "Patient"}
    for each, place in work:
        if each.type == "Task" and place.kept is not None and each.method == "POST":
            sent = brought.get(_about(each.resource)) if _about(each.resource) else None
            if sent is not None and not _same(own(place.kept.body), sent, shelf):
                raise taken(place.kept, each.path)


def _about(task: Resource) -> str:
    return str(task.get("for", {}).get("reference", ""))


def _same(task: Resource, sent: Resource, shelf: Shelf) -> bool:
    here = local(_about(task))
    before = None if here is None else shelf.read(*here)
    return before is not None and same_person(own(before.body), sent)

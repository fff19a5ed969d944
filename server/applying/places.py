"""Where each draft of a message will stand: the stored resource that it is about, or a place of its own.

A new place is named from what identifies the thing, or from the message: the same message, or another about
the same thing, names the same place, so that nothing is ever there twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from server.applying.known import Doubt, Found, answering, body, by_identifiers, patient
from server.fhir.index import patient_of
from server.hl7v2.mapping.drafts import Draft, Kind, Story
from server.ports import Resource, Shelf, Stored
from server.query import Query, Reference
from server.words import name_words

_NAMESPACE: Final = uuid.UUID("6e1b9a0c-52e0-5c8b-9d0f-3a3c2f7d4b11")
_AT_ONCE: Final = 100
_Known = Mapping[tuple[str, str, str], list[Stored]]
_OF_A_PATIENT: Final = frozenset(
    {"ServiceRequest", "DiagnosticReport", "Observation", "Encounter", "Specimen"}
)


@dataclass(slots=True)
class Place:
    """One draft's."""

    id: str
    kept: Stored | None = None

    def reference(self, type_: str) -> str:
        return f"{type_}/{self.id}"


@dataclass(slots=True)
class Places:
    """Of all drafts of one message, by name."""

    found: dict[str, Place] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def reference(self, name: str) -> str:
        return self.found[name].reference(self.types[name])

    def add(self, name: str, type_: str, place: Place) -> None:
        self.found[name] = place
        self.types[name] = type_


def places(story: Story, shelf: Shelf, message: str, *, accepted: bool = False) -> Places:
    """``message``: its id. ``accepted``: a person has said that the patient is who the number says.

    Raises:
        Doubt: identifiers are of several, or of somebody else.
    """
    made = Places()
    known = _known(shelf, story.drafts)
    for draft in story.drafts:
        if draft.type == "Patient":
            before = (name for each in story.merges if each.kind is Kind.CHANGE_ID for name in each.loser)
            found = patient(shelf, (*draft.identifiers, *before))
            if found.living is not None and not accepted:
                demand_same_person(body(found.living), draft.resource)
            _place_patient(made, draft, found, message)
    for draft in story.drafts:
        if draft.type == "Patient":
            continue
        kept = _by_parts(draft, made, shelf)
        if draft.type == "DiagnosticReport":
            kept = _report(draft, known) or _by_order(draft, made, story, shelf)
        elif kept is None:
            kept = _one(draft, known)
        new = new_id(draft, message)
        made.add(
            draft.name,
            draft.type,
            Place(new if kept is None else kept.id, kept or shelf.read(draft.type, new)),
        )
    _demand_one_patient(made, story)
    return made


def new_id(draft: Draft, message: str) -> str:
    """From the first identifier, or else from the message and the draft's name in it."""
    first = draft.identifiers[0] if draft.identifiers else (message, draft.name)
    kinds = sorted("|".join(each) for each in _codes(draft.resource.get("code", {})))
    return minted(draft.type, *first, *(kinds if draft.type == "DiagnosticReport" else ()))


def minted(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "|".join(parts)))


def _place_patient(made: Places, draft: Draft, found: Found, message: str) -> None:
    if found.living is None:
        made.add(draft.name, draft.type, Place(new_id(draft, message)))
        return
    if found.through:
        made.notes.append("merged-identifier: the patient goes by another number now")
    made.add(draft.name, draft.type, Place(found.living.id, found.living))


def demand_same_person(here: Resource, said: Resource) -> None:
    """The number is somebody's, the name and the day of birth are both somebody else's (H-067).

    Raises:
        Doubt: then a number was mistyped; one of the two may differ.
    """
    names, born = _words(here), str(here.get("birthDate", ""))
    others, day = _words(said), str(said.get("birthDate", ""))
    if names and others and born and day and born != day and not names & others:
        raise Doubt("the patient identifier is known here with another name and another birth date")


def _words(resource: Resource) -> frozenset[str]:
    parts = [
        word
        for name in resource.get("name", [])
        for word in (name.get("text", ""), name.get("family", ""), *name.get("given", []))
    ]
    return name_words(" ".join(each or "" for each in parts))


def _known(shelf: Shelf, drafts: Sequence[Draft]) -> _Known:
    """Type, system, value -> who carries it; looked up many at a time."""
    found: dict[tuple[str, str, str], list[Stored]] = {}
    for type_ in dict.fromkeys(each.type for each in drafts if each.type != "Patient"):
        wanted = list(
            dict.fromkeys(name for each in drafts if each.type == type_ for name in each.identifiers)
        )
        for at in range(0, len(wanted), _AT_ONCE):
            for stored in by_identifiers(shelf, type_, wanted[at : at + _AT_ONCE]):
                for name in _names(body(stored)):
                    found.setdefault((type_, *name), []).append(stored)
    return found


def _names(resource: Resource) -> Iterator[tuple[str, str]]:
    named = resource.get("identifier", [])
    for each in named if isinstance(named, list) else [named]:
        yield str(each.get("system", "")), str(each.get("value", ""))


def _one(draft: Draft, known: _Known) -> Stored | None:
    found = {each.id: each for name in draft.identifiers for each in known.get((draft.type, *name), [])}
    if len(found) > 1:
        raise Doubt(f"its identifiers belong to several resources of type {draft.type} here")
    return next(iter(found.values()), None)


def _report(draft: Draft, known: _Known) -> Stored | None:
    """One number may be that of several reports: what is signed is another's where it answers another code.

    Raises:
        Doubt: several answer the same.
    """
    found = {each.id: each for name in draft.identifiers for each in known.get((draft.type, *name), [])}
    own = [each for each in found.values() if not _settled(body(each)) or _same_code(body(each), draft)]
    if len(own) > 1:
        raise Doubt("its identifiers belong to several reports of one kind here")
    return own[0] if own else None


def _settled(report: Resource) -> bool:
    return report.get("status") not in ("registered", "preliminary", "partial", "unknown")


def _same_code(report: Resource, draft: Draft) -> bool:
    """Any coding in common; of codes in words alone the words."""
    here, said = report.get("code", {}), draft.resource.get("code", {})
    codes = _codes(here) & _codes(said)
    return bool(codes) or (not (_codes(here) and _codes(said)) and here.get("text") == said.get("text"))


def _codes(concept: Resource) -> set[tuple[str, str]]:
    return {(str(each.get("system", "")), str(each.get("code", ""))) for each in concept.get("coding", [])}


def _by_parts(draft: Draft, made: Places, shelf: Shelf) -> Stored | None:
    """A role that nobody has numbered is known by who has it, and where."""
    if draft.type != "PractitionerRole" or draft.identifiers:
        return None
    tests = []
    for element in ("practitioner", "organization"):
        name = str(draft.resource.get(element, {}).get("reference", "")).removeprefix("draft:")
        if name not in made.found or made.found[name].kept is None:
            return None
        tests.append(Reference(element, (made.reference(name),)))
    found = shelf.find(Query("PractitionerRole", tuple(tests)), 1)
    return found[0] if found else None


def _by_order(draft: Draft, made: Places, story: Story, shelf: Shelf) -> Stored | None:
    """A report that bears no number that is known here is the one that its order waits for.

    Who waits for any report waits for none where there is one.
    """
    for each in story.orders:
        if each.report == draft.name and each.order in made.found:
            order = made.found[each.order]
            if order.kept is None:
                return None
            found = answering(shelf, order.reference("ServiceRequest"))
            registered = [one for one in found if body(one).get("status") == "registered"]
            return next(iter(registered or (found if draft.resource["status"] == "registered" else [])), None)
    return None


def _demand_one_patient(made: Places, story: Story) -> None:
    """What an order or a result is about is not changed by a message (H-088)."""
    about = {made.reference(each.name) for each in story.drafts if each.type == "Patient"}
    kept: Iterable[tuple[str, Stored]] = (
        (made.types[name], place.kept) for name, place in made.found.items() if place.kept is not None
    )
    for type_, stored in kept:
        if type_ in _OF_A_PATIENT and (whose := patient_of(body(stored))) and about and whose not in about:
            raise Doubt(f"its {type_} is known here as another patient's")

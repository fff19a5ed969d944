"""CodeSystems, ValueSets and NamingSystems, from the vocabulary and the cards of the readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from server.fhir import terms
from server.fhir.artefacts.heading import CHANGED, heading, name
from server.fhir.artefacts.vocabulary import GROUPS, NAMED, TITLES, Group
from server.model import Card, Coding
from server.ports import Resource


def code_systems(cards: Iterable[Card]) -> Iterator[Resource]:
    """Ours, whole; the questions are those that somebody here reads."""
    for system in TITLES:
        meanings = [
            pair for group in _groups(cards) if group.system == system for pair in group.meanings.items()
        ]
        yield {
            **heading("CodeSystem", system.rpartition("/")[2], TITLES[system]),
            "caseSensitive": True,
            "content": "complete",
            "count": len(meanings),
            "concept": [_concept(code, meaning) for code, meaning in meanings],
        }


def value_sets(cards: Iterable[Card]) -> Iterator[Resource]:
    """One for each element that is bound to codes of ours."""
    for group in _groups(cards):
        concepts = [{"code": code.code, "display": code.display} for code in group.meanings]
        include = {"system": group.system, "concept": concepts}
        yield {**heading("ValueSet", group.id, group.title), "compose": {"include": [include]}}


def naming_systems() -> Iterator[Resource]:
    """NamingSystem has no url of its own in R4; its unique id is the system that it names."""
    for system, names in NAMED.items():
        id_ = system.rpartition("/")[2]
        yield {
            "resourceType": "NamingSystem",
            "id": id_,
            "name": name(id_),
            "status": "active",
            "kind": "identifier",
            "date": CHANGED.isoformat(),
            "publisher": "Second Reader",
            "description": names,
            "uniqueId": [{"type": "uri", "value": system, "preferred": True}],
        }


def _groups(cards: Iterable[Card]) -> tuple[Group, ...]:
    asked = {Coding(terms.QUESTION, each.question, each.title): each.intended_use for each in cards}
    return (*GROUPS, Group("question", TITLES[terms.QUESTION], terms.QUESTION, asked))


def _concept(code: Coding, meaning: str) -> Resource:
    return {"code": code.code, "display": code.display, "definition": meaning}

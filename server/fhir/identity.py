"""Who a reference means: a person or an organisation goes by every name that it has here.

The same doctor may be posted twice, by two systems, under two ids; what they share is an identifier
(system and value, an NPI say). An organisation is also what it is part of: a department's doctor works
for the hospital.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from server.fhir.parse import parse
from server.fhir.references import normal
from server.ports import Resource, Stored

Look = Callable[[str, str], Stored | None]

_LEVELS = 8
"""How far Organization.partOf is followed; also what ends a circle."""


def person(references: Iterable[Resource], look: Look) -> frozenset[str]:
    """Every name of the Practitioners and PractitionerRoles referred to; a role is its person too."""
    names = set[str]()
    for each in references:
        if _type(each) == "Organization":
            continue
        resource = resource_of(each, look)
        names |= {*_named(each), *_identifiers(resource)}
        if "practitioner" in resource:
            names |= person([resource["practitioner"]], look)
    return frozenset(names)


def organisation(references: Iterable[Resource], look: Look) -> frozenset[str]:
    """Every name of the Organizations referred to, and of what they are part of."""
    names, level = set[str](), [each for each in references if _type(each) in ("Organization", "")]
    for _ in range(_LEVELS):
        resources = [resource_of(each, look) for each in level]
        names |= {name for each in level for name in _named(each)}
        names |= {name for each in resources for name in _identifiers(each)}
        level = [each["partOf"] for each in resources if "partOf" in each]
    return frozenset(names)


def _named(reference: Resource) -> Iterator[str]:
    """By its address, and by the identifier that a Reference may carry (R4 references.html#logical)."""
    if reference.get("reference"):
        yield normal(reference["reference"])
    yield from _identifiers({"identifier": [reference["identifier"]]} if "identifier" in reference else {})


def named(resource: Resource) -> frozenset[str]:
    """The names of one resource: its address here, and its identifiers."""
    return frozenset({f"{resource['resourceType']}/{resource['id']}", *_identifiers(resource)})


def once(look: Look) -> Look:
    """``look`` that reads each resource once, for a directory in which many have one organisation."""
    seen: dict[tuple[str, str], Stored | None] = {}

    def remembered(type_: str, id_: str) -> Stored | None:
        if (type_, id_) not in seen:
            seen[type_, id_] = look(type_, id_)
        return seen[type_, id_]

    return remembered


def _identifiers(resource: Resource) -> Iterator[str]:
    """``system|value``; one without a system is the same nowhere else."""
    for each in resource.get("identifier", []):
        if each.get("system") and each.get("value"):
            yield f"{each['system']}|{str(each['value']).strip()}"


def _type(reference: Resource) -> str:
    return normal(reference.get("reference", "")).partition("/")[0] or str(reference.get("type", ""))


def resource_of(reference: Resource, look: Look) -> Resource:
    """What a reference leads to here; empty: nothing."""
    kind, _, id_ = normal(reference.get("reference", "")).partition("/")
    stored = look(kind, id_) if id_ else None
    return {} if stored is None else parse(stored.body)

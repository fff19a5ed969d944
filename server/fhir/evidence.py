"""Patient and Observations -> Evidence. No opinion passes here: only what a reader may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from server.fhir.parse import parse
from server.fhir.times import day, moment
from server.model import Coding, Comparator, Evidence, Measurement, ResourceKey
from server.ports import Resource, Stored

_FINAL = frozenset({"final", "amended", "corrected", "appended"})
_VOID = frozenset({"cancelled", "entered-in-error"})


def evidence(patient: Stored, observations: Sequence[Stored], anchor: datetime) -> Evidence:
    """What the readers get to see of one patient, as of ``anchor``."""
    person = parse(patient.body)
    measured = tuple(m for stored in observations for m in measurements(stored))
    return Evidence(
        measurements=measured,
        birth_date=day(person.get("birthDate", "")),
        sex=person.get("gender"),
        anchor=anchor,
    )


def measurements(stored: Stored) -> Iterator[Measurement]:
    """The values of one Observation: its own, or those of its components (panels).

    One with a ``focus`` is about that, a fetus or a donor say, not about its subject (R4 Observation.focus).
    """
    observation = parse(stored.body)
    if observation["status"] in _VOID or observation.get("focus"):
        return
    source = ResourceKey(stored.type, stored.id, stored.version)
    for part in (observation, *observation.get("component", [])):
        if codes := codings(part.get("code", {})):
            yield _measurement(observation, part, codes, source)


def codings(concept: Resource) -> tuple[Coding, ...]:
    """The codings of a CodeableConcept that say what system they are from."""
    return tuple(
        Coding(each["system"], each["code"], each.get("display", ""))
        for each in concept.get("coding", [])
        if each.get("system") and each.get("code")
    )


def _measurement(
    observation: Resource, part: Resource, codes: tuple[Coding, ...], source: ResourceKey
) -> Measurement:
    quantity: dict[str, Any] = part.get("valueQuantity", {})
    value = quantity.get("value")
    return Measurement(
        codes=codes,
        value=None if value is None else Decimal(value),
        unit=_unit(quantity),
        effective=_effective(observation),
        source=source,
        comparator=Comparator(quantity["comparator"]) if "comparator" in quantity else None,
        final=observation["status"] in _FINAL,
    )


def _unit(quantity: Resource) -> str:
    """The UCUM code. A bare ``unit`` text is for people and is never computed with (R4 Quantity)."""
    if quantity.get("system") != "http://unitsofmeasure.org":
        return ""
    return str(quantity.get("code", ""))


def _effective(observation: Resource) -> datetime | None:
    said = (
        observation.get("effectiveDateTime")
        or observation.get("effectiveInstant")
        or observation.get("effectivePeriod", {}).get("end", "")
    )
    return moment(str(said))

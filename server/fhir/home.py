"""The pens at our own door: what they write for elsewhere, with references that lead to our shelf.

The pens name things by identifier, because ids elsewhere are not ours. Here the minted value is
the id, so a reference to ``{SR}/referral|x`` is ``ServiceRequest/x``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.fhir.pens.correspondence import Correspondence, Operator, mint
from server.fhir.pens.datatypes import Json
from server.fhir.terms import SR

HERE = f"{SR}/here"
"""Identifier system that stands for 'Type/id on our own shelf' while a resource is being written."""


class Everything(Mapping[str, Mapping[str, Any]]):
    """Every resource of ours is known here by its own address."""

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        return {"system": HERE, "value": key}

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def letter_home(case_id: str, patient: str, task: str, posted: Json, operator: Operator) -> Correspondence:
    """A correspondence with ourselves."""
    return Correspondence(
        case=case_id,
        patient={"system": HERE, "value": patient},
        task={"system": HERE, "value": task},
        posted=posted,
        operator=operator,
        known=Everything(),
    )


def settle_references(value: Any) -> Any:
    """``value`` with every logical reference to our own things made literal."""
    if isinstance(value, list):
        return [settle_references(each) for each in value]
    if not isinstance(value, dict):
        return value
    named = value.get("identifier")
    if "type" in value and isinstance(named, dict) and "reference" not in value:
        return _literal(value, named)
    return {name: settle_references(part) for name, part in value.items()}


def publish(bundle: Json) -> list[tuple[str, Json]]:
    """(id, resource) for each resource that a transaction creates, with bundle-local names resolved."""
    entries = [each for each in bundle["entry"] if each["request"]["method"] == "POST"]
    ids = {each["fullUrl"]: _id(each) for each in entries}
    names = {
        each["fullUrl"]: f"{each['resource']['resourceType']}/{ids[each['fullUrl']]}" for each in entries
    }
    return [(ids[each["fullUrl"]], _named(settle_references(each["resource"]), names)) for each in entries]


def _id(entry: Json) -> str:
    """The minted identifier is the id; a Device is one for all cases of its model version."""
    resource = entry["resource"]
    if resource["resourceType"] == "Device":
        return str(mint(resource["identifier"][0]["value"], "device"))
    return str(entry["fullUrl"].removeprefix("urn:uuid:"))


def _literal(reference: Json, named: Json) -> Json:
    system, value = named.get("system", ""), named.get("value", "")
    rest = {name: part for name, part in reference.items() if name in ("type", "display")}
    if system == HERE:
        return {"reference": value, **rest}
    if system.startswith(f"{SR}/"):
        return {"reference": f"{reference['type']}/{value}", **rest}
    return reference


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_named(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("reference") in names:
        return {**value, "reference": names[value["reference"]]}
    return {name: _named(part, names) for name, part in value.items()}

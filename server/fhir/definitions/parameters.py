"""The search parameters of each type, R4's (``search.json``) and our own, and the Patient compartment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from server.fhir.definitions.own import OWN

Kind = Literal["composite", "date", "number", "quantity", "reference", "special", "string", "token", "uri"]


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a composite parameter."""

    code: str
    type: Kind
    expression: str
    """FHIRPath on what the expression of the whole parameter finds."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One SearchParameter as it reads for one resource type."""

    code: str
    """The name in a query."""
    type: Kind
    url: str = ""
    """Its definition; empty for ``_has``, ``_list`` and ``_type``, which R4 only describes."""
    expression: str = ""
    """FHIRPath, only the alternatives that concern the type; empty where values are not elements."""
    targets: tuple[str, ...] = ()
    """Resource types that the reference may lead to, as far as the element allows; none named for any."""
    components: tuple[Component, ...] = ()
    usage: Literal["normal", "phonetic", "nearby"] = "normal"
    """How a value is compared when not as its type says."""
    multiple_or: bool | None = None
    """Whether values may be joined with commas; None where the definition is silent."""
    multiple_and: bool | None = None
    comparators: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()


@dataclass(frozen=True)
class _File:
    source: str
    parameters: dict[str, list[Parameter]]
    patient_compartment: dict[str, tuple[str, ...]]


_FILE = msgspec.json.decode(Path(__file__).with_name("search.json").read_bytes(), type=_File)
OFFICIAL: Mapping[str, Mapping[str, Parameter]] = {
    name: {each.code: each for each in parameters} for name, parameters in _FILE.parameters.items()
}
"""As R4 has them."""
PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    name: {
        **official,
        **{
            each.code: Parameter(each.code, each.type, each.url(name), each.expression)
            for each in OWN.get(name, ())
        },
    }
    for name, official in OFFICIAL.items()
}
"""Resource type -> code -> parameter, those of every resource among them."""
PATIENT_COMPARTMENT: Mapping[str, tuple[str, ...]] = _FILE.patient_compartment
"""Resource type -> codes of the reference parameters by which it belongs to a Patient."""

"""A parameter as it is named in a search, and refusals that name it.

Only names that R4 defines are told: a name that nobody knows may be anything, a patient's too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from server.errors import Category, Fault, fault
from server.fhir.definitions.elements import Element
from server.fhir.definitions.parameters import Parameter
from server.fhir.query.asker import Asker
from server.fhir.rows.extraction import leaves


@dataclass(frozen=True, slots=True)
class Named:
    """One parameter of one type, with its modifier."""

    type: str
    parameter: Parameter
    modifier: str
    asker: Asker
    param: str
    """As its rows are named."""
    told: str
    """As it is told to people: from where the search begins."""
    elements: tuple[Element, ...]
    """Where its values stand."""

    @property
    def types(self) -> frozenset[str]:
        """The datatypes of its values."""
        return frozenset(element.type for element in self.elements)

    def under(self, name: str) -> Named:
        """The rows that it has for a modifier."""
        return replace(self, param=f"{self.param}:{name}")

    def refused(self, text: str, code: str = "value") -> Fault:
        """A refusal that says what is accepted."""
        return refused(self.told, text, code)


def named(type_: str, parameter: Parameter, modifier: str, asker: Asker, before: str) -> Named:
    told = f"{before}{parameter.code}"
    elements = leaves(type_, parameter.code) if parameter.expression else ()
    return Named(type_, parameter, modifier, asker, parameter.code, told, elements)


def refused(told: str, text: str, code: str = "value") -> Fault:
    return fault(Category.INCORRECT, code, f"{told}: {text}")

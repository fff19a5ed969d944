"""SearchParameters and the Patient compartment to ``search.json``, type by type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.fhir.definitions.make.elements import Elements, resource_types
from server.fhir.definitions.make.narrow import expression_for, targets_for
from server.fhir.definitions.make.package import Json, Package

_NOT_DOMAIN = frozenset({"Binary", "Bundle", "Parameters"})
_UNDEFINED = (
    {"code": "_has", "type": "special"},
    {"code": "_list", "type": "special"},
    {"code": "_type", "type": "special"},
)
"""Of every resource too (search.html, table of all parameters), but R4 has no SearchParameter for them."""
_DEFINITIONS = "http://hl7.org/fhir/SearchParameter/"
_ERRATA: Mapping[tuple[str, str], Mapping[str, str]] = {
    # The two definitions are crossed: the relation is the code, what is related to the target.
    ("relationship", "code"): {"definition": f"{_DEFINITIONS}DocumentReference-relation"},
    ("relationship", "target"): {"definition": f"{_DEFINITIONS}DocumentReference-relatesto"},
    # The type is called dateTime.
    ("code-value-date", "value.as(DateTime) | value.as(Period)"): {
        "expression": "value.as(dateTime) | value.as(Period)"
    },
}
"""(parameter, expression of a component) -> what R4 says wrongly there."""
Row = dict[str, Any]


class Search:
    """The search parameters of the types that ``elements`` holds."""

    def __init__(self, package: Package, elements: Elements) -> None:
        self._definitions = {each["url"]: each for each in package.search_parameters()}
        self._package = package
        self._tables = elements.tables
        self._any = set(resource_types(package)) - {"Parameters"}  # which has no address

    def parameters(self, type_name: str) -> list[Row]:
        """All parameters of one type, those of every resource first, each group in order of its codes."""
        bases = ["Resource", *([] if type_name in _NOT_DOMAIN else ["DomainResource"]), type_name]
        rows = [self._row(each, type_name) for base in bases for each in self._of(base)]
        common = [each for each in rows if each["code"].startswith("_")]
        own = [each for each in rows if not each["code"].startswith("_")]
        return [*sorted([*common, *_UNDEFINED], key=_code), *sorted(own, key=_code)]

    def compartment(self, name: str, types: Iterable[str]) -> dict[str, list[str]]:
        """Type -> codes of the parameters that put a resource into the compartment."""
        listed = {each["code"]: each for each in self._package.compartment(name)["resource"]}
        return {each: listed[each]["param"] for each in types if "param" in listed.get(each, ())}

    def _of(self, base: str) -> list[Json]:
        return [each for each in self._definitions.values() if base in each["base"]]

    def _row(self, definition: Json, type_name: str) -> Row:
        expression = expression_for(type_name, definition.get("expression", ""))
        row = {
            "code": definition["code"],
            "type": definition["type"],
            "url": definition["url"],
            "expression": expression,
            "targets": self._targets(definition, expression),
            "components": [
                self._component(definition["code"], each) for each in definition.get("component", ())
            ],
            "usage": definition.get("xpathUsage", "normal"),
            "multiple_or": definition.get("multipleOr"),
            "multiple_and": definition.get("multipleAnd"),
            "comparators": definition.get("comparator"),
            "modifiers": definition.get("modifier"),
            "chains": definition.get("chain"),
        }
        return {
            name: value
            for name, value in row.items()
            if value not in (None, "", []) and (name, value) != ("usage", "normal")
        }

    def _targets(self, definition: Json, expression: str) -> list[str]:
        if definition["type"] != "reference":
            return []
        declared = set(definition.get("target", ()))
        return targets_for(expression, set() if declared >= self._any else declared, self._tables)

    def _component(self, code: str, component: Json) -> Row:
        right = {**component, **_ERRATA.get((code, component["expression"]), {})}
        definition = self._definitions[right["definition"]]
        return {
            "code": definition["code"],
            "type": definition["type"],
            "expression": right["expression"],
        }


def _code(row: Row) -> str:
    code: str = row["code"]
    return code

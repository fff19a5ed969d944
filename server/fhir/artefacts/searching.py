"""The search parameters of our own, as SearchParameter resources."""

from __future__ import annotations

from collections.abc import Iterator

from server.fhir.artefacts.heading import heading
from server.fhir.bindings import KEPT
from server.fhir.definitions.own import OWN
from server.ports import Resource


def search_parameters() -> Iterator[Resource]:
    """What R4 has no parameters for; a reference may lead to anything that is kept here."""
    for type_, parameters in OWN.items():
        for each in parameters:
            yield {
                **heading("SearchParameter", f"{type_}-{each.code}"),
                "description": each.meaning,
                "code": each.code,
                "base": [type_],
                "type": each.type,
                "expression": each.expression,
                "xpathUsage": "normal",
                **({"target": list(KEPT)} if each.type == "reference" else {}),
                "multipleOr": True,
                "multipleAnd": True,
            }

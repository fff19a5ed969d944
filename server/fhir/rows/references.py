"""Values of reference parameters (R4 search.html#reference), and of ``:identifier``.

What leads to a contained resource, or is known by identifier only, keeps an empty row: it cannot be
found by address, but it is there, and ``:missing`` must know.
"""

from __future__ import annotations

from typing import Any

from server.fhir.references import normal
from server.fhir.rows.tokens import versionless
from server.fhir.rows.tree import Emit, Found
from server.query import ReferenceRow, TokenRow


def reference(param: str) -> Emit:
    identifier_param = f"{param}:identifier"

    def emit(value: dict[str, Any], found: Found) -> None:
        literal = value.get("reference", "")
        target = "" if literal.startswith("#") else normal(literal)
        found.rows.append(ReferenceRow(param, target, found.part))
        identifier = value.get("identifier")
        if identifier is not None and "value" in identifier and not found.part:
            found.rows.append(TokenRow(identifier_param, identifier.get("system", ""), identifier["value"]))

    return emit


def canonical(param: str) -> Emit:
    """Found with its version and without (R4 references.html#canonical)."""

    def emit(value: str, found: Found) -> None:
        for each in ("",) if value.startswith("#") else versionless(value):
            found.rows.append(ReferenceRow(param, each, found.part))

    return emit

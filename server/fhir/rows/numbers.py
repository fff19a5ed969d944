"""Values of number and quantity parameters (R4 search.html#number, #quantity)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from server.fhir.rows.tree import Emit, Found
from server.query import NumberRow

LEAST, MOST = Decimal("-1e308"), Decimal("1e308")
"""What a side that is open reaches to: as far as a double does, which no measurement comes near."""

_OPEN = {"<": (True, False), "<=": (True, False), ">": (False, True), ">=": (False, True)}


def number(param: str) -> Emit:
    def emit(value: Any, found: Found) -> None:
        exact = _decimal(value)
        found.rows.append(NumberRow(param, exact, exact, part=found.part))

    return emit


def quantity(param: str) -> Emit:
    """Found by the unit's code, and by the unit as people write it where that is another word."""

    def emit(value: dict[str, Any], found: Found) -> None:
        if "value" not in value:
            return
        exact = _decimal(value["value"])
        below, above = _OPEN.get(value.get("comparator", ""), (False, False))
        _add(found, param, LEAST if below else exact, MOST if above else exact, value)

    return emit


def range_(param: str) -> Emit:
    """A side that is not told is open."""

    def emit(value: dict[str, Any], found: Found) -> None:
        low, high = value.get("low", {}), value.get("high", {})
        if "value" in low or "value" in high:
            least = _decimal(low["value"]) if "value" in low else LEAST
            most = _decimal(high["value"]) if "value" in high else MOST
            _add(found, param, least, most, low if "value" in low else high)

    return emit


def _add(found: Found, param: str, low: Decimal, high: Decimal, unit: dict[str, Any]) -> None:
    code = unit.get("code", "")
    found.rows.append(NumberRow(param, low, high, unit.get("system", ""), code, found.part))
    written = unit.get("unit", "")
    if written and written != code:
        found.rows.append(NumberRow(param, low, high, "", written, found.part))


def _decimal(value: Any) -> Decimal:
    return value if type(value) is Decimal else Decimal(str(value))

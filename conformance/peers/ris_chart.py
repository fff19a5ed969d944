"""What a system that speaks HL7 v2 has been told: the newest of each statement, as it would show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Said:
    """One OBX as it stands."""

    value: str
    """OBX-5, as it was written."""
    status: str
    """OBX-11."""


@dataclass
class Report:
    """Everything under one filler number (OBR-3)."""

    status: str
    """OBR-25."""
    said: dict[tuple[str, str], Said] = field(default_factory=dict)
    """By code (OBX-3.1) and sub-id (OBX-4)."""


def chart(messages: Iterable[str]) -> dict[str, Report]:
    """Reports by filler number (OBR-3.1), from ORU messages in the order in which they came."""
    reports: dict[str, Report] = {}
    for message in messages:
        current: Report | None = None
        for line in message.split("\r"):
            fields = line.split("|")
            if fields[0] == "OBR":
                current = reports.setdefault(_part(fields, 3), Report(""))
                current.status = _field(fields, 25)
            elif fields[0] == "OBX" and current is not None:
                key = _part(fields, 3), _field(fields, 4)
                current.said[key] = Said(_field(fields, 5), _field(fields, 11))
    return reports


def _field(fields: list[str], number: int) -> str:
    return fields[number] if len(fields) > number else ""


def _part(fields: list[str], number: int) -> str:
    return _field(fields, number).split("^")[0]

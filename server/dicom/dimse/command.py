"""Command sets: group 0000 in implicit VR little endian, whatever was negotiated (PS3.7 6.3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct, pack

_ELEMENT = Struct("<HHI")

GROUP_LENGTH, SOP_CLASS, FIELD, MESSAGE_ID, RESPONDED_ID = 0x0000, 0x0002, 0x0100, 0x0110, 0x0120
PRIORITY, DATA_SET_TYPE, STATUS, COMMENT = 0x0700, 0x0800, 0x0900, 0x0902
SOP_INSTANCE, ORIGINATOR, ORIGINATOR_ID = 0x1000, 0x1030, 0x1031
DESTINATION = 0x0600
REMAINING, COMPLETED, FAILED, WARNING = 0x1020, 0x1021, 0x1022, 0x1023
"""Counters of sub-operations (PS3.7 9.1.3.1, 9.1.4.1)."""
REQUESTED_SOP_CLASS, REQUESTED_SOP_INSTANCE = 0x0003, 0x1001
_NO_DATA, _SOME_DATA = 0x0101, 0x0001
_LONGEST_COMMENT = 64


class Field(IntEnum):
    """Command Field (PS3.7 annex E.1); a response has its highest bit set."""

    C_STORE_RQ = 0x0001
    C_GET_RQ = 0x0010
    C_FIND_RQ = 0x0020
    C_MOVE_RQ = 0x0021
    C_ECHO_RQ = 0x0030
    N_EVENT_REPORT_RQ = 0x0100
    N_SET_RQ = 0x0120
    N_CREATE_RQ = 0x0140
    C_CANCEL_RQ = 0x0FFF


RESPONSE = 0x8000


class Unreadable(Exception):
    """It is no command set, or one that cannot be answered."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command set; what of it every request has."""

    field: int
    message_id: int
    has_data: bool
    elements: Mapping[int, bytes]
    """Element number -> value as it came."""

    def uid(self, element: int) -> str:
        """A UID without its padding; empty when it is not there, or not written in ASCII."""
        value = self.elements.get(element, b"").rstrip(b"\0 ")
        return value.decode("ascii") if value.isascii() else ""

    def text(self, element: int) -> str:
        value = self.elements.get(element, b"").strip(b"\0 ")
        return value.decode("ascii") if value.isascii() else ""


def read_command(encoded: bytes) -> Command:
    """Raises Unreadable."""
    elements: dict[int, bytes] = {}
    at, before = 0, -1
    while at < len(encoded):
        if at + _ELEMENT.size > len(encoded):
            raise Unreadable
        group, number, length = _ELEMENT.unpack_from(encoded, at)
        at += _ELEMENT.size
        if group or number <= before or at + length > len(encoded):
            raise Unreadable
        elements[number] = encoded[at : at + length]
        at, before = at + length, number
    field, kind = _short(elements, FIELD), _short(elements, DATA_SET_TYPE)
    # What cancels, and what responds, names another's message instead (PS3.7 9.3.2.3).
    answered = field & RESPONSE or field == Field.C_CANCEL_RQ
    message_id = _short(elements, RESPONDED_ID if answered else MESSAGE_ID)
    return Command(field, message_id, kind != _NO_DATA, elements)


def _short(elements: Mapping[int, bytes], number: int) -> int:
    value = elements.get(number, b"")
    if len(value) != 2:
        raise Unreadable
    return int.from_bytes(value, "little")


def respond(
    command: Command,
    status: int,
    comment: str = "",
    *,
    has_data: bool = False,
    counters: Mapping[int, int] | None = None,
) -> bytes:
    """The response to a request (PS3.7 9.3.1.2 to 9.3.5.2); ``has_data``: a data set follows it.

    ``comment`` says why to a person; it is cut to what fits into one (PS3.7 annex C, LO).
    """
    elements = {
        FIELD: pack("<H", command.field | RESPONSE),
        RESPONDED_ID: pack("<H", command.message_id),
        DATA_SET_TYPE: pack("<H", _SOME_DATA if has_data else _NO_DATA),
        STATUS: pack("<H", status),
        **{number: pack("<H", count) for number, count in (counters or {}).items()},
    }
    for number, requested in (
        (SOP_CLASS, REQUESTED_SOP_CLASS),
        (SOP_INSTANCE, REQUESTED_SOP_INSTANCE),
    ):
        named = command.elements.get(number, command.elements.get(requested))
        if named is not None:
            elements[number] = named
    if comment:
        said = comment[:_LONGEST_COMMENT].encode("ascii", "replace")
        elements[COMMENT] = said + b" " * (len(said) % 2)
    return write_command(elements)


def write_command(elements: Mapping[int, bytes]) -> bytes:
    """Elements in order, their group length first; every value already of even length."""
    body = b"".join(
        _ELEMENT.pack(0, number, len(value)) + value for number, value in sorted(elements.items())
    )
    return _ELEMENT.pack(0, GROUP_LENGTH, 4) + pack("<I", len(body)) + body

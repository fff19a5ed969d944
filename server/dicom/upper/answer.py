"""The PDUs that we send (PS3.8 section 9.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from struct import pack

from server.dicom.upper.pdu import Type, Why
from server.dicom.upper.request import APPLICATION_CONTEXT, Request, Role

IMPLEMENTATION_CLASS_UID = "2.25.89228533631726979010327836548103415392"
"""Ours, in every association and file: the UUID (version 5, URL) of https://second-reader/implementation
as PS3.5 annex B.2 writes one. It never changes."""
IMPLEMENTATION_VERSION_NAME = "SECOND_READER"
"""At most 16 characters (PS3.7 D.3.3.2)."""
_IMPLICIT = "1.2.840.10008.1.2"
_LARGEST = 64 * 1024
"""Of one fragment, whatever more a peer would take."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one presentation context (PS3.8 table 9-18)."""

    id: int
    result: int
    sop_class: str
    syntax: str
    """Not significant unless it is accepted."""


ACCEPTED, NO_REASON, ABSTRACT_SYNTAX_NOT_SUPPORTED, TRANSFER_SYNTAXES_NOT_SUPPORTED = 0, 2, 3, 4


class Rejection(Enum):
    """Result, source, reason of an A-ASSOCIATE-RJ (PS3.8 table 9-21)."""

    APPLICATION_CONTEXT = (1, 1, 2)
    CALLING_AE = (1, 1, 3)
    CALLED_AE = (1, 1, 7)
    PROTOCOL_VERSION = (1, 2, 2)
    CONGESTION = (2, 3, 1)
    LIMIT = (2, 3, 2)


def accept(
    request: Request, contexts: Sequence[Answered], max_length: int, roles: Sequence[Role] = ()
) -> bytes:
    """A-ASSOCIATE-AC (PS3.8 9.3.3); the titles are sent back as they came."""
    head = pack(">H2x16s16s32x", 1, request.called, request.calling)
    items = [item(0x10, APPLICATION_CONTEXT.encode())]
    items += (
        item(0x21, pack(">BxBx", each.id, each.result) + item(0x40, (each.syntax or _IMPLICIT).encode()))
        for each in contexts
    )
    items.append(item(0x50, b"".join(_user(request, max_length, roles))))
    return pdu(Type.ASSOCIATE_AC, head + b"".join(items))


def _user(request: Request, max_length: int, roles: Sequence[Role]) -> Iterable[bytes]:
    """In ascending order of their types, as some peers expect them."""
    yield item(0x51, pack(">I", max_length))
    yield item(0x52, IMPLEMENTATION_CLASS_UID.encode())
    if request.asks_window:
        yield item(0x53, pack(">HH", 1, 1))
    for each in roles:
        uid = each.sop_class.encode()
        yield item(0x54, pack(">H", len(uid)) + uid + bytes((each.scu, each.scp)))
    yield item(0x55, IMPLEMENTATION_VERSION_NAME.encode())


def reject(why: Rejection) -> bytes:
    return pdu(Type.ASSOCIATE_RJ, b"\0" + bytes(why.value))


def release_reply() -> bytes:
    return pdu(Type.RELEASE_RP, bytes(4))


def abort(why: Why | None) -> bytes:
    """The provider's with its reason; without one the user's, whose reason is not significant."""
    return pdu(Type.ABORT, bytes(4) if why is None else bytes((0, 0, 2, why)))


def command(context: int, encoded: bytes, max_length: int) -> bytes:
    """One command set in as many P-DATA-TF PDUs as the peer's maximum asks for (PS3.8 9.3.5)."""
    return _parts(context, encoded, max_length, 1, last=True)


def data(context: int, encoded: bytes, max_length: int, *, last: bool) -> bytes:
    """Some of a data set, or the ``last`` of it."""
    return _parts(context, encoded, max_length, 0, last=last)


def fragment_bytes(max_length: int) -> int:
    """How much of a message one PDU holds for a peer that takes ``max_length``."""
    return min(max(max_length - 6, 1), _LARGEST) if max_length else _LARGEST


def _parts(context: int, encoded: bytes, max_length: int, header: int, *, last: bool) -> bytes:
    most = fragment_bytes(max_length)
    parts = [encoded[at : at + most] for at in range(0, len(encoded), most)] or [b""]
    ends = header | 2 if last else header
    return b"".join(
        pdu(Type.DATA, pack(">IBB", len(part) + 2, context, ends if number == len(parts) else header) + part)
        for number, part in enumerate(parts, start=1)
    )


def pdu(kind: Type, payload: bytes) -> bytes:
    return pack(">BxI", kind, len(payload)) + payload


def item(kind: int, value: bytes) -> bytes:
    return pack(">BxH", kind, len(value)) + value

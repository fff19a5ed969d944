"""A-ASSOCIATE-RQ, read strictly: every item must end where the one around it says (PS3.8 9.3.2, annex D).

pynetdicom reads the same PDU, but slices past what is there without a word, takes 68 bytes of
nothing for a request, and needs half a second to be imported: so this is ours. It is held against
pynetdicom's in tests/dicom/upper/test_request.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from server.dicom.upper.pdu import Violation, Why

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
_HEAD = Struct(">H2x16s16s32x")
_ITEM = Struct(">BxH")
_UID = re.compile(rb"[0-9]+(\.[0-9]+)*")
_MOST_CONTEXTS = 128

_APPLICATION, _CONTEXT, _ABSTRACT, _TRANSFER, _USER = 0x10, 0x20, 0x30, 0x40, 0x50
_MAX_LENGTH, _IMPLEMENTATION, _WINDOW, _ROLE, _VERSION, _IDENTITY = 0x51, 0x52, 0x53, 0x54, 0x55, 0x58


@dataclass(frozen=True, slots=True)
class Proposed:
    """One presentation context as the peer proposes it (PS3.8 9.3.2.2)."""

    id: int
    sop_class: str
    syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """Which roles the requestor would take for a SOP class (PS3.7 D.3.3.4)."""

    sop_class: str
    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What a peer asks for."""

    version: int
    called: bytes
    """As it stands on the wire: 16 bytes. ``ae_title`` reads it."""
    calling: bytes
    application_context: str
    contexts: tuple[Proposed, ...]
    max_length: int
    """Of the PDUs that the peer takes; 0: any."""
    roles: tuple[Role, ...]
    asks_window: bool
    """It would do several operations at once; the answer says: one."""
    implementation: str
    implementation_version: str


def ae_title(field: bytes) -> str | None:
    """An AE title without the blanks around it; None when it is none (PS3.5 6.2, AE)."""
    title = field.strip(b" ")
    if not title or len(title) > 16 or any(not 0x20 <= each < 0x7F or each == 0x5C for each in title):
        return None
    return title.decode("ascii")


def parse_request(payload: bytes) -> Request:
    """Raises Violation(INVALID_PARAMETER)."""
    version, called, calling = _HEAD.unpack_from(payload)
    context, contexts, user = "", [], User()
    for kind, value in items(payload[_HEAD.size :]):
        if kind == _APPLICATION:
            context = _uid(value)
        elif kind == _CONTEXT:
            contexts.append(_proposed(value))
        elif kind == _USER:
            user.read(value)
    ids = [each.id for each in contexts]
    if not contexts or len(contexts) > _MOST_CONTEXTS or len(set(ids)) < len(ids):
        raise Violation(Why.INVALID_PARAMETER)
    return Request(
        version,
        called,
        calling,
        context,
        tuple(contexts),
        user.max_length,
        tuple(user.roles),
        user.asks_window,
        user.implementation,
        user.implementation_version,
    )


class User:
    """User Information (PS3.8 annex D.1, PS3.7 annex D.3.3)."""

    def __init__(self) -> None:
        self.max_length = 0
        self.roles: list[Role] = []
        self.asks_window = False
        self.implementation = ""
        self.implementation_version = ""

    def read(self, payload: bytes) -> None:
        for kind, value in items(payload):
            if kind == _MAX_LENGTH:
                self.max_length = int.from_bytes(_exactly(value, 4), "big")
            elif kind == _IMPLEMENTATION:
                self.implementation = _uid(value)
            elif kind == _VERSION:
                self.implementation_version = value[:16].decode("ascii", "replace").strip()
            elif kind == _WINDOW:
                _exactly(value, 4)
                self.asks_window = True
            elif kind == _ROLE:
                self.roles.append(_role(value))


def items(payload: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(payload):
        if at + _ITEM.size > len(payload):
            raise Violation(Why.INVALID_PARAMETER)
        kind, length = _ITEM.unpack_from(payload, at)
        at += _ITEM.size
        if at + length > len(payload):
            raise Violation(Why.INVALID_PARAMETER)
        yield kind, payload[at : at + length]
        at += length


def _proposed(value: bytes) -> Proposed:
    if len(value) < 4 or value[0] % 2 == 0:  # odd integers between 1 and 255 (PS3.8 table 9-13)
        raise Violation(Why.INVALID_PARAMETER)
    abstract, syntaxes = [], []
    for kind, inner in items(value[4:]):
        if kind == _ABSTRACT:
            abstract.append(_uid(inner))
        elif kind == _TRANSFER:
            syntaxes.append(_uid(inner))
    if len(abstract) != 1 or not syntaxes:
        raise Violation(Why.INVALID_PARAMETER)
    return Proposed(value[0], abstract[0], tuple(syntaxes))


def _role(value: bytes) -> Role:
    length = int.from_bytes(value[:2], "big")
    if len(value) != length + 4:
        raise Violation(Why.INVALID_PARAMETER)
    return Role(_uid(value[2 : 2 + length]), bool(value[-2]), bool(value[-1]))


def _uid(value: bytes) -> str:
    """Peers pad with NUL, though PS3.8 annex F says that they shall not."""
    text = value.rstrip(b"\0 ")
    if len(text) > 64 or not _UID.fullmatch(text):
        raise Violation(Why.INVALID_PARAMETER)
    return text.decode("ascii")


def _exactly(value: bytes, length: int) -> bytes:
    if len(value) != length:
        raise Violation(Why.INVALID_PARAMETER)
    return value

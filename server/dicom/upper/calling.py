"""By what an association of ours begins: what we propose, what the peer says to it (PS3.8 9.3.2, 9.3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack

from server.dicom.upper.answer import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    Answered,
    item,
    pdu,
)
from server.dicom.upper.pdu import Type, Violation, Why
from server.dicom.upper.request import APPLICATION_CONTEXT, Proposed, User, items

MOST_CONTEXTS = 128
_HEAD_BYTES = 68
_CONTEXT, _TRANSFER, _USER = 0x21, 0x40, 0x50


@dataclass(frozen=True, slots=True)
class Proposal:
    """What we ask of a peer; its presentation contexts each with one transfer syntax."""

    called: str
    calling: str
    contexts: tuple[Proposed, ...]

    def encoded(self, max_length: int) -> bytes:
        """A-ASSOCIATE-RQ; ``max_length`` of the PDUs that we take."""
        head = pack(">H2x16s16s32x", 1, self.called.encode().ljust(16), self.calling.encode().ljust(16))
        parts = [item(0x10, APPLICATION_CONTEXT.encode()), *map(_context, self.contexts)]
        user = (
            item(0x51, pack(">I", max_length))
            + item(0x52, IMPLEMENTATION_CLASS_UID.encode())
            + item(0x55, IMPLEMENTATION_VERSION_NAME.encode())
        )
        return pdu(Type.ASSOCIATE_RQ, head + b"".join(parts) + item(_USER, user))

    def accepted(self, payload: bytes) -> tuple[tuple[Answered, ...], int]:
        """Of an A-ASSOCIATE-AC the contexts as they were answered, and the peer's longest PDU.

        Raises:
            Violation: INVALID_PARAMETER.
        """
        proposed = {each.id: each for each in self.contexts}
        answered, user = [], User()
        for kind, value in items(payload[_HEAD_BYTES:]):
            if kind == _CONTEXT:
                answered.append(_answered(value, proposed))
            elif kind == _USER:
                user.read(value)
        return tuple(answered), user.max_length


def _context(each: Proposed) -> bytes:
    inner = item(0x30, each.sop_class.encode()) + b"".join(item(_TRANSFER, s.encode()) for s in each.syntaxes)
    return item(0x20, pack(">Bxxx", each.id) + inner)


def _answered(value: bytes, proposed: dict[int, Proposed]) -> Answered:
    """What we proposed has one syntax: that is meant, whatever the answer says beside its result."""
    if len(value) < 4 or value[0] not in proposed:
        raise Violation(Why.INVALID_PARAMETER)
    asked = proposed[value[0]]
    return Answered(asked.id, value[2], asked.sop_class, asked.syntaxes[0])


def release() -> bytes:
    """A-RELEASE-RQ (PS3.8 9.3.6)."""
    return pdu(Type.RELEASE_RQ, bytes(4))


def proposal(called: str, calling: str, wanted: Sequence[tuple[str, str]]) -> Proposal:
    """One context for each (SOP class, transfer syntax), as many as one association may have."""
    pairs = list(dict.fromkeys(wanted))[:MOST_CONTEXTS]
    contexts = tuple(
        Proposed(2 * number + 1, sop_class, (syntax,)) for number, (sop_class, syntax) in enumerate(pairs)
    )
    return Proposal(called, calling, contexts)

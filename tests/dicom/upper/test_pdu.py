"""PDUs come whole, in order, however the stream is cut; nothing is read past what its length may be."""

from __future__ import annotations

import pytest

from server.dicom.limits import Limits
from server.dicom.upper.pdu import Framer, Type, Violation, Why
from tests.dicom import wire

LIMITS = Limits(request_bytes=512, pdu_bytes=1024)
STREAM = wire.request() + wire.data(1, 3, b"x" * 90) + wire.data(3, 2, b"y" * 700) + wire.RELEASE


def taken(pieces: list[bytes]) -> list[tuple[Type, bytes]]:
    framer, found = Framer(LIMITS), []
    for piece in pieces:
        at = 0
        while at < len(piece):
            room = framer.room
            framer.feed(piece[at : at + room])
            at += room
            while (pdu := framer.take()) is not None:
                framer.associated = True
                found.append(pdu)
    assert not framer.waiting
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 100, 5000])
def test_the_cut_of_the_stream_does_not_matter(size: int) -> None:
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    found = taken(pieces)
    assert [kind for kind, _ in found] == [Type.ASSOCIATE_RQ, Type.DATA, Type.DATA, Type.RELEASE_RQ]
    assert b"".join(wire.pdu(kind, payload) for kind, payload in found) == STREAM


@pytest.mark.parametrize(
    ("associated", "head", "why"),
    [
        (False, wire.pdu(0x04, b"", 20), Why.UNEXPECTED_PDU),
        (False, wire.pdu(0x02, b"", 100), Why.UNEXPECTED_PDU),
        (False, wire.pdu(0x01, b"", 67), Why.INVALID_PARAMETER),
        (False, wire.pdu(0x01, b"", 513), Why.INVALID_PARAMETER),
        (False, b"\x20", Why.UNRECOGNIZED_PDU),
        (True, wire.pdu(0x04, b"", 5), Why.INVALID_PARAMETER),
        (True, wire.pdu(0x04, b"", 1025), Why.INVALID_PARAMETER),
        (True, wire.pdu(0x05, b"", 5), Why.INVALID_PARAMETER),
        (True, wire.pdu(0x07, b"", 0), Why.INVALID_PARAMETER),
    ],
)
def test_what_may_not_come_is_refused_by_its_head(*, associated: bool, head: bytes, why: Why) -> None:
    framer = Framer(LIMITS)
    framer.associated = associated
    framer.feed(head)
    with pytest.raises(Violation) as refused:
        framer.take()
    assert refused.value.why is why


def test_room_is_never_more_than_one_pdu() -> None:
    framer = Framer(LIMITS)
    assert framer.room == 518
    framer.feed(wire.request()[:100])
    assert framer.room == 418
    framer.associated = True
    assert framer.room == 930

"""The chunked coding, cut at every place."""

from __future__ import annotations

import pytest

from server.porch.chunks import ChunkReader
from server.porch.limits import KIB, PorchLimits
from server.porch.reasons import Reason, Refusal

LIMITS = PorchLimits(body_bytes=1000, head_bytes=2 * KIB, header_fields=3)

WHOLE = {
    "empty": (b"0\r\n\r\n", b""),
    "one chunk": (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    "two chunks": (b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
    "content that looks like framing": (b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n"),
    "upper-case size with zeros": (b"000A\r\n0123456789\r\n000\r\n\r\n", b"0123456789"),
    "extension": (b'3;a=b;c="d e"\r\nabc\r\n0;x\r\n\r\n', b"abc"),
    "trailers": (b"3\r\nabc\r\n0\r\nA: b\r\nC: d\r\n\r\n", b"abc"),
    "at the limit": (b"3e8\r\n" + b"a" * 1000 + b"\r\n0\r\n\r\n", b"a" * 1000),
}

REFUSED = {
    "no size": (b"\r\n", Reason.CHUNK),
    "not hexadecimal": (b"g\r\n", Reason.CHUNK),
    "signed": (b"+3\r\nabc\r\n", Reason.CHUNK),
    "negative": (b"-3\r\n", Reason.CHUNK),
    "0x": (b"0x3\r\nabc\r\n", Reason.CHUNK),
    "space before size": (b" 3\r\nabc\r\n", Reason.CHUNK),
    "space after size": (b"3 \r\nabc\r\n", Reason.CHUNK),
    "grouped": (b"1_0\r\n", Reason.CHUNK),
    "17 digits": (b"00000000000000003\r\n", Reason.CHUNK),
    "bare LF after size": (b"3\nabc", Reason.CHUNK),
    "bare LF in extension": (b"3;a\nb\r\nabc\r\n", Reason.CHUNK),
    "bare CR in extension": (b"3;a\rb\r\nabc\r\n", Reason.CHUNK),
    "content longer than size": (b"3\r\nabcd\r\n", Reason.CHUNK),
    "bare LF after content": (b"3\r\nabc\n0\r\n\r\n", Reason.CHUNK),
    "endless extension": (b"3;" + b"a" * 1100, Reason.CHUNK),
    "one byte over the limit, at its size": (b"3e9\r\n", Reason.BODY_TOO_LARGE),
    "over the limit in sum, at its size": (b"3\r\nabc\r\n3e8\r\n", Reason.BODY_TOO_LARGE),
    "bad trailer": (b"0\r\nA : b\r\n\r\n", Reason.HEADER),
    "many trailers": (b"0\r\n" + b"A: b\r\n" * 4 + b"\r\n", Reason.HEAD_TOO_LARGE),
    "large trailers": (b"0\r\n" + (b"A: " + b"b" * 1500 + b"\r\n") * 2 + b"\r\n", Reason.HEAD_TOO_LARGE),
}


def read_all(reader: ChunkReader, pieces: list[bytes]) -> bytes:
    return b"".join(content for piece in pieces for content in reader.read(piece))


@pytest.mark.parametrize(("wire", "content"), WHOLE.values(), ids=WHOLE)
def test_every_cut_gives_the_same_content_and_ends_at_the_last_byte(wire: bytes, content: bytes) -> None:
    for cut in range(len(wire)):
        reader = ChunkReader(LIMITS)
        got = b"".join(reader.read(wire[:cut]))
        assert not reader.done
        got += b"".join(reader.read(wire[cut:] + b"GET /"))
        assert reader.done
        assert (got, reader.take_rest()) == (content, b"GET /")


@pytest.mark.parametrize(("wire", "reason"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_refused(wire: bytes, reason: Reason, step: int) -> None:
    pieces = [wire[at : at + step] for at in range(0, len(wire), step)]
    with pytest.raises(Refusal) as caught:
        read_all(ChunkReader(LIMITS), pieces)
    assert caught.value.reason is reason


def test_small_chunks_are_let_pass_when_they_are_few() -> None:
    wire = b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\n"
    assert read_all(ChunkReader(PorchLimits()), [wire]) == b"x" * 10_000


def test_chunks_of_one_byte_are_refused_when_they_are_many() -> None:
    with pytest.raises(Refusal) as caught:
        read_all(ChunkReader(PorchLimits()), [b"1;aaaaaaaa\r\nx\r\n" * 1000] * 100)
    assert caught.value.reason is Reason.CHUNKS_TOO_SMALL

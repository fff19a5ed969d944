"""MLLP without I/O: what comes out does not depend on how the bytes were split. Ids: the catalogue's."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.hl7v2.framing import (
    STRAY,
    Closed,
    Dropped,
    Event,
    Frame,
    Framing,
    Skipped,
    TooLong,
    Torn,
    Why,
    block,
)

ENDED = Closed(Why.ENDED)


def events(*parts: bytes, close: bool = True, framing: Framing | None = None) -> list[Event]:
    """All that comes of ``parts``, each fed when nothing is left of the one before."""
    framing, found = framing or Framing(), []
    for part in parts:
        framing.feed(part)
        found += list(iter(framing.take, None))
    if close:
        framing.close()
        found += list(iter(framing.take, None)) if Closed not in map(type, found) else []
    return found


def single(data: bytes) -> list[bytes]:
    return [bytes([each]) for each in data]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"\x0bMSH|1\x1c\r", [Frame(b"MSH|1")], id="one"),
        pytest.param(b"\x0bMSH|1\x1c\r\x0bMSH|2\x1c\r", [Frame(b"MSH|1"), Frame(b"MSH|2")], id="h006 two"),
        pytest.param(b"xyz\x0bMSH|\x1c\r", [Skipped(3), Frame(b"MSH|")], id="h002 bytes before VT"),
        pytest.param(b"MSH|^~\\&|A\r\x1c\r", [Closed(Why.NO_START_BLOCK)], id="h003 no VT"),
        pytest.param(b"\r\n MSH|^~\\&|A\r", [Closed(Why.NO_START_BLOCK)], id="h003 no VT, blanks first"),
        pytest.param(b"\x0bMSH|1", [Dropped(Why.CUT_OFF), ENDED], id="h004 no end"),
        pytest.param(b"\x0bMSH|1\x1c", [Frame(b"MSH|1"), ENDED], id="h005 FS, then close"),
        pytest.param(
            b"\x0bMSH|1\x1c\x0bMSH|2\x1c\r", [Frame(b"MSH|1"), Frame(b"MSH|2")], id="h005 FS, then VT"
        ),
        pytest.param(b"\x0bMSH|1\x1c\n", [Dropped(Why.CUT_OFF), ENDED], id="h005 FS, then LF: no end"),
        pytest.param(
            b"\x0bA\x1c\r\0b\x0bB\x1c\r", [Frame(b"A"), Skipped(1), Frame(b"B")], id="stray bytes after one"
        ),
        pytest.param(b"\x0bA\x1cB\x1c\x1c\r", [Frame(b"A\x1cB\x1c")], id="FS alone is content"),
        pytest.param(
            b"\x0bMSH|1\r\x0bMSH|2\x1c\r", [Dropped(Why.BEGUN_ANEW), Frame(b"MSH|2")], id="h011 VT inside"
        ),
        pytest.param(b"\x0bA\x1c\r\0\0\0\r\n\x0bB\x1c\r", [Frame(b"A"), Frame(b"B")], id="h012 NULs between"),
        pytest.param(b"\x0b\x1c\r", [Frame(b"")], id="h013 empty"),
        pytest.param(b"\x06\x0bA\x1c\r\x15\x06\x0bB\x1c\r", [Frame(b"A"), Frame(b"B")], id="h028 ACK, NAK"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", [Closed(Why.HTTP)], id="h029 HTTP"),
        pytest.param(b"\x16\x03\x01\x02\0\x01", [Closed(Why.TLS)], id="h019 TLS where none is spoken"),
        pytest.param(b"\0\x06", [], id="nothing but padding"),
        pytest.param(b"abc", [Skipped(3), ENDED], id="nothing but stray bytes"),
    ],
)
def test_what_comes_of_bytes(data: bytes, expected: list[Event]) -> None:
    last = [] if expected and isinstance(expected[-1], Closed) else [ENDED]
    assert events(data) == expected + last
    assert events(*single(data)) == expected + last, "h008: split at every byte"


@given(st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\0", b"ab", b"M", b"\x1c\r"])), st.data())
def test_however_it_is_split(pieces: list[bytes], data: st.DataObject) -> None:
    whole = re.sub(rb"(\x1c\r[\0\r]*)(?=[\x1cabM])", b"\\1\x0b", b"".join(pieces))  # none is torn
    at = sorted(data.draw(st.lists(st.integers(0, len(whole)))))
    parts = [whole[a:b] for a, b in zip([0, *at], [*at, len(whole)], strict=True)]
    assert events(*parts) == events(whole) == events(*single(whole))


@given(st.lists(st.binary().map(lambda each: each.translate(None, b"\x0b\x1c"))))
def test_what_is_put_in_a_block_comes_out(payloads: list[bytes]) -> None:
    assert events(*map(block, payloads)) == [*map(Frame, payloads), ENDED]


@pytest.mark.parametrize("split", [1, 1000, STRAY + 1])
def test_h002_stray_bytes_are_skipped_up_to_a_limit(split: int) -> None:
    fits = b"x" * STRAY
    parts = [fits[at : at + split] for at in range(0, STRAY, split)]
    assert events(*parts, block(b"A")) == [Skipped(STRAY), Frame(b"A"), ENDED]
    assert events(*parts, b"x", block(b"A")) == [Closed(Why.STRAY)]
    assert events(*([b"\0" * STRAY] * 2), block(b"A")) == [Closed(Why.STRAY)], "padding has the same end"


@pytest.mark.parametrize("split", [False, True])
def test_h015_a_message_at_the_limit_and_one_beyond(*, split: bool) -> None:
    for ends in (b"\x1c\r", b"\x1c\x0b", b"\x1c"):
        data = b"\x0b" + b"a" * 100 + ends
        parts = single(data) if split else [data]
        assert events(*parts, framing=Framing(longest=100))[0] == Frame(b"a" * 100)
        assert events(*parts, framing=Framing(longest=99))[0] == TooLong(b"a" * 99)


def test_h015_nothing_is_held_of_what_is_too_long() -> None:
    framing = Framing(longest=50_000)
    found = events(b"\x0bMSH|" + b"a" * 60_000, *([b"a" * 60_000] * 20), close=False, framing=framing)
    assert [type(each) for each in found] == [TooLong]
    assert isinstance(found[0], TooLong)
    assert len(found[0].begin) == 4096
    assert framing.take() is None
    framing.close()
    assert framing.take() is None, "it was the last event"
    assert framing.held < 130_000


def test_begun_and_held_tell_what_waits() -> None:
    framing = Framing()
    framing.feed(b"\x0bMSH|")
    assert (framing.begun, framing.held) == (False, 5)
    assert framing.take() is None
    assert (framing.begun, framing.held) == (True, 4)
    framing.feed(b"1\x1c\r\x0bnext")
    assert framing.take() == Frame(b"MSH|1")
    assert (framing.begun, framing.held) == (False, 5)


def test_who_only_begins_messages_is_not_heard_for_ever() -> None:
    found = events(b"\x0bA" * 1000)
    assert found == [*[Dropped(Why.BEGUN_ANEW)] * 16, Closed(Why.STRAY)]
    between = (b"\x0bA" * 10 + block(b"B")) * 3
    assert events(between).count(Frame(b"B")) == 3, "counted from one message to the next"


@pytest.mark.parametrize(
    "data",
    [b"a" * 8_000_000, b"\x1c" * 8_000_000, b"\x1ca" * 4_000_000, b"\x1c\x1cab" * 2_000_000],
    ids=["plain", "FS", "FS a", "FS FS a b"],
)
def test_h014_long_messages_take_linear_time(data: bytes) -> None:
    framing, size, began = Framing(), 65_536, time.process_time()
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    (found,) = events(b"\x0b", *parts, b"\x1c\r", close=False, framing=framing)
    assert found == Frame(data)
    assert time.process_time() - began < 1.0, "50 ms; of quadratic growth it would be minutes"


TORN = b"\x0bMSH|1\rOBX|a\x1c\rb|F\r\x1c\r\x0bMSH|2\x1c\r"


@pytest.mark.parametrize("at", range(14, len(TORN)))
def test_h010_a_message_with_an_end_inside_is_told_from_a_whole_one(at: int) -> None:
    """When some of the rest comes with it, however little."""
    skipped = TORN.index(b"\x0bMSH|2") - 2 - 14
    assert events(TORN[:15], TORN[15:])[0] == Torn(b"MSH|1\rOBX|a")
    found = events(TORN[:at], TORN[at:])
    torn = Frame if at == 14 else Torn
    assert found[0] == torn(b"MSH|1\rOBX|a"), "what comes later nobody can know"
    assert found[-2:] == [Frame(b"MSH|2"), ENDED]
    assert sum(each.count for each in found if isinstance(each, Skipped)) >= min(4, skipped)


def test_h010_a_message_with_an_end_inside_that_is_then_cut_off() -> None:
    assert events(b"\x0bOBX|a\x1c\rb|F") == [Dropped(Why.CUT_OFF), Skipped(3), ENDED]
    framing = Framing()
    framing.feed(b"\x0bOBX|a\x1c\rb|F")
    assert framing.take() is None
    assert framing.begun, "its time runs"
    assert framing.held == 5

"""Blocks in what comes back."""

from __future__ import annotations

import pytest

from server.hl7v2.send.frames import LARGEST, Frames, TooMuch

STREAM = b"noise\x0bone\x1c\x0d\r\n\x0btwo\x1c\x0d\x0bthr"


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_however_it_is_split(size: int) -> None:
    frames = Frames()
    found = [each for at in range(0, len(STREAM), size) for each in frames.feed(STREAM[at : at + size])]
    assert found == [b"one", b"two"]
    assert list(frames.feed(b"ee\x1c\x0d")) == [b"three"]


def test_what_never_ends_is_too_much() -> None:
    frames = Frames()
    assert list(frames.feed(b"x" * (LARGEST + 1))) == []
    with pytest.raises(TooMuch):
        list(frames.feed(b"\x0b" + b"x" * LARGEST))

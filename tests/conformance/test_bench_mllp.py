"""The client of ``bench mllp``, held against the door in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.bench.load import LoadFailed
from conformance.bench.mllp_load import Load, drive, fire
from tests.hl7v2.listen.mllp import Door, Heard, accepted, control_id

PIECES = (b"MSH|^~\\&|||||||ORU^R01|B", b"|P|2.5.1\rPID|1||", b"\r")


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def door(heard: Heard) -> Iterator[Door]:
    with Door(heard) as opened:
        yield opened


def load(door: Door, **changes) -> Load:
    usual = {"pieces": PIECES, "first": 7, "connections": 2, "seconds": 0.1}
    return Load("127.0.0.1", door.port, **{**usual, **changes})


def test_every_message_has_a_number_of_its_own_and_is_waited_for(door: Door, heard: Heard) -> None:
    tally = drive(load(door))
    assert tally.answers == len(tally.latencies) == len(heard.payloads) > 2
    assert sorted(heard.payloads) == [(b"%08d" % n).join(PIECES) for n in range(7, 7 + tally.answers)]
    assert door.counted("connections accepted") == 2


def test_the_same_in_a_process_of_its_own_with_a_connection_for_each(door: Door, heard: Heard) -> None:
    tally = fire(load(door, closes=True))
    assert tally.answers == len(heard.payloads) > 2
    assert door.counted("connections accepted") == tally.answers


@pytest.mark.parametrize("wrong", [b"|AA|B", b"|AA|"], ids=["refused", "of another message"])
def test_a_message_that_is_not_accepted_ends_the_load(door: Door, heard: Heard, wrong: bytes) -> None:
    told = {b"|AA|B": b"|AE|B", b"|AA|": b"|AA|X"}[wrong]
    heard.answer = lambda payload: accepted(payload).replace(wrong, told)
    with pytest.raises(LoadFailed, match="not accepted"):
        fire(load(door))
    assert control_id(heard.payloads[0]).startswith("B0000")


def test_a_door_that_closes_ends_the_load(door: Door, heard: Heard) -> None:
    def fails(_: bytes) -> bytes:
        raise OSError

    heard.answer = fails
    with pytest.raises(LoadFailed, match="closed a connection"):
        fire(load(door))

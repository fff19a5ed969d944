"""``python -m server mllp``: what is acknowledged is kept, once, whoever dies. Ids: the catalogue's."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from struct import pack

import pytest

from server.hl7v2.framing import block
from tests.flow.interface import Interface, interface
from tests.flow.processes import members, until
from tests.hl7v2.written import observed, result

MIB = 1024 * 1024


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Interface]:
    with interface(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    """One for all tests that harm nobody: a process takes seconds to start."""
    with interface(tmp_path_factory.mktemp("shared")) as made:
        yield made


def oru(control_id: str, *observations: str) -> bytes:
    return result(*observations).replace(b"|CTL1|", f"|{control_id}|".encode())


def acknowledged(answer: bytes, control_id: str) -> bool:
    return f"\rMSA|AA|{control_id}\r".encode() in answer


def test_killed_listeners_lose_nothing_that_was_acknowledged(
    door: Interface, request: pytest.FixtureRequest, seed: int
) -> None:
    """kill -9 of a listener process at random, while four senders send until each message is acknowledged."""
    kills, draw = max(3, request.config.getoption("kills") // 4), random.Random(seed)
    stop, heard = threading.Event(), [[] for _ in range(4)]
    senders = [
        threading.Thread(target=_send_until, args=(door, number, stop, heard[number]), daemon=True)
        for number in range(4)
    ]
    for each in senders:
        each.start()
    try:
        for _ in range(kills):
            time.sleep(draw.uniform(0.1, 0.6))
            assert door.program.kill_follower(draw.choice)
            until(lambda: len(members(door.program.pid)) == 3, 10.0, "another is started")
    finally:
        stop.set()
        for each in senders:
            each.join(30)
    assert not any(each.is_alive() for each in senders), "whoever waits is answered in the end"
    sent = [each for some in heard for each in some]
    assert len(sent) > 10 * kills
    stored = door.stored()
    assert {stored[each] for each in sent} == {1}
    assert len(stored) == len(sent), "each that was sent was sent until it was acknowledged"


def _send_until(door: Interface, number: int, stop: threading.Event, heard: list[str]) -> None:
    """The next only when the one before is acknowledged, over however many connections that takes; so is the
    last: what a killed process has stored and not answered is sent again, also when it is time to stop."""
    ended = False
    while not ended:
        with suppress(OSError), door.speaker() as speaker:
            ended = _send(speaker, number, stop, heard)


def _send(speaker, number: int, stop: threading.Event, heard: list[str]) -> bool:
    """Whether it stopped with nothing unanswered."""
    while acknowledged(speaker.say(oru(waiting := f"{number}-{len(heard)}")), waiting):
        heard.append(waiting)
        if stop.is_set():
            return True
    return False


def test_h024_h025_a_lost_answer_is_given_again_by_whichever_process(shared: Interface) -> None:
    sent = oru("lost")
    for _ in range(6):
        with shared.speaker() as speaker:
            speaker.send(block(sent))
            speaker.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
    answers = set()
    for _ in range(6):
        with shared.speaker() as speaker:
            answers.add(speaker.say(sent))
    (answer,) = answers
    assert acknowledged(answer, "lost")
    assert shared.stored()["lost"] == 1


def test_h006_messages_sent_ahead_are_answered_in_order_and_all_kept(shared: Interface) -> None:
    names = [f"ahead-{number}" for number in range(50)]
    with shared.speaker() as speaker:
        speaker.send(*(block(oru(each)) for each in names))
        assert all(acknowledged(speaker.read(), each) for each in names)
    assert {shared.stored()[each] for each in names} == {1}


def test_h014_ten_megabytes_in_one_field_are_acknowledged_in_two_seconds(shared: Interface) -> None:
    sent = oru("ten", observed("a" * 10 * MIB, "TX"))
    with shared.speaker() as speaker:
        assert acknowledged(speaker.say(oru("warm")), "warm")
        began = time.monotonic()
        assert acknowledged(speaker.say(sent), "ten")
        assert time.monotonic() - began < 2.0


def test_h015_beyond_the_limit_is_refused_and_the_end(shared: Interface) -> None:
    with shared.speaker() as speaker:
        speaker.send(block(oru("long", observed("a" * 17 * MIB, "TX"))))
        answer = speaker.read()
        assert b"\rMSA|AR|long" in answer
        assert speaker.read() == b""
    assert shared.stored()["long"] == 0


def test_h010_h013_a_half_or_empty_message_is_never_accepted(shared: Interface) -> None:
    with shared.speaker() as speaker:
        speaker.send(block(oru("half", observed("one\x1c\rtwo", "TX"))), block(oru("after")))
        answer = speaker.read()
        assert b"\rMSA|AE|half" in answer
        assert b"|100^" in answer
        assert acknowledged(speaker.read(), "after")
        speaker.send(block(b""))
        assert b"|AA|" not in speaker.read()


def test_h026_a_flood_is_kept_whole_and_costs_no_memory(door: Interface) -> None:
    """Four send as fast as they can, and read the answers late."""
    before = sum(door.memory())
    threads = [threading.Thread(target=_flood, args=(door, number)) for number in range(4)]
    for each in threads:
        each.start()
    most = 0
    while any(each.is_alive() for each in threads):
        most = max(most, sum(door.memory()))
        time.sleep(0.05)
    assert sum(door.stored().values()) == 4 * 150
    assert most - before < 96 * MIB, "caches of two processes, not messages"


def _flood(door: Interface, number: int) -> None:
    names = [f"{number}-{each}" for each in range(150)]
    with door.speaker() as speaker:
        sending = threading.Thread(
            target=speaker.send, args=[block(oru(each, observed("a" * 10_000, "TX"))) for each in names]
        )
        sending.start()
        assert all(acknowledged(speaker.read(), each) for each in names)
        sending.join()


def test_python_hl7_sends_to_us(shared: Interface, tmp_path: Path) -> None:
    """``mllp_send`` of python-hl7, as its makers ship it: frames of a file, and text that is none."""
    framed, loose = tmp_path / "framed.hl7", tmp_path / "loose.hl7"
    framed.write_bytes(b"".join(block(oru(each)) for each in ("f-1", "f-2")))
    loose.write_bytes(b"\n".join(oru(each).replace(b"\r", b"\n") for each in ("l-1", "l-2")))
    said = [_mllp_send(shared.port, "-f", str(framed)), _mllp_send(shared.port, "--loose", "-f", str(loose))]
    assert [each.count(b"\rMSA|AA|") for each in said] == [2, 2]
    assert {shared.stored()[each] for each in ("f-1", "f-2", "l-1", "l-2")} == {1}


def _mllp_send(port: int, *options: str) -> bytes:
    command = [sys.executable, "-m", "hl7.client", "-p", str(port), *options, "127.0.0.1"]
    return subprocess.run(command, capture_output=True, check=True, timeout=30).stdout


def test_without_a_schema_it_says_so_and_ends(shared: Interface, tmp_path: Path) -> None:
    elsewhere = {"SECOND_READER_DATA": str(tmp_path / "empty"), "SECOND_READER_MLLP_PORT": "0"}
    ended = subprocess.run(
        [sys.executable, "-m", "server", "mllp"],
        env=shared.program._environment | elsewhere | {"SECOND_READER_MLLP_PORT": str(shared.port + 1)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert "server migrate" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_nothing_of_a_message_is_in_the_log(door: Interface) -> None:
    with door.speaker() as speaker:
        assert acknowledged(speaker.say(oru("CID-7", observed("SECRET-TEXT", "TX"))), "CID-7")
        assert b"|AA|" not in speaker.say(oru("CID-8").replace(b"PID|", b"PIX|"))
    door.program.signal(signal.SIGTERM)
    assert door.program.wait(10.0) == 0
    log = door.program.log.read_text()
    assert "message kept" in log
    assert "message refused" in log
    for value in ("CID-", "SECRET", "DOE", "MRN123", "19700101", "Lipids"):
        assert value not in log

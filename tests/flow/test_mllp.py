"""The process ``mllp``: nobody keeps others waiting, whatever fails. Ids: the catalogue's."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from server.counting import read
from server.hl7v2.framing import block
from server.hl7v2.listen.counts import FILE
from tests.flow.interface import MADE_UP, Interface, interface
from tests.flow.processes import Program, until
from tests.hl7v2.listen.mllp import accepted, message

KIB = 1024


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Interface]:
    with interface(tmp_path, MADE_UP) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    """One for all tests that harm nobody: a process takes seconds to start."""
    with interface(tmp_path_factory.mktemp("shared"), MADE_UP) as made:
        yield made


def test_what_was_heard_is_counted_where_metrics_are_read(shared: Interface) -> None:
    with shared.speaker() as speaker:
        assert speaker.say(message("counted")) == accepted(message("counted"))

    def told() -> bool:
        found = read(shared.data, FILE)
        return found is not None and found.counts["messages answered"] >= 1

    until(told, 5.0, "the parent tells it")


@pytest.mark.parametrize("how", ["killed before", "killed after"])
def test_h112_h113_killed_before_or_after_it_was_kept_it_is_kept_once(door: Interface, how: str) -> None:
    """The sender hears nothing, and says it again: the answer is the same, and there is one of it."""
    sent = message("1", how)
    with door.speaker() as speaker:
        assert speaker.say(sent) == b""
    assert len(list((door.data / "messages").glob(how))) == 1
    with door.speaker() as speaker:
        assert speaker.say(sent) == accepted(sent)
    assert door.kept()[sent] == 1


def test_h110_what_cannot_be_kept_is_not_answered(shared: Interface) -> None:
    with shared.speaker() as speaker:
        assert speaker.say(message("full", "full")) == b""


def test_h001_the_silent_cost_little(door: Interface) -> None:
    with ExitStack() as crowd:
        before = sum(door.memory())
        for number in range(500):
            crowd.enter_context(door.speaker(f"127.0.0.{2 + number % 3}")).send(b"\0")
        until(lambda: _accepted(door) >= 500, 10.0, "all are in")
        assert (sum(door.memory()) - before) / 500 < 20 * KIB
        with door.speaker() as speaker:
            began = time.monotonic()
            assert speaker.say(message("1")) == accepted(message("1"))
            assert time.monotonic() - began < 0.5


def _accepted(door: Interface) -> int:
    """None yet, before the door has told anything at all."""
    found = read(door.data, FILE)
    return found.counts["connections accepted"] if found is not None else 0


@pytest.mark.campaign
def test_the_silent_and_the_dripping_keep_nobody_waiting(
    door: Interface, request: pytest.FixtureRequest
) -> None:
    """500 of the one, 100 of the other, all the time anew, as long as --seconds says."""
    until_then = time.monotonic() + min(request.config.getoption("seconds"), 600.0)
    stop, waits = threading.Event(), []
    with ExitStack() as crowd:
        thread = threading.Thread(target=_crowd, args=(door, stop))
        thread.start()
        crowd.callback(thread.join)
        crowd.callback(stop.set)
        while time.monotonic() < until_then:
            sent = message(str(len(waits)))
            began = time.monotonic()
            with door.speaker("127.0.0.9") as speaker:
                assert speaker.say(sent) == accepted(sent)
            waits.append(time.monotonic() - began)
            time.sleep(0.02)
    assert len(waits) > 20
    # The crowd is opened by this very process, so one wait may be for its own turn; a door that was kept by
    # one of the silent would keep all.
    assert sorted(waits)[len(waits) * 19 // 20] < 0.5
    assert max(waits) < 3


def _crowd(door: Interface, stop: threading.Event) -> None:
    dripped, peers = block(message("dripped", "a" * 10_000)), []
    while not stop.is_set():
        while len(peers) < 600:
            source = f"127.0.0.{2 + len(peers) // 150}"
            peers.append([socket.create_connection(("127.0.0.1", door.port), 5, (source, 0)), 0])
        for number, peer in enumerate(peers):
            sock, at = peer
            sock.setblocking(False)
            with suppress(BlockingIOError, OSError):
                if sock.recv(16) == b"":
                    sock.close()
            if number < 100 and sock.fileno() >= 0:
                with suppress(OSError):
                    sock.send(dripped[at : at + 1])
                peer[1] += 1
        peers = [peer for peer in peers if peer[0].fileno() >= 0]
        stop.wait(0.2)
    for sock, _ in peers:
        sock.close()


def test_h030_one_peer_has_200_connections_over_all_processes(shared: Interface) -> None:
    with ExitStack() as crowd:
        for number in range(200):
            speaker = crowd.enter_context(shared.speaker("127.0.0.77"))
            if number % 50 == 49:
                assert speaker.say(message(f"of many {number}"))
        with shared.speaker("127.0.0.77") as speaker:
            assert speaker.read() == b""
        with shared.speaker("127.0.0.78") as speaker:
            assert speaker.say(message("other")) == accepted(message("other"))


def test_a_port_that_is_taken_is_said_in_one_sentence(shared: Interface, tmp_path: Path) -> None:
    second = Program("mllp", shared.program._environment, tmp_path, MADE_UP)
    second.start()
    try:
        assert second.wait(30.0) == 2
    finally:
        second.close()
    assert "choose another with SECOND_READER_MLLP_PORT" in second.last_words()
    assert "Traceback" not in second.log.read_text()


def test_told_to_stop_it_ends_and_lets_the_port_go(door: Interface) -> None:
    with door.speaker() as idle:
        assert idle.say(message("1")) == accepted(message("1"))
        door.program.signal(signal.SIGTERM)
        assert idle.read() == b""
        assert door.program.wait(10.0) == 0
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", door.port))


def test_nothing_of_a_message_is_in_the_log(door: Interface) -> None:
    with door.speaker() as speaker:
        speaker.send(b"NOISE", block(message("CID-7", "DOE")), b"\x0b" + message("CID-8", "ROE"))
        assert speaker.read()
        speaker.send(block(message("CID-9", "full")))
        assert speaker.read() == b""
    door.program.signal(signal.SIGTERM)
    assert door.program.wait(10.0) == 0
    log = door.program.log.read_text()
    assert "skipped" in log
    assert "could not be kept" in log
    for value in ("NOISE", "CID-", "DOE", "ROE", "MSH"):
        assert value not in log

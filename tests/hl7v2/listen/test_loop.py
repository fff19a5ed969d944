"""The loop under peers that are silent, slow, many or gone; and a store that fails. Ids: the catalogue's."""

from __future__ import annotations

import errno
import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from struct import pack
from threading import Event

import pytest
from structlog import make_filtering_bound_logger, wrap_logger
from structlog.testing import CapturingLogger

from server.errors import Category, fault
from server.hl7v2.framing import block
from server.hl7v2.link import Link, Named
from server.hl7v2.listen.connection import Connection
from server.hl7v2.listen.limits import Limits
from tests.flow.processes import until
from tests.hl7v2.listen.mllp import ANYBODY, HERE, Door, Heard, Speaker, accepted, message

MIB = 1024 * 1024


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def door(heard: Heard) -> Iterator[Door]:
    with Door(heard) as opened:
        yield opened


def ended_within(speaker: Speaker, seconds: float) -> float:
    """How long the connection lasted from now; nothing is said in it."""
    began = time.monotonic()
    speaker.sock.settimeout(seconds)
    assert speaker.read() == b""
    return time.monotonic() - began


def drip(speaker: Speaker, data: bytes, most: float) -> float:
    """One byte at a time, until the peer has had enough."""
    began = time.monotonic()
    speaker.sock.settimeout(0.02)
    for each in data:
        speaker.send(bytes([each]))
        try:
            if not speaker.sock.recv(1):
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
        assert time.monotonic() - began < most
    return time.monotonic() - began


# -- what is heard and answered


def test_h007_messages_one_after_the_other_on_one_connection(door: Door, heard: Heard) -> None:
    sent = [message(str(number)) for number in range(5)]
    with door.speaker() as speaker:
        assert [speaker.say(each) for each in sent] == [accepted(each) for each in sent]
    assert heard.payloads == sent
    assert set(heard.links) == {("anybody",)}
    assert (door.counted("messages answered"), door.counted("connections accepted")) == (5, 1)
    assert door.counted("bytes") == sum(map(len, sent))


def test_h006_messages_sent_ahead_are_answered_in_order(door: Door, heard: Heard) -> None:
    sent = [message(str(number)) for number in range(300)]
    with door.speaker() as speaker:
        speaker.send(*map(block, sent))
        assert [speaker.read() for _ in sent] == [accepted(each) for each in sent]
    assert heard.payloads == sent


def test_h008_a_message_split_at_every_byte(door: Door) -> None:
    with door.speaker() as speaker:
        for each in block(message("1")):
            speaker.send(bytes([each]))
        assert speaker.read() == accepted(message("1"))


def test_h005_without_a_cr_it_counts_when_the_peer_closes(door: Door) -> None:
    with door.speaker() as speaker:
        speaker.send(b"\x0b", message("1"), b"\x1c")
        speaker.sock.shutdown(socket.SHUT_WR)
        assert speaker.read() == accepted(message("1"))
        assert speaker.read() == b""


def test_h010_a_message_with_an_end_inside_is_refused(door: Door, heard: Heard) -> None:
    with door.speaker() as speaker:
        speaker.send(block(message("1", "a\x1c\rb")), block(message("2")))
        assert b"MSA|AE|1" in speaker.read()
        assert speaker.read() == accepted(message("2"))
    assert heard.payloads == [message("2")]
    assert door.counted("messages torn") == 1


def test_h011_a_message_that_another_cuts_off_is_not_answered(door: Door, heard: Heard) -> None:
    with door.speaker() as speaker:
        speaker.send(b"\x0b", message("1")[:-9], block(message("2")))
        assert speaker.read() == accepted(message("2"))
    assert heard.payloads == [message("2")]
    assert door.counted("messages begun-anew") == 1


def test_h013_an_empty_message_is_for_the_hearing_to_refuse(door: Door, heard: Heard) -> None:
    heard.answer = lambda payload: b"refused" if payload == b"" else accepted(payload)
    with door.speaker() as speaker:
        assert speaker.say(b"") == b"refused"
        assert speaker.say(message("1")) == accepted(message("1"))


def test_h014_ten_megabytes(door: Door) -> None:
    sent = message("1", "a" * 10 * MIB)
    with door.speaker() as speaker:
        began = time.monotonic()
        assert speaker.say(sent) == accepted(sent)
        assert time.monotonic() - began < 2.0


def test_h015_too_long_is_told_and_the_end(heard: Heard) -> None:
    with Door(heard, Limits(message_bytes=1000)) as door, door.speaker() as speaker:
        speaker.send(b"\x0b", message("7", "a" * 5 * MIB), b"\x1c\r", block(message("8")))
        assert b"MSA|AR|7" in speaker.read()
        assert speaker.read() == b""
        assert heard.payloads == []
        assert door.counted("messages too long") == 1
    assert heard.begins[0].startswith(b"MSH|")


def test_h028_h012_padding_between_messages(door: Door) -> None:
    with door.speaker() as speaker:
        speaker.send(b"\x06\0\0", block(message("1")), b"\x15\0", block(message("2")))
        assert [speaker.read(), speaker.read()] == [accepted(message(each)) for each in "12"]


@pytest.mark.parametrize("after", [b"\x04", b"\x1c", b"\x1c\r"])
def test_a_byte_behind_a_message_keeps_it_from_no_answer(door: Door, after: bytes) -> None:
    """Whoever sends it waits, and would send the message again for ever."""
    with door.speaker() as speaker:
        speaker.send(block(message("1")) + after)
        assert speaker.read() == accepted(message("1"))
        speaker.send(block(message("2")))
        assert speaker.read() == accepted(message("2"))


def test_h032_what_is_not_to_be_answered_is_not(door: Door, heard: Heard) -> None:
    heard.answer = lambda payload: None if b"MSA" in payload else accepted(payload)
    with door.speaker() as speaker:
        speaker.send(block(accepted(message("1"))))
        assert speaker.say(message("2")) == accepted(message("2"))
    assert door.counted("messages unanswered") == 1


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(message("1"), "no-start-block", id="h003"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "http", id="h029"),
        pytest.param(b"\x16\x03\x01\x00\xf4\x01", "tls", id="h019"),
        pytest.param(b"x" * 65 * 1024, "stray", id="h002"),
    ],
)
def test_what_is_no_mllp_is_closed_without_a_word(door: Door, heard: Heard, data: bytes, why: str) -> None:
    with door.speaker() as speaker:
        speaker.send(data)
        assert ended_within(speaker, 5.0) < 2.0
    assert door.counted(f"connections ended {why}") == 1
    assert heard.payloads == []


# -- time


def test_h001_silence_is_borne_for_long_and_not_for_ever(heard: Heard) -> None:
    assert Limits().idle_seconds == 3600
    with Door(heard, Limits(idle_seconds=0.3)) as door, door.speaker() as speaker:
        assert 0.2 < ended_within(speaker, 3.0) < 1.5
        assert door.counted("connections ended idle") == 1
        assert door.seats.taken == 0


def test_h004_a_message_that_stands_still_is_ended(heard: Heard) -> None:
    assert Limits().progress_seconds == 30
    with Door(heard, Limits(progress_seconds=0.3)) as door, door.speaker() as speaker:
        speaker.send(b"\x0b", message("1"))
        assert 0.2 < ended_within(speaker, 3.0) < 1.5
        assert door.counted("connections ended too slow") == 1
    assert heard.payloads == []


def test_h009_a_dripped_message_is_ended(heard: Heard) -> None:
    assert Limits().message_seconds == 60
    with Door(heard, Limits(message_seconds=0.5)) as door, door.speaker() as speaker:
        assert 0.4 < drip(speaker, b"\x0b" + message("1", "a" * 500), 3.0) < 2.0
    assert heard.payloads == []


def test_time_in_which_a_thread_works_is_not_the_peers(heard: Heard) -> None:
    go = Event()
    heard.answer = lambda payload: accepted(payload) if go.wait(5) else None
    limits = Limits(progress_seconds=0.4, message_seconds=0.4)
    with Door(heard, limits) as door, door.speaker() as speaker:
        second = block(message("2"))
        speaker.send(block(message("1")), second[:-5])
        until(lambda: heard.payloads, 5.0, "a thread is at work")
        time.sleep(0.8)  # longer than the peer has
        go.set()
        assert speaker.read() == accepted(message("1"))
        speaker.send(second[-5:])
        assert speaker.read() == accepted(message("2"))


def test_h023_who_does_not_read_its_answers_is_ended(heard: Heard) -> None:
    assert Limits().answer_seconds == 10
    heard.answer = lambda _: b"a" * MIB
    with Door(heard, Limits(answer_seconds=0.3)) as door, door.speaker() as speaker:
        speaker.send(*(block(message(str(number))) for number in range(20)))
        until(lambda: door.counted("connections ended not read") == 1, 10.0, "it has been waited for")
        assert not door.loop.busy
    assert 0 < len(heard.payloads) < 20, "what was not answered was not heard, but the last"


# -- many, and none


def test_h024_a_peer_that_leaves_before_the_answer(heard: Heard) -> None:
    """It says it again, and the answer is the store's: the first is kept all the same."""
    go = Event()
    heard.answer = lambda payload: accepted(payload) if go.wait(5) else None
    with Door(heard) as door:
        with door.speaker() as speaker:
            speaker.send(block(message("1")))
            until(lambda: heard.payloads, 5.0, "a thread is at work")
            speaker.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
        go.set()
        until(lambda: not door.loop.busy and door.seats.taken == 0, 5.0, "it is gone")
        with door.speaker() as speaker:
            assert speaker.say(message("1")) == accepted(message("1"))
    assert heard.payloads == [message("1")] * 2


def test_h026_who_sends_more_than_is_heard_waits(heard: Heard) -> None:
    """Nothing more is read from it: at most what was read at once waits here."""
    go = Event()
    heard.answer = lambda payload: accepted(payload) if go.wait(20) else None
    with Door(heard) as door, door.speaker() as speaker:
        speaker.sock.settimeout(0.5)
        part, sent = block(message("1", "a" * 1000)) * 1000, 0
        with suppress(TimeoutError):
            while sent < 100 * MIB:
                sent += speaker.sock.send(part[sent % len(part) :])
        assert sent < 100 * MIB
        assert len(heard.payloads) == 1
        assert door.loop._held <= 64 * 1024
        go.set()
        speaker.sock.settimeout(10)
        for _ in range(sent // (len(part) // 1000)):
            assert speaker.read()


def test_the_memory_of_messages_that_have_begun_is_bounded(heard: Heard) -> None:
    limits = Limits(held_bytes=3 * MIB)
    with Door(heard, limits) as door, ExitStack() as stack:
        speakers = [stack.enter_context(door.speaker()) for _ in range(4)]
        for each in speakers[:3]:
            each.send(b"\x0b", b"a" * MIB)
        speakers[3].send(block(message("1")))
        assert speakers[3].read() == accepted(message("1")), "small ones go on"
        speakers[3].send(b"\x0b", b"a" * MIB)
        until(lambda: door.counted("connections ended no room") >= 1, 5.0, "one is put out")
        assert door.loop._held <= limits.held_bytes
    assert door.loop._held == 0


def test_h027_who_vanishes_is_missed_within_five_minutes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted_, _ = server.accept()
        with accepted_:
            Connection(accepted_, "127.0.0.1", Limits(), 0.0)
            assert accepted_.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            idle, every, times = (
                accepted_.getsockopt(socket.IPPROTO_TCP, each)
                for each in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
            assert idle + every * times <= 300
            assert accepted_.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_h030_one_peer_has_so_many_connections_and_others_are_served(heard: Heard) -> None:
    assert Limits().connections_per_peer == 200
    with Door(heard, Limits(connections_per_peer=3)) as door, ExitStack() as stack:
        first, *_ = (stack.enter_context(door.speaker()) for _ in range(3))
        until(lambda: door.seats.taken == 3, 5.0, "all are in")
        with door.speaker() as fourth:
            assert ended_within(fourth, 5.0) < 1.0
        with door.speaker(source="127.0.0.2") as other:
            assert other.say(message("1")) == accepted(message("1"))
        first.sock.close()
        until(lambda: door.seats.taken < 3, 5.0, "its seat is free")
        with door.speaker() as again:
            assert again.say(message("2")) == accepted(message("2"))
        assert door.counted("connections refused too many") == 1


# -- who it is


def linked(name: str, *networks: str) -> Link:
    return Link(name, Named(name), tuple(map(ipaddress.ip_network, networks)))


def test_h022_an_address_that_no_link_names_is_closed_at_once(heard: Heard) -> None:
    with Door(heard, links={"a": linked("a", "127.0.0.2")}) as door:
        with door.speaker() as speaker:
            assert ended_within(speaker, 5.0) < 1.0
        with door.speaker(source="127.0.0.2") as speaker:
            assert speaker.say(message("1")) == accepted(message("1"))
        assert door.counted("connections refused address") == 1
        assert door.seats.taken <= 1


def test_all_links_of_an_address_are_told(heard: Heard) -> None:
    links = {
        "a": linked("a", "127.0.0.2"),
        "b": linked("b", "127.0.0.1"),
        "c": linked("c", "10.0.0.1", "127.0.0.0/30"),
        "d": Link("d", Named(), HERE, certificates=frozenset({"0" * 64})),
    }
    with Door(heard, links=links) as door, door.speaker() as speaker:
        speaker.say(message("1"))
    assert heard.links == [("b", "c")]


def test_links_that_change_count_from_the_next_message_on(heard: Heard) -> None:
    now = dict(ANYBODY)
    with Door(heard, links=lambda: now) as door, door.speaker() as speaker:
        assert speaker.say(message("1")) == accepted(message("1"))
        now = {"a": linked("a", "127.0.0.1")}
        assert speaker.say(message("2")) == accepted(message("2"))
        now = {"b": linked("b", "10.0.0.1")}
        assert speaker.say(message("3")) == b""
    assert heard.links == [("anybody",), ("a",)]


# -- what fails on our side


def test_h110_h111_what_could_not_be_kept_is_not_answered(heard: Heard) -> None:
    def full(payload: bytes) -> bytes:
        if b"|2|" in payload:
            raise fault(Category.UNAVAILABLE, "no-store", "the disk is full")
        return accepted(payload)

    heard.answer = full
    with Door(heard) as door, door.speaker() as other:
        assert other.say(message("1")) == accepted(message("1"))
        with door.speaker() as speaker:
            assert speaker.say(message("2")) == b""
        assert other.say(message("3")) == accepted(message("3")), "others go on"
        assert door.counted("messages failed") == 1


@pytest.mark.parametrize(
    ("error", "final"),
    [(OSError(errno.EIO, "x"), True), (OSError(errno.ENOSPC, "x"), False), (KeyError(), False)],
)
def test_only_a_disk_that_is_broken_ends_the_process(heard: Heard, error: Exception, *, final: bool) -> None:
    def broken(_: bytes) -> bytes:
        raise fault(Category.UNAVAILABLE, "no-store", "the store has failed") from error

    heard.answer = broken
    with Door(heard) as door, door.speaker() as speaker:
        assert speaker.say(message("1")) == b""
        assert door.loop.broken is final


def test_what_nobody_thought_of_is_logged_without_its_text(heard: Heard) -> None:
    def broken(payload: bytes) -> bytes:
        raise ValueError(payload)

    heard.answer = broken
    said = CapturingLogger()
    log = wrap_logger(said, processors=[], wrapper_class=make_filtering_bound_logger("debug"))
    with Door(heard, log=log) as door, door.speaker() as speaker:
        speaker.send(b"DOE")
        assert speaker.say(message("1", "DOE")) == b""
    assert "ValueError" in str(said.calls)
    assert "skipped" in str(said.calls)
    assert "DOE" not in str(said.calls)


# -- the end


def test_told_to_stop_it_answers_what_has_begun_and_closes_the_rest(heard: Heard) -> None:
    go = Event()
    heard.answer = lambda payload: accepted(payload) if go.wait(5) else None
    with Door(heard) as door, door.speaker() as idle, door.speaker() as begun, door.speaker() as working:
        working.send(block(message("1")), block(message("2")))
        begun.send(b"\x0b", message("3"))
        until(lambda: heard.payloads and door.loop._held > 0, 5.0, "a thread is at work")
        until(lambda: door.seats.taken == 3, 5.0, "all are in")
        door.stop()
        assert ended_within(idle, 5.0) < 2.0
        go.set()
        assert working.read() == accepted(message("1"))
        assert working.read() == b"", "the second was not heard, and is sent again"
        begun.send(b"\x1c\r")
        assert begun.read() == accepted(message("3"))
        assert begun.read() == b""
        until(lambda: not door.loop.busy, 5.0, "all are gone")
    assert sorted(heard.payloads) == [message("1"), message("3")]

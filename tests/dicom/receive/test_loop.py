"""The loop under peers that are silent, slow, many or gone; and a disk that fails. Ids: the catalogue's."""

from __future__ import annotations

import errno
import socket
import time
from array import array
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import FIONREAD
from threading import Event

import pytest

from server.dicom.limits import Limits
from server.dicom.receive.staging import Staging
from server.errors import Category, fault
from server.line import Line
from server.objects import Held, ObjectArrival, Outcome, Receiving
from server.store.vault import Vault
from tests.dicom import wire
from tests.dicom.door import NOW, Door, Speaker
from tests.dicom.encoded import ct
from tests.flow.processes import until


def ended_within(speaker: Speaker, seconds: float) -> float:
    """How long the connection lasted from now."""
    began = time.monotonic()
    speaker.sock.settimeout(seconds)
    while speaker.read() != (0, b""):
        continue
    return time.monotonic() - began


def test_d001_silence_is_closed_in_time(tmp_path: Path) -> None:
    with Door(tmp_path, Limits(request_seconds=0.3)) as door, door.speaker() as speaker:
        assert 0.2 < ended_within(speaker, 3.0) < 1.5
        assert door.seats.taken == 0


def test_d002_a_dripped_request_is_closed_in_time(tmp_path: Path) -> None:
    with Door(tmp_path, Limits(request_seconds=0.5)) as door, door.speaker() as speaker:
        began = time.monotonic()
        for each in wire.request():
            speaker.send(bytes([each]))
            speaker.sock.settimeout(0.02)
            try:
                if not speaker.sock.recv(1):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert time.monotonic() - began < 1.5


def test_a_dripped_pdu_is_aborted(tmp_path: Path) -> None:
    with Door(tmp_path, Limits(grace_seconds=0.2)) as door, door.associated() as speaker:
        whole = wire.data(3, 3, wire.store())
        speaker.send(whole[:8])
        assert speaker.read() == (0x07, bytes(4))
        assert speaker.ended()


def test_a_message_of_dripped_pdus_is_aborted(tmp_path: Path) -> None:
    with Door(tmp_path, Limits(message_grace_seconds=0.3)) as door, door.associated() as speaker:
        speaker.send(wire.data(3, 3, wire.store()))
        speaker.sock.settimeout(0.05)
        began = time.monotonic()
        while time.monotonic() - began < 3.0:
            speaker.send(wire.data(3, 0, b"\0" * 2))
            try:
                assert speaker.sock.recv(1) in (b"\x07", b"")
                break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert time.monotonic() - began < 2.0
        door.demand_clean()


def test_d025_more_than_fit_are_rejected_until_one_ends(tmp_path: Path) -> None:
    limits = Limits(associations=3, associations_per_peer=2)
    with Door(tmp_path, limits) as door, door.associated() as first, door.associated():
        with door.speaker() as third:
            third.send(wire.request())
            assert third.read() == (0x03, bytes((0, 2, 3, 2)))
        first.send(wire.RELEASE)
        assert first.read()[0] == 0x06
        first.sock.close()
        until(lambda: door.seats.taken == 1, 1.0, "its seat is free")
        door.associated().sock.close()


def test_d026_aborted_at_once_again_and_again(tmp_path: Path) -> None:
    with Door(tmp_path, Limits(requests_per_second=1e6, requests_at_once=1e6)) as door:
        for _ in range(200):
            with door.speaker() as speaker:
                speaker.send(wire.request(), wire.ABORT)
        until(lambda: not door.loop.busy and door.seats.taken == 0, 5.0, "all are gone")


def test_d027_an_idle_association_is_aborted(tmp_path: Path) -> None:
    with Door(tmp_path, Limits(idle_seconds=0.3)) as door, door.associated() as speaker:
        assert speaker.echo() == 0
        assert speaker.read() == (0x07, bytes(4))
        assert speaker.ended()


@pytest.mark.parametrize("how", ["reset", "close"])
def test_d028_d117_a_peer_that_vanishes_leaves_nothing(tmp_path: Path, how: str) -> None:
    with Door(tmp_path) as door:
        for number in range(20):
            with door.associated() as speaker:
                speaker.send(wire.data(3, 3, wire.store()), wire.data(3, 0, ct(pixels=200_000)))
                if number == 0:
                    speaker.send(*(wire.data(3, 0, bytes(200_000)) for _ in range(11)))
                    until(door.staged, 5.0, "some of it is on the disk")
                speaker.send(wire.data(3, 0, b"\0" * 900)[:-100])
                if how == "reset":
                    speaker.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
        until(lambda: not door.loop.busy, 5.0, "all are gone")
        door.demand_clean()
        assert door.stored() == []


def test_d049_a_release_in_the_middle_of_an_object_stores_nothing(tmp_path: Path) -> None:
    with Door(tmp_path) as door, door.associated() as speaker:
        speaker.send(wire.data(3, 3, wire.store()), wire.data(3, 0, ct()[:400]), wire.RELEASE)
        assert speaker.read() == (0x07, bytes((0, 0, 2, 2)))
        assert speaker.ended()
        door.demand_clean()
        assert door.stored() == []


def test_d030_release_is_answered_and_the_peer_may_close_first(tmp_path: Path) -> None:
    with Door(tmp_path) as door, door.associated() as speaker:
        speaker.send(wire.RELEASE, wire.RELEASE)
        assert speaker.read() == (0x06, bytes(4))
        assert speaker.ended()


def test_d033_a_flood_of_requests_is_told_to_wait(tmp_path: Path) -> None:
    with Door(tmp_path, Limits(requests_per_second=0.001, requests_at_once=5)) as door:
        answers = []
        for _ in range(8):
            with door.speaker() as speaker:
                speaker.send(wire.request())
                answers.append(speaker.read())
        assert [kind for kind, _ in answers] == [2] * 5 + [3] * 3
        assert answers[-1][1] == bytes((0, 2, 3, 1))


def test_d046_many_echoes_on_one_association(tmp_path: Path) -> None:
    with Door(tmp_path) as door, door.associated() as speaker:
        assert {speaker.echo() for _ in range(500)} == {0}


def test_operations_sent_before_the_answer_are_taken_in_order(tmp_path: Path) -> None:
    with Door(tmp_path) as door, door.associated() as speaker:
        for number in range(1, 21):
            instance = wire.INSTANCE + b".%d" % number
            speaker.send_store(ct(instance), command=wire.store(instance=instance, message=number))
        assert [speaker.status()[0] for _ in range(20)] == [0] * 20
        assert len(door.stored()) == 20


def test_when_full_the_oldest_that_has_not_associated_makes_room(tmp_path: Path) -> None:
    with Door(tmp_path, Limits(connections=4)) as door, door.associated() as working:
        silent = [door.speaker() for _ in range(6)]
        assert ended_within(silent[0], 3.0) < 2.0
        assert working.echo() == 0
        for each in silent:
            each.sock.close()


def test_d105_too_large_is_refused_and_aborted(tmp_path: Path) -> None:
    with Door(tmp_path, Limits(object_bytes=10_000, chunk_bytes=4096)) as door, door.associated() as speaker:
        speaker.send_store(ct(pixels=50_000))
        assert speaker.status()[0] == 0xA700
        assert speaker.read() == (0x07, bytes(4))
        door.demand_clean()
        assert door.stored() == []


class Failing(Staging):
    """The disk fails in one way at one place, while ``error`` is set."""

    def __init__(self, vault: Vault, at: str) -> None:
        super().__init__(vault)
        self.at = at
        self.error: BaseException | None = None
        self.room = True
        self.go_on = Event()
        self.go_on.set()

    def begin(self, arrival: ObjectArrival) -> Receiving:  # type: ignore[override]
        self._fail("begin")
        made = super().begin(arrival)
        return _Around(self, made)

    def has_room(self) -> bool:
        return self.room

    def _fail(self, at: str, size: int = 0) -> None:
        """A write fails that is not the first: something is on the disk by then."""
        if at == self.at and self.error is not None and (at != "write" or size > 2_000_000):
            raise self.error


class _Around:
    def __init__(self, disk: Failing, inner: Receiving) -> None:
        self._disk, self._inner = disk, inner
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._size += len(data)
        self._disk._fail("write", self._size)
        self._inner.write(data)

    def finish(self) -> Outcome:
        assert self._disk.go_on.wait(10)
        self._disk._fail("finish")
        return self._inner.finish()

    def abandon(self) -> None:
        self._inner.abandon()


@pytest.fixture
def failing(tmp_path: Path) -> Callable[[str], Failing]:
    return lambda at: Failing(Vault(tmp_path), at)


@pytest.mark.parametrize("at", ["begin", "write", "finish"])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(errno.ENOSPC, "full"), 0xA700),
        (OSError(errno.EDQUOT, "quota"), 0xA700),
        (fault(Category.UNAVAILABLE, "no-store", "the database is locked"), 0xA700),
        (fault(Category.FORBIDDEN, "security", "not to this title"), 0x0124),
        (ZeroDivisionError("a defect"), 0x0110),
    ],
)
def test_d112_d114_d116_a_failure_is_answered_and_survived(
    tmp_path: Path, failing: Callable[[str], Failing], at: str, error: BaseException, status: int
) -> None:
    disk = failing(at)
    with Door(tmp_path, holding=disk) as door, door.associated() as speaker:
        disk.error = error
        assert speaker.store(ct(pixels=3_500_000))[0] == status
        door.demand_clean()
        assert door.stored() == []
        disk.error = None
        assert speaker.store(ct(pixels=3_500_000))[0] == 0
        assert len(door.stored()) == 1


def test_d115_after_an_input_output_error_the_process_is_to_end(
    tmp_path: Path, failing: Callable[[str], Failing]
) -> None:
    disk = failing("finish")
    disk.error = OSError(errno.EIO, "fsync")
    with Door(tmp_path, holding=disk) as door, door.associated() as speaker:
        assert speaker.store(ct())[0] == 0xA700
        until(lambda: door.loop.broken, 2.0, "the loop says that it is broken")
        door.demand_clean()
        assert door.stored() == []


def test_d113_no_room_rejects_for_the_time_being(tmp_path: Path, failing: Callable[[str], Failing]) -> None:
    disk = failing("")
    disk.room = False
    with Door(tmp_path, holding=disk) as door:
        until(lambda: door.admission.full, 3.0, "it has looked")
        with door.speaker() as speaker:
            speaker.send(wire.request())
            assert speaker.read() == (0x03, bytes((0, 2, 3, 1)))
        disk.room = True
        until(lambda: not door.admission.full, 3.0, "it has looked again")
        door.associated().sock.close()


def test_a_slow_disk_keeps_nobody_else(tmp_path: Path, failing: Callable[[str], Failing]) -> None:
    disk = failing("")
    disk.go_on.clear()
    with Door(tmp_path, holding=disk) as door, door.associated() as slow, door.associated() as other:
        slow.send_store(ct())
        assert other.echo() == 0
        disk.go_on.set()
        assert slow.status()[0] == 0


def test_told_to_stop_the_object_under_way_is_taken_to_its_end(
    tmp_path: Path, failing: Callable[[str], Failing]
) -> None:
    disk = failing("")
    with Door(tmp_path, holding=disk) as door, door.associated() as idle, door.associated() as busy:
        busy.send(wire.data(3, 3, wire.store()), wire.data(3, 0, ct()[:100]))
        assert idle.echo() == 0
        door.stop()
        assert idle.read() == (0x07, bytes(4))
        busy.send(wire.data(3, 2, ct()[100:]))
        assert busy.status()[0] == 0
        assert busy.read() == (0x07, bytes(4))
        until(lambda: not door.loop.busy, 5.0, "all are gone")
        assert len(door.stored()) == 1


def test_what_came_is_what_is_kept(tmp_path: Path) -> None:
    arrival = ObjectArrival(
        "CT1", "US", "127.0.0.1", wire.CT.decode(), wire.INSTANCE.decode(), wire.EXPLICIT.decode(), NOW
    )
    receiving = Staging(Vault(tmp_path)).begin(arrival)
    receiving.write(ct()[:77])
    receiving.write(memoryview(ct())[77:])
    assert receiving.finish() is Held.STORED
    receiving.abandon()


def test_who_sends_many_messages_at_once_waits_for_the_others_in_between(tmp_path: Path) -> None:
    """By bytes: all answers to C-ECHO are of one length."""
    door = Door(tmp_path)
    door.loop.start()
    with door.speaker() as speaker:
        speaker.send(wire.request())
        until(lambda: door.loop.turn() or door.seats.taken == 1, 5.0, "it is associated")
        assert speaker.read()[0] == 0x02
        (connection,) = door.loop._connections
        echoes = wire.data(1, 3, wire.echo()) * 500
        speaker.send(echoes)
        until(lambda: _unread(connection.line) == len(echoes), 5.0, "all have come")
        door.loop.turn()
        first = _unread(speaker.sock)
        until(lambda: door.loop.turn() or not connection.behind, 5.0, "all are answered")
        assert 0 < first <= _unread(speaker.sock) // 5
    until(lambda: door.loop.turn() or not door.loop.busy, 5.0, "it has left")
    door.loop.close()
    door.close()


def _unread(of: socket.socket | Line) -> int:
    """Bytes that wait in the kernel."""
    waiting = array("i", [0])
    ioctl(of.fileno(), FIONREAD, waiting)
    return waiting[0]


def test_a_pdu_of_nothing_but_tiny_fragments_is_aborted(tmp_path: Path) -> None:
    with Door(tmp_path) as door, door.associated() as speaker:
        tiny = wire.pdu(0x04, wire.fragment(3, 0, b"") * 40_000)
        speaker.send(wire.data(3, 3, wire.store()), tiny)
        assert speaker.read() == (0x07, bytes((0, 0, 2, 6)))
        door.demand_clean()

"""Answers in pieces: an operation that is told something while its next piece is made is asked again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Event as Signal

from server.dicom.dimse.command import respond
from server.dicom.dimse.status import Status
from server.dicom.limits import Limits
from server.dicom.receive.operation import Asking, Lost, Operation, Portion
from server.dicom.upper import answer
from server.dicom.upper.association import Event
from tests.dicom import wire
from tests.dicom.door import Door, Speaker
from tests.dicom.encoded import ct
from tests.dicom.query.test_finding import cancel, command
from tests.dicom.query.ward import STUDY_FIND
from tests.flow.processes import until

CONTEXTS = [(1, wire.VERIFICATION, (wire.IMPLICIT,)), (3, STUDY_FIND.encode(), (wire.IMPLICIT,))]


class Waiting:
    """Says that it waits just when it has been told; ``fails`` instead of saying anything more."""

    def __init__(self, asking: Asking, *, fails: bool) -> None:
        self._asking = asking
        self._fails = fails
        self._told = Signal()
        self.closed = Signal()

    @property
    def told(self) -> Mapping[str, object]:
        return {"what": "a test", "status": "0000"}

    @property
    def refused(self) -> bool:
        return False

    def hear(self, event: Event) -> bool:
        del event
        self._told.set()
        return True

    def hear_elsewhere(self, event: Event | Lost, longest: int) -> None:
        raise NotImplementedError

    def carry(self) -> Portion:
        if not self._told.is_set():
            assert self._told.wait(10)
            return Portion(waits=True)
        if self._fails:
            raise ZeroDivisionError("a defect")
        said = respond(self._asking.command, Status.CANCELLED)
        return Portion(answer.command(self._asking.context.id, said, self._asking.peer_max), ended=True)

    def close(self) -> None:
        self.closed.set()


class Beginning:
    """``Operations`` that begins one."""

    def __init__(self, *, fails: bool = False) -> None:
        self._fails = fails
        self.made: list[Waiting] = []

    def begin(self, asking: Asking) -> Operation:
        self.made.append(Waiting(asking, fails=self._fails))
        return self.made[-1]


def ask(speaker: Speaker) -> None:
    speaker.send(wire.data(3, 3, command()), wire.data(3, 2, b"\x08\0\x52\0\x06\0\0\0STUDY "))
    speaker.send(wire.data(3, 3, cancel()))


def test_what_is_heard_while_a_piece_is_made_is_not_slept_over(tmp_path: Path) -> None:
    operations = Beginning()
    with Door(tmp_path, Limits(response_seconds=1.0), operations=operations) as door:
        with door.associated(wire.request(CONTEXTS)) as speaker:
            ask(speaker)
            assert speaker.status()[0] == 0xFE00
            assert speaker.echo() == 0
        assert operations.made[0].closed.wait(5)


def test_a_defect_aborts_this_association_and_no_other(tmp_path: Path) -> None:
    operations = Beginning(fails=True)
    with Door(tmp_path, operations=operations) as door:
        with door.associated(wire.request(CONTEXTS)) as speaker, door.associated() as other:
            ask(speaker)
            assert speaker.read() == (0x07, bytes(4))
            assert speaker.ended()
            assert other.echo() == 0
        assert operations.made[0].closed.wait(5)


def test_objects_are_taken_while_more_is_asked_than_there_are_threads(tmp_path: Path) -> None:
    operations = Beginning()
    with ExitStack() as stack:
        door = stack.enter_context(Door(tmp_path, operations=operations))
        askers = [stack.enter_context(door.associated(wire.request(CONTEXTS))) for _ in range(12)]
        for each in askers:
            each.send(wire.data(3, 3, command()), wire.data(3, 2, b"\x08\0\x52\0\x06\0\0\0STUDY "))
        until(lambda: len(operations.made) == len(askers), 5.0, "all have asked")
        with door.associated() as sender:
            sender.sock.settimeout(3)
            assert sender.store(ct()) == (0, "")
        for each in askers:
            each.send(wire.data(3, 3, cancel()))
        assert [each.status()[0] for each in askers] == [Status.CANCELLED] * len(askers)

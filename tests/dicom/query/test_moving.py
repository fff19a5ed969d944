"""C-MOVE: objects go to the peer that is named and configured, by an association of the loop's own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, Verification

from server.accesses import Outcome
from server.dicom.limits import Limits
from server.dicom.peers import Called, Peer, Peers
from server.dicom.rights import ALL, Right
from tests.dicom import wire
from tests.dicom.query.test_retrieval import counted
from tests.dicom.query.ward import Ward, dataset, film, laid, uid, ward
from tests.flow.processes import free_port, until

STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
HERE = (ip_network("127.0.0.0/8"),)
KEYS = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": uid(1)}
EXPLICIT = "1.2.840.10008.1.2.1"


class Archive:
    """Takes what is sent, and says ``status``."""

    def __init__(self, port: int, syntax: str) -> None:
        self.came: dict[str, bytes] = {}
        self.status = 0
        self.senders: list[tuple[str, str, int]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        entity = AE("PACS")
        entity.add_supported_context(CTImageStorage, syntax)
        entity.add_supported_context(Verification)
        entity.network_timeout = entity.dimse_timeout = entity.acse_timeout = 20
        self._server = entity.start_server(
            ("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, self._stored)]
        )

    def _stored(self, event: evt.Event) -> int:
        assert self.go_on.wait(10)
        asked = event.request
        self.came[asked.AffectedSOPInstanceUID] = asked.DataSet.getvalue()
        self.senders.append(
            (
                event.assoc.requestor.ae_title,
                asked.MoveOriginatorApplicationEntityTitle,
                asked.MoveOriginatorMessageID,
            )
        )
        return self.status

    def close(self) -> None:
        self._server.shutdown()


@contextmanager
def moving(
    folder: Path, *, syntax: str = EXPLICIT, archive: bool = True, limits: Limits | None = None
) -> Iterator[tuple[Ward, Archive, int]]:
    port = free_port()
    peers = Peers(
        {"SECOND_READER": Called("SECOND_READER")},
        {
            "VIEWER": Peer("VIEWER", HERE, ALL),
            "CT1": Peer("CT1", HERE, frozenset((Right.STORE,))),
            "PACS": Peer("PACS", HERE, frozenset(), "127.0.0.1", port),
        },
    )
    with ExitStack() as stack:
        taking = None
        if archive:
            taking = Archive(port, syntax)
            stack.callback(taking.close)
        made = stack.enter_context(ward(folder, peers, limits))
        made.sent(film(1), film(1, 1, 2), film(1, 2, 1))
        yield made, taking, port  # type: ignore[misc]


def move(house: Ward, destination: str = "PACS", **keys: Any) -> tuple[list[Dataset], Dataset | None]:
    with house.associated(STUDY_MOVE) as peer:
        answers = list(peer.send_c_move(dataset(**(keys or KEYS)), destination, STUDY_MOVE))
    return [each for each, _ in answers], answers[-1][1]


def test_objects_arrive_as_they_were_sent(tmp_path: Path) -> None:
    with moving(tmp_path) as (house, archive, _):
        answers, _ = move(house)
        assert [int(each.Status) for each in answers] == [0xFF00] * 3 + [0]
        assert [counted(each) for each in answers] == [
            (2, 1, 0, 0),
            (1, 2, 0, 0),
            (0, 3, 0, 0),
            (-1, 3, 0, 0),
        ]
        assert archive.came == {
            uid(1, 1, 1): film(1),
            uid(1, 1, 2): film(1, 1, 2),
            uid(1, 2, 1): film(1, 2, 1),
        }
        assert set(archive.senders) == {("SECOND_READER", "VIEWER", 1)}
        last = laid(house)[-1]
        assert (last.document, last.detail, last.client) == (uid(1), "sent to PACS", "VIEWER")


@pytest.mark.parametrize("destination", ["NOBODY", "VIEWER", "CT1"])
def test_d042_a_destination_that_is_not_configured(tmp_path: Path, destination: str) -> None:
    with moving(tmp_path) as (house, _, _):
        ((answer,), _) = move(house, destination)
        assert answer.Status == 0xA801
        assert laid(house)[-1].outcome is Outcome.MINOR


def test_what_the_destination_refuses_is_counted_and_named(tmp_path: Path) -> None:
    with moving(tmp_path) as (house, archive, _):
        archive.status = 0xA700
        answers, failed = move(house)
        assert (int(answers[-1].Status), counted(answers[-1])) == (0xA702, (-1, 0, 3, 0))
        assert failed is not None
        assert len(failed.FailedSOPInstanceUIDList) == 3


def test_a_syntax_that_the_destination_does_not_take(tmp_path: Path) -> None:
    with moving(tmp_path, syntax="1.2.840.10008.1.2") as (house, archive, _):
        answers, _ = move(house)
        assert (int(answers[-1].Status), counted(answers[-1])) == (0xA702, (-1, 0, 3, 0))
        assert archive.came == {}


def test_a_destination_that_is_not_there(tmp_path: Path) -> None:
    with moving(tmp_path, archive=False) as (house, _, _):
        answers, failed = move(house)
        assert (int(answers[-1].Status), counted(answers[-1])) == (0xA702, (-1, 0, 3, 0))
        assert failed is not None
        assert "destination" in answers[-1].ErrorComment


@pytest.mark.parametrize("how", ["silent", "closes", "noise", "rejects"])
def test_a_destination_that_is_none_harms_nobody(tmp_path: Path, how: str) -> None:
    limits = Limits(request_seconds=0.5)
    with moving(tmp_path, archive=False, limits=limits) as (house, _, port), socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(1)
        answer = {"noise": b"HTTP/1.1 400\r\n" * 20, "rejects": wire.pdu(3, b"\0\1\1\1")}.get(how, b"")

        def play() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(9000)
                sock.sendall(answer)
                if how != "closes":
                    sock.settimeout(5)
                    while sock.recv(100):
                        continue

        player = threading.Thread(target=play)
        player.start()
        with house.door.associated(wire.request(calling=b"CT1")) as other:
            began = time.monotonic()
            assert other.echo() == 0
            answers, _ = move(house)
            assert time.monotonic() - began < 4
        player.join(10)
        assert int(answers[-1].Status) == 0xA702


def test_a_destination_that_hangs_in_the_middle_is_timed_out(tmp_path: Path) -> None:
    with moving(tmp_path, limits=Limits(response_seconds=0.5)) as (house, archive, _):
        archive.go_on.clear()
        answers, failed = move(house)
        archive.go_on.set()
        assert (int(answers[-1].Status), counted(answers[-1])) == (0xA702, (-1, 0, 3, 0))
        assert failed is not None


def asked(destination: bytes = b"PACS") -> tuple[bytes, bytes]:
    value = uid(1).encode()
    value += b"\0" * (len(value) % 2)
    request = wire.command(
        {
            2: wire.uid(STUDY_MOVE.encode()),
            0x100: pack("<H", 0x21),
            0x110: pack("<H", 7),
            0x600: destination,
            0x700: pack("<H", 0),
            0x800: pack("<H", 1),
        }
    )
    return request, b"\x08\0\x52\0\x06\0\0\0STUDY \x20\0\x0d\0" + pack("<I", len(value)) + value


MOVE_CONTEXTS = [(1, wire.VERIFICATION, (wire.IMPLICIT,)), (3, STUDY_MOVE.encode(), (wire.IMPLICIT,))]


def test_cancelled_in_the_middle(tmp_path: Path) -> None:
    with moving(tmp_path) as (house, archive, _):
        archive.go_on.clear()
        with house.door.associated(wire.request(MOVE_CONTEXTS, calling=b"VIEWER")) as speaker:
            request, keys = asked()
            speaker.send(wire.data(3, 3, request), wire.data(3, 2, keys))
            cancel = wire.command({0x100: pack("<H", 0xFFF), 0x120: pack("<H", 7), 0x800: pack("<H", 0x101)})
            until(lambda: any(c.outward for c in tuple(house.door.loop._connections)), 5.0, "it is called")
            speaker.send(wire.data(3, 3, cancel), wire.data(1, 3, wire.echo()))
            archive.go_on.set()
            statuses = [speaker.status()[0]]
            while statuses[-1] == 0xFF00:
                statuses.append(speaker.status()[0])
            assert statuses[-1] == 0xFE00
            assert len(archive.came) < 3
            assert speaker.status()[0] == 0  # of the echo, which had to wait


def test_who_asks_and_leaves_ends_the_other_association_too(tmp_path: Path) -> None:
    with moving(tmp_path) as (house, archive, _):
        archive.go_on.clear()
        with house.door.associated(wire.request(MOVE_CONTEXTS, calling=b"VIEWER")) as speaker:
            request, keys = asked()
            speaker.send(wire.data(3, 3, request), wire.data(3, 2, keys))
            until(lambda: any(c.outward for c in tuple(house.door.loop._connections)), 5.0, "it is called")
        until(lambda: house.door.seats.taken == 0, 5.0, "its seat is free")
        archive.go_on.set()
        until(lambda: not house.door.loop._connections, 5.0, "nothing is left")

"""The catalogue's rows of DICOM input over a socket: answered as the row says, nothing left behind."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pytest

from server.dicom.peers import Called, Peer, Peers
from server.dicom.receive.staging import Staging
from server.objects import Filed, ObjectArrival
from server.store.vault import Vault
from tests.dicom import wire
from tests.dicom.door import Door, Speaker
from tests.dicom.encoded import ct
from tests.dicom.rows import LINES, OBJECTS, OPENINGS, ORDERS, Line, Object, Opening, Order

HERE, ELSEWHERE = ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("10.9.0.0/16")
PEERS = Peers(
    {"SECOND_READER": Called("SECOND_READER", frozenset({"CT1", "FAR"})), "SECOND": Called("SECOND")},
    {
        "CT1": Peer("CT1", (HERE,)),
        "FAR": Peer("FAR", (ELSEWHERE,)),
        "PACS": Peer("PACS", (HERE,)),
    },
)


class Noting(Staging):
    """Keeps what the store would be told."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(vault)
        self.filed: list[Filed] = []

    def begin(self, arrival: ObjectArrival):
        made = super().begin(arrival)
        file = made.file

        def noted() -> Filed:
            self.filed.append(file())
            return self.filed[-1]

        made.file = noted  # type: ignore[method-assign]
        return made


@pytest.fixture(scope="module")
def noting(tmp_path_factory: pytest.TempPathFactory) -> Noting:
    return Noting(Vault(tmp_path_factory.mktemp("door")))


@pytest.fixture(scope="module")
def door(noting: Noting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = noting._stages._staging.parent  # type: ignore[attr-defined]
    with Door(folder, peers=PEERS, holding=noting) as opened:
        yield opened


def told(kind: int, payload: bytes) -> str:
    if kind == 0x07:
        return f"abort {payload[2]} {payload[3]}"
    if kind == 0x03:
        return f"reject {payload[1]} {payload[2]} {payload[3]}"
    return f"PDU {kind:02x}"


def served(door: Door) -> bool:
    with door.associated() as speaker:
        return speaker.echo() == 0x0000


@pytest.mark.parametrize("row", OPENINGS, ids=lambda row: row.id)
def test_opening(door: Door, row: Opening) -> None:
    with door.speaker() as speaker:
        speaker.send(row.sent)
        assert told(*speaker.read()) == row.answer
        assert speaker.ended()
    assert served(door)


@pytest.mark.parametrize("row", LINES, ids=lambda row: row.id)
def test_line(door: Door, row: Line) -> None:
    with door.associated() as speaker:
        speaker.send(row.sent)
        assert told(*speaker.read()) == row.answer
        assert speaker.ended()
    door.demand_clean()
    assert served(door)


@pytest.mark.parametrize("row", ORDERS, ids=lambda row: row.id)
def test_order(door: Door, row: Order) -> None:
    with door.associated() as speaker:
        if row.data is None:
            speaker.send(wire.data(row.context, 3, row.command))
            assert speaker.status()[0] == row.status
        else:
            assert speaker.store(row.data, context=row.context, command=row.command)[0] == row.status
        assert speaker.echo() == 0x0000, "the association lives"
    door.demand_clean()


@pytest.mark.parametrize("row", OBJECTS, ids=lambda row: row.id)
def test_object(door: Door, noting: Noting, row: Object) -> None:
    data, before = row.build(), door.stored()
    noting.filed.clear()
    with door.associated() as speaker:
        status, comment = speaker.store(data, context=row.context)
        assert f"{status:04x}" == f"{row.status:04x}", comment
        assert speaker.echo() == 0x0000, "the association lives"
    door.demand_clean()
    if row.status:
        assert comment
        assert door.stored() == before
        return
    (filed,) = noting.filed
    assert (row.remark in filed.remarks) if row.remark else not filed.remarks
    kept = door.folder / "vault" / filed.digest[:2] / filed.digest
    assert kept.read_bytes().endswith(data), "as it was sent, byte for byte"


def test_the_ids_are_distinct() -> None:
    ids = [row.id for rows in (OPENINGS, LINES, ORDERS, OBJECTS) for row in rows]
    assert len(set(ids)) == len(ids)


def test_a_whole_object_after_a_bad_one(door: Door) -> None:
    with door.associated() as speaker:
        assert speaker.store(ct()[:-4])[0] == 0xC000
        assert speaker.store(ct())[0] == 0x0000


def test_answers_fit_what_the_peer_takes(door: Door) -> None:
    """D-024: a maximum of one byte of data in each PDU, and none at all."""
    for most in (7, 0, 1, 0xFFFFFFFF):
        with door.associated(wire.request(information=wire.user(most))) as speaker:
            speaker.send(wire.data(1, 3, wire.echo()))
            assert _response(speaker)


def _response(speaker: Speaker) -> bytes:
    got = b""
    while True:
        _, payload = speaker.read()
        got += payload[6:]
        if payload[5] & 2:
            return got

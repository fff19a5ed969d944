"""C-GET over a socket: what comes is what was sent, what is not taken is counted, who hangs harms nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import build_role, evt
from pynetdicom.sop_class import CTImageStorage

from server.accesses import Doing, Outcome
from server.dicom.limits import Limits
from server.dicom.peers import Called, Peers
from server.dicom.rights import Right
from tests.dicom import wire
from tests.dicom.door import Speaker
from tests.dicom.encoded import ct
from tests.dicom.query.test_finding import narrowed
from tests.dicom.query.ward import Ward, dataset, film, laid, uid, ward
from tests.flow.processes import until

STUDY_GET, PATIENT_GET = "1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.5.1.4.1.2.1.3"
AT, FIRST = "QueryRetrieveLevel", ((1, 1, 1), (1, 1, 2))
OBJECTS = {
    uid(1, 1, 1): film(1),
    uid(1, 1, 2): film(1, 1, 2),
    uid(1, 2, 1): film(1, 2, 1),
    uid(2, 1, 1): film(2, t00100020="PAT-2"),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with ward(tmp_path_factory.mktemp("retrieval")) as made:
        made.sent(*OBJECTS.values())
        yield made


def get(
    house: Ward, model: str, status: int = 0, syntax: str = "1.2.840.10008.1.2.1", **keys: Any
) -> tuple[dict[str, bytes], list[Dataset], list[Dataset | None]]:
    """What came, byte for byte; each response, and its data set."""
    came: dict[str, bytes] = {}

    def stored(event: evt.Event) -> int:
        came[event.request.AffectedSOPInstanceUID] = event.request.DataSet.getvalue()
        return status

    contexts = [(CTImageStorage, syntax)]
    with house.associated(
        model,
        storage=contexts,
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, stored)],
    ) as peer:
        answers = list(peer.send_c_get(dataset(**keys), model))
    return came, [each for each, _ in answers], [each for _, each in answers]


def counted(answer: Dataset) -> tuple[int, ...]:
    return tuple(
        int(answer.get(f"NumberOf{each}Suboperations", -1))
        for each in ("Remaining", "Completed", "Failed", "Warning")
    )


@pytest.mark.parametrize(
    ("model", "keys", "instances"),
    [
        (STUDY_GET, {AT: "STUDY", "StudyInstanceUID": uid(1)}, [*FIRST, (1, 2, 1)]),
        (STUDY_GET, {AT: "STUDY", "StudyInstanceUID": [uid(1), uid(2)]},
         [*FIRST, (1, 2, 1), (2, 1, 1)]),
        (STUDY_GET, {AT: "SERIES", "StudyInstanceUID": uid(1), "SeriesInstanceUID": uid(1, 2)},
         [(1, 2, 1)]),
        (STUDY_GET, {AT: "IMAGE", "StudyInstanceUID": uid(1), "SeriesInstanceUID": uid(1, 1),
                     "SOPInstanceUID": uid(1, 1, 2)}, [(1, 1, 2)]),
        (PATIENT_GET, {AT: "PATIENT", "PatientID": "PAT-2"}, [(2, 1, 1)]),
        (STUDY_GET, {AT: "STUDY", "StudyInstanceUID": "1.2.3"}, []),
    ],
)  # fmt: skip
def test_what_is_retrieved_is_what_was_sent(
    house: Ward, model: str, keys: dict[str, Any], instances: list[tuple[int, ...]]
) -> None:
    came, answers, _ = get(house, model, **keys)
    assert came == {uid(*each): OBJECTS[uid(*each)] for each in instances}
    number = len(instances)
    pending = [(number - done, done, 0, 0) for done in range(1, number + 1)]
    assert [counted(each) for each in answers] == [*pending[:number], (-1, number, 0, 0)]
    assert [int(each.Status) for each in answers] == [0xFF00] * number + [0]


def test_what_the_peer_refuses_is_counted_and_named(house: Ward) -> None:
    keys = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": uid(1)}
    _, answers, sets = get(house, STUDY_GET, status=0xA700, **keys)
    assert (int(answers[-1].Status), counted(answers[-1])) == (0xA702, (-1, 0, 3, 0))
    assert sets[-1] is not None
    assert list(sets[-1].FailedSOPInstanceUIDList) == [uid(1, 1, 1), uid(1, 1, 2), uid(1, 2, 1)]
    _, answers, _ = get(house, STUDY_GET, status=0xB007, **keys)
    assert (int(answers[-1].Status), counted(answers[-1])) == (0xB000, (-1, 0, 0, 3))


def test_a_syntax_that_the_peer_does_not_take_is_a_failure(house: Ward) -> None:
    keys = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": uid(2)}
    came, answers, sets = get(house, STUDY_GET, syntax="1.2.840.10008.1.2", **keys)
    assert (came, int(answers[-1].Status), counted(answers[-1])) == ({}, 0xA702, (-1, 0, 1, 0))
    assert sets[-1] is not None
    assert sets[-1].FailedSOPInstanceUIDList == uid(2, 1, 1)


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({"QueryRetrieveLevel": "STUDY"}, 0xA900),
        ({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "*"}, 0xA900),
        ({"QueryRetrieveLevel": "IMAGE", "SOPInstanceUID": uid(1, 1, 1)}, 0xA900),
        ({"StudyInstanceUID": uid(1)}, 0xA900),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_refused(house: Ward, keys: dict[str, Any], status: int) -> None:
    came, answers, _ = get(house, STUDY_GET, **keys)
    assert (came, [int(each.Status) for each in answers]) == ({}, [status])


def test_every_retrieval_is_told_to_auditors(house: Ward) -> None:
    get(house, STUDY_GET, QueryRetrieveLevel="STUDY", StudyInstanceUID=[uid(1), uid(2)])
    one, two = laid(house)[-2:]
    assert [(each.doing, each.outcome) for each in (one, two)] == [(Doing.READ, Outcome.SUCCESS)] * 2
    assert [one.document, two.document] == [uid(1), uid(2)]


def test_too_many_are_refused(house: Ward) -> None:
    most = house.operations.desk.most_objects
    narrowed(house, most_objects=2)
    came, answers, _ = get(house, STUDY_GET, QueryRetrieveLevel="STUDY", StudyInstanceUID=uid(1))
    narrowed(house, most_objects=most)
    assert (came, int(answers[-1].Status)) == ({}, 0xA700)
    assert answers[-1].ErrorComment == "more than 2 objects; ask for less"


def test_who_may_only_find_gets_nothing(tmp_path: Path) -> None:
    called = Called("SECOND_READER", may=frozenset((Right.FIND, Right.STORE)))
    with ward(tmp_path, Peers({"SECOND_READER": called})) as made:
        made.sent(film(1))
        came, answers, _ = get(made, STUDY_GET, QueryRetrieveLevel="STUDY", StudyInstanceUID=uid(1))
    assert (came, int(answers[-1].Status)) == ({}, 0x0124)


# -- peers that are slow, silent or gone ---------------------------------------------------------


def asking(speaker: Speaker, study: str = uid(1)) -> None:
    value = study.encode() + b"\0" * (len(study) % 2)
    request = wire.command(
        {
            2: wire.uid(STUDY_GET.encode()),
            0x100: pack("<H", 0x10),
            0x110: pack("<H", 7),
            0x700: pack("<H", 0),
            0x800: pack("<H", 1),
        }
    )
    keys = b"\x08\0\x52\0\x06\0\0\0STUDY \x20\0\x0d\0" + pack("<I", len(value)) + value
    speaker.send(wire.data(3, 3, request), wire.data(3, 2, keys))


def getting(max_length: int = 16384) -> bytes:
    role = wire.item(0x54, pack(">H", len(wire.CT)) + wire.CT + b"\0\1")
    contexts = [
        (1, wire.VERIFICATION, (wire.IMPLICIT,)),
        (3, STUDY_GET.encode(), (wire.IMPLICIT,)),
        (5, wire.CT, (wire.EXPLICIT,)),
    ]
    return wire.request(contexts, information=wire.user(max_length, role))


def stored(message: int, status: int = 0) -> bytes:
    return wire.command(
        {
            2: wire.uid(wire.CT),
            0x100: pack("<H", 0x8001),
            0x120: pack("<H", message),
            0x800: pack("<H", 0x101),
            0x900: pack("<H", status),
        }
    )


def cancel() -> bytes:
    return wire.command({0x100: pack("<H", 0xFFF), 0x120: pack("<H", 7), 0x800: pack("<H", 0x101)})


def an_object(speaker: Speaker) -> bytes:
    """The data set that comes next."""
    data = b""
    while True:
        kind, payload = speaker.read()
        assert kind == 4, kind
        if payload[4] == 5 and not payload[5] & 1:
            data += payload[6:]
            if payload[5] & 2:
                return data


def test_cancelled_between_two_objects(house: Ward) -> None:
    with house.door.associated(getting()) as speaker:
        asking(speaker)
        assert an_object(speaker) == OBJECTS[uid(1, 1, 1)]
        speaker.send(wire.data(3, 3, cancel()), wire.data(5, 3, stored(1)))
        assert speaker.status()[0] == 0xFF00
        assert speaker.status()[0] == 0xFE00
        assert speaker.echo() == 0


@pytest.mark.parametrize("longest", [7, 100, 0, 1 << 30])
def test_fragments_are_as_long_as_the_peer_says(house: Ward, longest: int) -> None:
    with house.door.associated(getting(longest)) as speaker:
        asking(speaker, uid(2))
        assert an_object(speaker) == OBJECTS[uid(2, 1, 1)]


def test_who_answers_nothing_is_aborted_and_keeps_nobody(tmp_path: Path) -> None:
    with ward(tmp_path, limits=Limits(response_seconds=0.5)) as house:
        house.sent(film(1))
        with house.door.associated(getting()) as silent, house.door.associated() as other:
            asking(silent)
            assert an_object(silent) == film(1)
            began = time.monotonic()
            assert other.echo() == 0
            assert time.monotonic() - began < 0.5
            assert silent.read() == (0x07, bytes(4))
            assert silent.ended()


def test_who_reads_nothing_is_dropped_and_fills_nothing(tmp_path: Path) -> None:
    with ward(tmp_path, limits=Limits(answer_seconds=0.5)) as house:
        large = wire.INSTANCE + b".9"
        with house.door.associated() as sender:
            assert sender.store(ct(large, 30_000_000), command=wire.store(instance=large))[0] == 0
        study = "1.2.826.0.1.3680043.8.498.2"
        with house.door.associated(getting()) as deaf, house.door.associated() as other:
            asking(deaf, study)
            most = 0
            until_then = time.monotonic() + 60
            while house.door.seats.taken > 1:
                assert time.monotonic() < until_then, "it is not dropped"
                assert other.echo() == 0
                held = [len(each.association.outgoing) for each in tuple(house.door.loop._connections)]
                most = max(most, *held)
            assert 0 < most < 400_000


@pytest.mark.parametrize("how", ["abort", "reset", "release", "noise"])
def test_who_leaves_in_the_middle_leaves_nothing(house: Ward, how: str) -> None:
    with house.door.associated(getting()) as speaker:
        asking(speaker)
        an_object(speaker)
        if how == "noise":
            speaker.send(wire.data(9, 3, b"\0" * 40))
            assert speaker.read()[0] == 7
        elif how != "reset":
            speaker.send(wire.ABORT if how == "abort" else wire.RELEASE)
    until(lambda: house.door.seats.taken == 0, 5.0, "its seat is free")


@pytest.mark.parametrize("how", ["another message", "a data set", "a request"])
def test_who_says_something_else_where_an_answer_is_due_is_aborted_at_once(house: Ward, how: str) -> None:
    with house.door.associated(getting()) as speaker:
        asking(speaker)
        an_object(speaker)
        match how:
            case "another message":
                speaker.send(wire.data(5, 3, stored(9)))
            case "a data set":
                speaker.send(
                    wire.data(5, 3, stored(1).replace(b"\0\0\0\x08\2\0\0\0\1\1", b"\0\0\0\x08\2\0\0\0\1\0"))
                )
            case _:
                speaker.send(wire.data(5, 3, wire.store()))
        assert speaker.read() == (0x07, bytes((0, 0, 2, 2)))
    until(lambda: house.door.seats.taken == 0, 5.0, "its seat is free")

"""C-FIND over a socket: what is found, what is refused, who is told of it, and that nobody else waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from pynetdicom.dsutils import encode
from sqlalchemy import update

from server.accesses import Doing, Outcome
from server.dicom.limits import Limits
from server.dicom.peers import Called, Peer, Peers
from server.dicom.rights import Right
from server.errors import Category, fault
from server.image_search import Found, Level, Wanted
from server.store.image_tables import image
from tests.dicom import wire
from tests.dicom.query.ward import PATIENT_FIND, STUDY_FIND, Ward, dataset, film, laid, told, uid, ward
from tests.flow.processes import until

AT, MISMATCH = "QueryRetrieveLevel", 0xA900


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with ward(tmp_path_factory.mktemp("finding")) as made:
        made.sent(
            film(1),
            film(1, 1, 2),
            film(1, 2, 1, t00080060="SR"),
            film(2, t00100020="PAT-2", t00100010="Weiß^Jo", t00080020="20260107", t00080050="ACC-2"),
            film(3, t00080020="20250101", t00080050="A*1"),
        )
        yield made


def studies(*numbers: int) -> list[str]:
    return [uid(each) for each in numbers]


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ({}, (1, 2, 3)),
        ({"PatientID": "PAT-1"}, (1, 3)),
        ({"PatientID": "PAT-?"}, (1, 2, 3)),
        ({"PatientID": "pat-1"}, ()),
        ({"PatientName": "müller*"}, (1, 3)),
        ({"PatientName": "*^JO"}, (2,)),
        ({"StudyDate": "20260101-"}, (1, 2)),
        ({"StudyDate": "-20251231"}, (3,)),
        ({"StudyDate": "20260105-20260106"}, (1,)),
        ({"StudyDate": "20260107"}, (2,)),
        ({"AccessionNumber": "ACC*", "PatientID": "PAT-1"}, (1,)),
        ({"StudyInstanceUID": [uid(1), uid(3), uid(9)]}, (1, 3)),
        ({"ModalitiesInStudy": "SR"}, (1,)),
        ({"ModalitiesInStudy": ["SR", "MR"]}, (1,)),
        ({"StudyInstanceUID": "", "PatientName": "*", "StudyTime": ""}, (1, 2, 3)),
    ],
)
def test_studies_are_found(house: Ward, keys: dict[str, Any], numbers: tuple[int, ...]) -> None:
    asked = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "", "SpecificCharacterSet": "ISO_IR 100"}
    found, statuses = house.find(**asked | keys)
    assert told(found, "StudyInstanceUID") == studies(*numbers)
    assert statuses == [0xFF00] * len(numbers) + [0]


def test_what_is_told_of_a_study(house: Ward) -> None:
    keys = dict.fromkeys(
        ("PatientName", "PatientID", "StudyDate", "AccessionNumber", "ModalitiesInStudy", "StudyDescription",
         "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "InstanceAvailability",
         "RetrieveAETitle"), "",
    )  # fmt: skip
    ((found,), _) = house.find(QueryRetrieveLevel="STUDY", StudyInstanceUID=uid(1), **keys)
    assert str(found.PatientName) == "Müller^Ada"
    assert (found.SpecificCharacterSet, found.QueryRetrieveLevel) == ("ISO_IR 192", "STUDY")
    assert list(found.ModalitiesInStudy) == ["CT", "SR"]
    assert (found.NumberOfStudyRelatedSeries, found.NumberOfStudyRelatedInstances) == (2, 3)
    assert (found.InstanceAvailability, found.RetrieveAETitle) == ("ONLINE", "SECOND_READER")
    assert (found.StudyDate, found.AccessionNumber, found.PatientID) == ("20260105", "ACC-1", "PAT-1")
    assert found.StudyDescription == ""
    assert "StudyTime" not in found


def test_series_and_images(house: Ward) -> None:
    keys = {"SeriesInstanceUID": "", "Modality": "", "NumberOfSeriesRelatedInstances": ""}
    found, statuses = house.find(QueryRetrieveLevel="SERIES", StudyInstanceUID=uid(1), **keys)
    assert told(found, "SeriesInstanceUID") == [uid(1, 1), uid(1, 2)]
    assert told(found, "NumberOfSeriesRelatedInstances") == [2, 1]
    assert statuses == [0xFF00, 0xFF00, 0]
    image = {"StudyInstanceUID": uid(1), "SeriesInstanceUID": uid(1, 1), "InstanceNumber": "2"}
    (found, _) = house.find(QueryRetrieveLevel="IMAGE", SOPInstanceUID="", SOPClassUID="", **image)
    assert told(found, "SOPInstanceUID") == [uid(1, 1, 2)]
    assert told(found, "SOPClassUID") == [wire.CT.decode()]


def test_patients(house: Ward) -> None:
    asked = {"QueryRetrieveLevel": "PATIENT", "PatientID": "", "PatientName": "", "PatientBirthDate": ""}
    found, _ = house.find(PATIENT_FIND, **asked)
    assert told(found, "PatientID") == ["PAT-1", "PAT-2"]
    assert told(found, "PatientBirthDate") == ["19700101"] * 2
    found, _ = house.find(
        PATIENT_FIND, **asked | {"PatientName": "WEI*", "SpecificCharacterSet": "ISO_IR 100"}
    )
    assert told(found, "PatientID") == ["PAT-2"]
    found, _ = house.find(PATIENT_FIND, QueryRetrieveLevel="STUDY", PatientID="PAT-1", StudyInstanceUID="")
    assert told(found, "StudyInstanceUID") == studies(1, 3)


@pytest.mark.parametrize(
    "key",
    [{"SeriesDescription": ""}, {"PatientSex": "F"}, {"StudyDescription": "CHEST"}, {"StudyComments": ""}],
)
def test_unsupported_keys_are_told_of_by_ff01(house: Ward, key: dict[str, Any]) -> None:
    _, statuses = house.find(QueryRetrieveLevel="STUDY", StudyInstanceUID=uid(1), **key)
    assert statuses == [0xFF01, 0]


@pytest.mark.parametrize(
    ("model", "keys", "status", "comment"),
    [
        (STUDY_FIND, {"StudyInstanceUID": ""}, MISMATCH, "QueryRetrieveLevel must be STUDY, SERIES, IMAGE"),
        (STUDY_FIND, {AT: "PATIENT"}, MISMATCH, "QueryRetrieveLevel must be STUDY"),
        (STUDY_FIND, {AT: "EVERYTHING"}, MISMATCH, "QueryRetrieveLevel"),
        (STUDY_FIND, {AT: "SERIES"}, MISMATCH, "one StudyInstanceUID must be given"),
        (STUDY_FIND, {AT: "SERIES", "StudyInstanceUID": [uid(1), uid(2)]}, MISMATCH, "one Study"),
        (STUDY_FIND, {AT: "IMAGE", "StudyInstanceUID": uid(1)}, MISMATCH, "SeriesInstanceUID"),
        (PATIENT_FIND, {AT: "STUDY"}, MISMATCH, "one PatientID must be given"),
        (PATIENT_FIND, {AT: "STUDY", "PatientID": "PAT-*"}, MISMATCH, "one PatientID"),
        (STUDY_FIND, {AT: "STUDY", "StudyDate": "20260105-20260106-2026"}, 0xC000, "StudyDate"),
        (STUDY_FIND, {AT: "STUDY", "StudyInstanceUID": "1.2.x"}, 0xC000, "StudyInstanceUID"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_refused(house: Ward, model: str, keys: dict[str, Any], status: int, comment: str) -> None:
    with house.associated(model) as peer:
        ((answer, found),) = peer.send_c_find(dataset(**keys), model)
    assert (answer.Status, found) == (status, None)
    assert comment in answer.ErrorComment
    assert laid(house)[-1].outcome is Outcome.MINOR


SEQUENCES = b"\x40\0\0\1\xff\xff\xff\xff"
ITEM, LEVEL = b"\xfe\xff\0\xe0", b"\x08\0\x52\0\x06\0\0\0STUDY "


@pytest.mark.parametrize(
    ("identifier", "status"),
    [
        (b"", 0xA900),
        (b"\x08\0\x52", 0xC000),
        (LEVEL[:-1], 0xC000),
        (LEVEL + LEVEL, 0xC000),
        (LEVEL + b"\x10\0\x10\0\xff\xff\xff\x7f", 0xC000),
        (LEVEL + SEQUENCES * 8000, 0xC000),
        (LEVEL + (b"\x40\0\0\1\xff\xff\xff\xff" + ITEM + b"\xff\xff\xff\xff") * 3000, 0xC000),
        (LEVEL + b"\x40\0\0\1\x08\0\0\0" + ITEM + b"\xff\xff\xff\x7f", 0xC000),
        (b"\x08\0\5\0\x0a\0\0\0ISO_IR 192" + LEVEL + b"\x10\0\x10\0\2\0\0\0\xc3\x28", 0xC000),
        (b"\x08\0\5\0\x08\0\0\0KLINGON " + LEVEL + b"\x10\0\x10\0\2\0\0\0\xc3\x28", 0xC000),
        (LEVEL + b"\x10\0\x20\0\x04\x08\0\0" + b"x" * 0x804, 0xC000),
        (LEVEL + b"\x10\0\x20\0\0\0\2\0" + b"x" * 0x20000, 0xC000),
        (b"\xff" * 300, 0xC000),
    ],
    ids=["empty", "cut", "short", "twice", "longer-than-all", "sequences", "deep", "item-too-long",
         "not-utf-8", "unknown-set", "long-value", "too-large", "noise"],
)  # fmt: skip
def test_hostile_identifiers_are_answered(house: Ward, identifier: bytes, status: int) -> None:
    contexts = [(1, wire.VERIFICATION, (wire.IMPLICIT,)), (3, STUDY_FIND.encode(), (wire.IMPLICIT,))]
    with house.door.associated(wire.request(contexts)) as speaker:
        speaker.send(wire.data(3, 3, command()))
        parts = [identifier[at : at + 16000] for at in range(0, len(identifier), 16000)] or [b""]
        for number, part in enumerate(parts, start=1):
            speaker.send(wire.data(3, 2 if number == len(parts) else 0, part))
        assert speaker.status()[0] == status
        assert speaker.echo() == 0


def command(message: int = 1, sop_class: str = STUDY_FIND, data_set: int = 1) -> bytes:
    return wire.command(
        {
            2: wire.uid(sop_class.encode()),
            0x100: pack("<H", 0x20),
            0x110: pack("<H", message),
            0x700: pack("<H", 0),
            0x800: pack("<H", data_set),
        }
    )


def cancel(message: int = 1) -> bytes:
    return wire.command({0x100: pack("<H", 0xFFF), 0x120: pack("<H", message), 0x800: pack("<H", 0x101)})


def test_a_query_without_an_identifier_or_in_a_wrong_context(house: Ward) -> None:
    contexts = [(1, wire.VERIFICATION, (wire.IMPLICIT,)), (3, STUDY_FIND.encode(), (wire.IMPLICIT,))]
    with house.door.associated(wire.request(contexts)) as speaker:
        speaker.send(wire.data(3, 3, command(data_set=0x101)))
        assert speaker.status() == (0xA900, "an identifier must follow")
        speaker.send(wire.data(1, 3, command()), wire.data(1, 2, LEVEL))
        assert speaker.status()[0] == 0x0122
        speaker.send(wire.data(3, 3, wire.store(STUDY_FIND.encode())), wire.data(3, 2, LEVEL))
        assert speaker.status()[0] == 0x0122


def test_every_query_is_told_to_auditors_before_it_is_answered(
    house: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.find(QueryRetrieveLevel="STUDY", PatientID="PAT-2", StudyInstanceUID="")
    last = laid(house)[-1]
    assert (last.doing, last.outcome, last.type, last.name) == (
        Doing.SEARCH,
        Outcome.SUCCESS,
        "ImagingStudy",
        "VIEWER",
    )
    assert last.query == f"DIMSE {STUDY_FIND}?QueryRetrieveLevel=STUDY&PatientID=PAT-2&StudyInstanceUID="
    assert (last.address, last.client) == ("127.0.0.1", "")

    def fail(*_: object) -> None:
        raise fault(Category.UNAVAILABLE, "no-store", "the audit trail could not be written")

    monkeypatch.setattr("server.store.accesses.Accesses.keep", fail)
    found, statuses = house.find(QueryRetrieveLevel="STUDY", StudyInstanceUID="")
    assert (found, statuses) == ([], [0xA700])


def only(*rights: Right) -> Peers:
    peer = Peer("VIEWER", (ip_network("127.0.0.0/8"),), frozenset(rights))
    return Peers({"SECOND_READER": Called("SECOND_READER")}, {"VIEWER": peer})


def test_who_may_not_ask_is_told_what_is_missing(tmp_path: Path) -> None:
    with ward(tmp_path, only(Right.STORE)) as made:
        with made.associated(STUDY_FIND) as peer:
            ((answer, _),) = peer.send_c_find(dataset(QueryRetrieveLevel="STUDY"), STUDY_FIND)
        assert answer.Status == 0x0124
        assert 'needs "find" in may' in answer.ErrorComment
        assert (laid(made)[-1].outcome, laid(made)[-1].client) == (Outcome.SERIOUS, "VIEWER")


def test_who_asks_on_and_on_for_what_it_may_not_is_put_out(tmp_path: Path) -> None:
    """Each refusal is an access that auditors read: without a bound they would fill the disk."""
    limits = Limits(requests_at_once=5, requests_per_second=0.001)
    with ward(tmp_path, only(Right.STORE), limits) as made:
        asked = dataset(QueryRetrieveLevel="STUDY")
        with made.associated(STUDY_FIND) as peer:
            statuses: list[int | None] = []
            while peer.is_established and len(statuses) < 20:
                statuses += [each.get("Status") for each, _ in peer.send_c_find(asked, STUDY_FIND)]
        assert statuses.count(0x0124) == len(laid(made)) == 5


def test_who_may_only_ask_stores_nothing(tmp_path: Path) -> None:
    with ward(tmp_path, only(Right.FIND)) as made:
        with made.door.associated(wire.request(calling=b"VIEWER")) as speaker:
            assert speaker.store(film(1)) == (0x0124, "this peer may not store here")
        assert made.find(QueryRetrieveLevel="STUDY") == ([], [0])


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Ward]:
    with ward(tmp_path, limits=Limits(answer_seconds=1.0)) as made:
        made.sent(*(film(7, 1, number) for number in range(1, 41)))
        yield made


IMAGES = {"QueryRetrieveLevel": "IMAGE", "StudyInstanceUID": uid(7), "SeriesInstanceUID": uid(7, 1)}


def narrowed(made: Ward, **changed: Any) -> None:
    object.__setattr__(made.operations, "desk", replace(made.operations.desk, **changed))


def test_too_many_are_refused_not_cut(many: Ward) -> None:
    narrowed(many, most=40, page=7)
    found, statuses = many.find(SOPInstanceUID="", **IMAGES)
    assert told(found, "SOPInstanceUID") == [uid(7, 1, number) for number in range(1, 41)]
    assert statuses == [0xFF00] * 40 + [0]
    assert [each.outcome for each in laid(many)] == [Outcome.SUCCESS] * 6
    narrowed(many, most=39, page=7)
    with many.associated(STUDY_FIND) as peer:
        ((answer, found_one),) = peer.send_c_find(dataset(SOPInstanceUID="", **IMAGES), STUDY_FIND)
    assert (answer.Status, found_one) == (0xA700, None)
    assert answer.ErrorComment == "more than 39 match; ask for less"


def identifier(**keys: Any) -> bytes:
    made = encode(dataset(**keys), True, True)
    assert made is not None
    return made


def test_a_query_is_cancelled_while_its_answers_flow(many: Ward) -> None:
    narrowed(many, page=1)
    contexts = [(1, wire.VERIFICATION, (wire.IMPLICIT,)), (3, STUDY_FIND.encode(), (wire.IMPLICIT,))]
    with many.door.associated(wire.request(contexts)) as speaker:
        speaker.send(
            wire.data(3, 3, command()),
            wire.data(3, 2, identifier(SOPInstanceUID="", **IMAGES)),
            wire.data(3, 3, cancel()),
        )
        statuses = answers(speaker)
        assert statuses[-1] == 0xFE00
        assert len(statuses) < 40
        assert speaker.echo() == 0
        speaker.send(wire.data(3, 3, cancel()))  # of nothing
        assert speaker.echo() == 0


def answers(speaker: Any) -> list[int]:
    """Statuses until the last; data sets are skipped."""
    found: list[int] = []
    while not found or found[-1] in (0xFF00, 0xFF01):
        kind, payload = speaker.read()
        assert kind == 4
        if payload[5] & 1:
            at = payload.index(b"\0\0\0\x09\2\0\0\0") + 8
            found.append(int.from_bytes(payload[at : at + 2], "little"))
    return found


def test_what_comes_while_an_answer_flows_waits_for_its_end(many: Ward) -> None:
    narrowed(many, page=3)
    contexts = [(1, wire.VERIFICATION, (wire.IMPLICIT,)), (3, STUDY_FIND.encode(), (wire.IMPLICIT,))]
    with many.door.associated(wire.request(contexts)) as speaker:
        asked = identifier(SOPInstanceUID="", **IMAGES)
        speaker.send(wire.data(3, 3, command()), wire.data(3, 2, asked), wire.data(1, 3, wire.echo()))
        speaker.send(wire.data(3, 3, command(2)), wire.data(3, 2, asked))
        assert answers(speaker) == [0xFF00] * 40 + [0]
        assert speaker.status()[0] == 0
        assert answers(speaker) == [0xFF00] * 40 + [0]


def test_who_does_not_read_its_answers_fills_nothing_and_is_dropped(many: Ward) -> None:
    """Of answers without end no more is made than the kernel takes, and nobody else waits."""
    found = many.operations.desk.search.find(Wanted(Level.INSTANCE, (), 40))
    asked: list[int] = []

    class Endless:
        def find(self, wanted: Wanted) -> tuple[Found, ...]:
            asked.append(wanted.offset)
            return () if wanted.limit == 1 else found

    narrowed(many, page=40, search=Endless())
    contexts = [(1, wire.VERIFICATION, (wire.IMPLICIT,)), (3, STUDY_FIND.encode(), (wire.IMPLICIT,))]
    with many.door.associated(wire.request(contexts)) as speaker, many.door.associated() as other:
        speaker.send(wire.data(3, 3, command()), wire.data(3, 2, identifier(SOPInstanceUID="", **IMAGES)))
        waits, held = [], [0]
        until_then = time.monotonic() + 60
        while many.door.seats.taken > 1:
            began = time.monotonic()
            assert began < until_then, "it is not dropped"
            assert other.echo() == 0
            waits.append(time.monotonic() - began)
            held += (len(each.association.outgoing) for each in tuple(many.door.loop._connections))
    assert 1 < len(asked) < 2_000
    assert 0 < max(held) < 100_000
    assert sorted(waits)[len(waits) // 2] < 0.1


@pytest.mark.parametrize("how", ["abort", "reset", "release"])
def test_who_leaves_in_the_middle_leaves_nothing(many: Ward, how: str) -> None:
    narrowed(many, page=1)
    contexts = [(1, wire.VERIFICATION, (wire.IMPLICIT,)), (3, STUDY_FIND.encode(), (wire.IMPLICIT,))]
    with many.door.associated(wire.request(contexts)) as speaker:
        speaker.send(wire.data(3, 3, command()), wire.data(3, 2, identifier(SOPInstanceUID="", **IMAGES)))
        assert speaker.read()[0] == 4
        if how != "reset":
            speaker.send(wire.ABORT if how == "abort" else wire.RELEASE)
    until(lambda: many.door.seats.taken == 0, 5.0, "its seat is free")
    assert many.find(QueryRetrieveLevel="STUDY")[1] == [0xFF00, 0]


def test_nothing_that_this_server_made_is_found(house: Ward) -> None:
    """The one place where that is decided is the search's; here it is seen that the door asks it."""
    house.sent(film(5, t00100020="PAT-5"))
    asked = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": uid(5)}
    assert len(house.find(**asked)[0]) == 1
    own = update(image).where(image.c.study == uid(5)).values(source="own:model")
    house.database.write(lambda connection: connection.execute(own))
    assert house.find(**asked) == ([], [0])
    patient = {"QueryRetrieveLevel": "PATIENT", "PatientID": "PAT-5"}
    assert house.find(PATIENT_FIND, **patient) == ([], [0])

"""An opinion is withdrawn while parts of it have not been delivered: what nobody has is told to nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from server.case import Event
from server.contract import Inputs
from server.errors import Category
from server.images import ImageObject, Named
from server.model import AiRead, DicomNode, Document, FilmLook, PacsDestination, PacsKind, Receipt, Withdrawal
from server.ports import NotYet, Raced, Undelivered
from server.store.undelivered import take_back
from server.worker import DeliveryWorker
from tests.dicom.pens import films
from tests.test_story_images import FILMS, RULES, Hospital, events, send
from tests.world import (
    BACTERIAL,
    POLICY,
    SPECIALTY,
    VIRAL,
    ScriptedReader,
    World,
    answer_as,
    doctor,
    make_world,
    send_case,
)

pytestmark = pytest.mark.both_databases

NODE = DicomNode("PACS", "127.0.0.1", 1, "READER", None)
ACCEPTS = frozenset({PacsKind.MAP, PacsKind.SR, PacsKind.KEY_OBJECTS})
PACS = PacsDestination("pacs", ("ehr",), ACCEPTS, timedelta(seconds=1), NODE)
CARD = replace(FILMS, calibration={"slope": 1.0, "intercept": 0.0})
KINDS = ["map", "sr"]
"""What the archive is sent, in this order."""
LOOK = FilmLook("1.2.3.1.1", 640, 512, ((1.0, 0.0), (0.0, 2.0)), lossy=False)


@dataclass
class Takes:
    """Keeps what it was given; of each kind of document it may say something else first."""

    says: dict[str, Undelivered] = field(default_factory=dict)
    got: list[Document] = field(default_factory=list)

    def deliver(self, document: Document, attempt: int) -> Receipt:
        del attempt
        if document.kind in self.says:
            raise self.says[document.kind]
        self.got.append(document)
        return Receipt(200, (), "accepted")

    @property
    def kinds(self) -> list[str]:
        return [each.kind for each in self.got if each.kind != "status"]


def away(*, untouched: bool, category: Category = Category.UNAVAILABLE) -> Undelivered:
    return Undelivered(category, "timeout", "it has not answered", untouched=untouched)


class Looks(ScriptedReader):
    """Reads the film, so that there is a map."""

    def read(self, inputs: Inputs, now: datetime) -> AiRead:
        return replace(super().read(inputs, now), film=LOOK)


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    policy = replace(POLICY, images=RULES)
    reader = Looks()
    for made in make_world(tmp_path, card=CARD, policy=policy, database_url=database_url, archives=(PACS,)):
        made.cases = replace(made.cases, tools=replace(made.cases.tools, reader=lambda _: reader))
        yield made


@pytest.fixture
def takes(world: World) -> Takes:
    """In place of the world's own courier."""
    courier = Takes()
    world.deliveries = DeliveryWorker(world.house.deliveries, courier, world.watch)
    return courier


def real_film(world: World) -> None:
    """One whose header the pens can read."""
    header = films.film(StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1", SOPInstanceUID="1.2.3.1.1")
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    written = BytesIO()
    dcmwrite(written, header, enforce_file_format=True)
    file = world.house.vault.put(written.getvalue())
    world.house.images.hold(
        ImageObject(
            sop_instance="1.2.3.1.1",
            sop_class=films.CR,
            series="1.2.3.1",
            transfer_syntax=ExplicitVRLittleEndian,
            named=Named("1.2.3", "P-T-1", "", "ACC-1"),
            digest=file,
            file=file,
            size=1000,
            received_at=world.watch(),
            source="test",
            header={"Modality": "CR", "Rows": "640"},
        )
    )


def written_up(world: World) -> Hospital:
    sent = send(world)
    real_film(world)
    world.watch.forward(seconds=30)
    world.run()
    return sent


def withdraw(world: World, sent: Hospital) -> None:
    case = str(world.house.ledger.case_of_task(sent.task_id))
    assert world.house.ledger.withdraw(case, Withdrawal("Dr. Tarn", "wrong unit", world.watch()))
    world.run()


def much_later(world: World) -> None:
    """Everything that is still to be tried is tried."""
    for _ in range(40):
        world.watch.forward(hours=1)
        world.run()


def states(world: World, sent: Hospital) -> dict[str, str]:
    return {each["kind"]: each["state"] for each in world.trace(sent.task_id)["deliveries"]}


def rejected(takes: Takes) -> list[str]:
    """SOP Instance UIDs that the one rejection note names."""
    [note] = [dcmread(BytesIO(each.content)) for each in takes.got if each.kind == "kos"]
    evidence = note.CurrentRequestedProcedureEvidenceSequence
    return [
        item.ReferencedSOPInstanceUID
        for study in evidence
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    ]


def named(documents: list[Document], kind: str) -> str:
    [found] = [dcmread(BytesIO(each.content)) for each in documents if each.kind == kind]
    return str(found.SOPInstanceUID)


@pytest.mark.parametrize(
    "category", [Category.UNAVAILABLE, Category.FORBIDDEN], ids=["waits for its next attempt", "parked"]
)
def test_what_no_archive_can_have_is_dropped_and_owed_no_rejection_note(
    world: World, takes: Takes, category: Category
) -> None:
    takes.says = {"map": away(untouched=True, category=category)}
    sent = written_up(world)
    assert takes.kinds == ["opinion"]
    takes.says.clear()
    withdraw(world, sent)
    much_later(world)
    assert takes.kinds == ["opinion", "withdrawal"]
    assert world.state(sent.task_id) == "closed"
    assert {states(world, sent)[each] for each in KINDS} == {"dropped"}
    [told] = [e for e in world.trace(sent.task_id)["history"] if e["event"] == "taken back undelivered"]
    assert told["detail"] == {"documents": ["map to pacs", "sr to pacs"]}
    assert world.house.deliveries.listed("parked") == []


def test_what_an_archive_may_have_is_rejected_and_nothing_else(world: World, takes: Takes) -> None:
    """The connection died behind the map; the report was never tried."""
    takes.says = {"map": away(untouched=False)}
    sent = written_up(world)
    takes.says.clear()
    withdraw(world, sent)
    much_later(world)
    assert takes.kinds == ["opinion", "withdrawal", "map", "kos"]
    assert rejected(takes) == [named(takes.got, "map")]
    assert states(world, sent)["sr"] == "dropped"


def test_one_certain_failure_does_not_settle_an_uncertain_one(world: World, takes: Takes) -> None:
    takes.says = {"map": away(untouched=False)}
    sent = written_up(world)
    takes.says = {"map": away(untouched=True)}
    world.watch.forward(minutes=10)
    world.run()
    takes.says = {"map": away(untouched=True, category=Category.FORBIDDEN)}
    withdraw(world, sent)
    much_later(world)
    assert takes.kinds == ["opinion", "withdrawal", "kos"], "the note passes what is parked"
    assert states(world, sent)["map"] == "parked"


def test_what_is_under_way_may_arrive(world: World, takes: Takes) -> None:
    """Also when who was sending it never says how it went."""
    sent = send(world)
    real_film(world)
    world.watch.forward(seconds=30)
    while world.cases.once():
        pass
    under_way = set()
    while claim := world.house.deliveries.claim(world.watch()):
        under_way.add(claim.document.kind)
        if claim.document.kind == "status":
            world.house.deliveries.delivered(claim, Receipt(200, (), "accepted"), world.watch())
    assert under_way == {"status", "map", "opinion"}
    withdraw(world, sent)
    assert states(world, sent) == {
        "status": "delivered",
        "map": "waiting",
        "sr": "dropped",
        "opinion": "waiting",
        "kos": "waiting",
        "withdrawal": "waiting",
    }
    much_later(world)
    assert takes.kinds.index("map") < takes.kinds.index("kos")
    assert takes.kinds.index("opinion") < takes.kinds.index("withdrawal")
    assert rejected(takes) == [named(takes.got, "map")]


def test_one_that_the_archive_has_and_thinks_about_is_rejected(world: World, takes: Takes) -> None:
    takes.says = {"map": NotYet("it thinks", world.watch.time + timedelta(days=1), sent=True)}
    sent = written_up(world)
    assert states(world, sent)["map"] == "sent"
    withdraw(world, sent)
    assert set(rejected(takes)) == {
        named(
            world.house.deliveries.documents(str(world.house.ledger.case_of_task(sent.task_id)), kind), kind
        )
        for kind in KINDS
    }


def test_who_takes_one_up_while_the_withdrawal_is_planned_is_seen(world: World, takes: Takes) -> None:
    """The plan was made when nobody had it in hand."""
    takes.says = {"map": away(untouched=True)}
    sent = written_up(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    [waits, *_] = world.house.deliveries.waiting(case)
    world.watch.forward(minutes=10)
    assert world.house.deliveries.claim(world.watch()) is not None
    assert waits.document.kind not in {each.document.kind for each in world.house.deliveries.waiting(case)}
    with pytest.raises(Raced):
        world.house.database.write(lambda c: take_back(c, [waits]))


# -- the EHR ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "category", [Category.UNAVAILABLE, Category.FORBIDDEN], ids=["waits for its next attempt", "parked"]
)
@pytest.mark.parametrize("untouched", [True, False])
def test_an_opinion_reaches_no_ehr_as_if_it_stood(
    world: World, takes: Takes, category: Category, *, untouched: bool
) -> None:
    """Whether the lost attempt has left it there or not, what stands there then is entered in error."""
    takes.says = {"opinion": away(untouched=untouched, category=category)}
    sent = written_up(world)
    takes.says.clear()
    withdraw(world, sent)
    much_later(world)
    assert [each for each in takes.kinds if each not in (*KINDS, "kos")] == ["withdrawal"]
    assert events(world, sent).count(Event.TAKEN_BACK) == 1
    [letter] = [json.loads(each.content) for each in takes.got if each.kind == "withdrawal"]
    parts = {
        each["resource"]["resourceType"]: each
        for each in letter["entry"]
        if each["resource"].get("status") == "entered-in-error"
    }
    assert set(parts) == {"Observation", "DiagnosticReport"}
    assert {each["request"]["method"] for each in parts.values()} == {"PUT"}
    [task] = [e["resource"] for e in letter["entry"] if e["resource"]["resourceType"] == "Task"]
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("completed", "opinion-withdrawn")
    [device] = [e for e in letter["entry"] if e["resource"]["resourceType"] == "Device"]
    assert device["request"]["method"] == "POST"
    assert world.state(sent.task_id) == "closed"


def test_what_a_specialist_said_reaches_the_ehr_with_the_withdrawal(
    tmp_path: Path, database_url: str
) -> None:
    for world in make_world(tmp_path, database_url=database_url):
        courier = Takes()
        world.deliveries = DeliveryWorker(world.house.deliveries, courier, world.watch)
        specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
        sent = send_case(world, VIRAL)
        world.run()
        courier.says = {"opinion": away(untouched=True)}
        answer_as(world, specialist, BACTERIAL)
        world.run()
        withdraw(world, sent)
        letter = json.loads(courier.got[-1].content)
        assert courier.kinds[-1] == "withdrawal"
        reports = [
            e["resource"] for e in letter["entry"] if e["resource"]["resourceType"] == "DiagnosticReport"
        ]
        assert sorted(each["status"] for each in reports) == ["entered-in-error", "final"]
        tasks = [e["resource"] for e in letter["entry"] if e["resource"]["resourceType"] == "Task"]
        assert tasks[-1]["businessStatus"]["coding"][0]["code"] == "opinion-withdrawn"

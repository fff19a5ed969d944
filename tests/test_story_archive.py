"""An archive is asked how many images a study has, and for earlier ones; or it says nothing, or lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.dicom.ask import COUNT, Match
from server.errors import Category
from server.images import ImageObject, Named
from server.inquiring import InquiryWorker, asked_archives
from server.model import Asking, DicomNode, Fetching, Late, PacsDestination, PriorRules
from server.ports import Undelivered
from tests.test_story_images import FILMS, RULES, announced, film, found_complete, gaps, send, vouch
from tests.world import POLICY, SPECIALTY, World, doctor, make_world

pytestmark = pytest.mark.both_databases

NODE = DicomNode("PACS", "127.0.0.1", 1, "READER", None)
PACS = PacsDestination("pacs", ("ehr",), frozenset(), timedelta(seconds=1), NODE, Asking.DIMSE, Fetching.MOVE)
PRIORS = PriorRules(within_days=365, at_most=2, modalities=("CR", "DX"), wait=timedelta(minutes=2))


@dataclass
class Archive:
    """Says what it is told to; fetches by calling ``sends``."""

    counts: list[int | None] = field(default_factory=list)
    """One for each time it is asked; then the last again; None: it fails."""
    studies: list[Match] = field(default_factory=list)
    sends: Callable[[str], str] = lambda _: ""
    down: bool = False
    asked: list[Match] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    kinds: str = "CR"
    """Modalities in the study that is counted."""

    def find(self, wanted: Match) -> Sequence[Match]:
        self.asked.append(wanted)
        if "PatientID" in wanted:
            if self.down:
                raise silence()
            return self.studies
        count = self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]
        if count is None:
            raise silence()
        study = wanted["StudyInstanceUID"]
        return [{"StudyInstanceUID": study, COUNT: str(count), "ModalitiesInStudy": self.kinds}]

    def fetch(self, study: str) -> str:
        self.fetched.append(study)
        return self.sends(study)


def silence() -> Undelivered:
    return Undelivered(Category.UNAVAILABLE, "timeout", "the archive cannot be reached")


@pytest.fixture
def rules() -> Any:
    return RULES


@pytest.fixture
def world(tmp_path: Path, database_url: str, rules: Any) -> Iterator[World]:
    policy = replace(POLICY, images=rules)
    yield from make_world(tmp_path, card=FILMS, policy=policy, database_url=database_url, archives=(PACS,))


def asks(world: World, archive: Archive) -> InquiryWorker:
    house = world.house
    return InquiryWorker(
        house.inquiries, asked_archives([PACS]), lambda _: archive, house.images, world.watch
    )


def run(world: World, worker: InquiryWorker, seconds: int = 0) -> None:
    """Everything that is due within so many seconds, in their order."""
    for second in range(seconds + 1):
        if second:
            world.watch.forward(seconds=1)
        world.run()
        while worker.once():
            world.run()


def told(world: World, sent: Any) -> dict[str, Any]:
    [found] = found_complete(world, sent)
    return dict(found["detail"])


def test_two_answers_that_agree_end_the_waiting(world: World) -> None:
    sent, worker = send(world), asks(world, Archive([1]))
    film(world)
    run(world, worker, 9)
    assert world.state(sent.task_id) == "received"
    run(world, worker, 1)
    assert world.state(sent.task_id) == "closed"
    assert told(world, sent) == {
        "rule": "archive-count",
        "objects": 1,
        "expected": 1,
        "archive-count": {"archive": "pacs", "asked": 2, "count": 1},
    }


def test_more_in_the_archive_than_here_is_waited_for(world: World) -> None:
    archive = Archive([2])
    sent, worker = send(world), asks(world, archive)
    film(world)
    run(world, worker, 60)
    assert "not all of its images have come" in gaps(world, sent)
    assert len(archive.asked) == 2, "it is not asked again while nothing changes"
    film(world, 2)
    run(world, worker, 1)
    assert told(world, sent)["rule"] == "archive-count"


def test_reports_that_the_archive_counts_are_not_waited_for(world: World) -> None:
    """The first reader's, and those that we have sent there ourselves for an earlier case of the study."""
    sent, worker = send(world), asks(world, Archive([4], kinds="CR\\OT\\SR"))
    film(world)
    run(world, worker, 30)
    assert world.state(sent.task_id) == "closed"
    found = told(world, sent)
    assert (found["rule"], found["archive-count"]["count"]) == ("quiet-period", 4)
    assert found["archive-count"]["but"] == "the archive counts reports as well"


def test_it_is_asked_again_while_the_number_grows_and_not_for_ever(world: World) -> None:
    archive = Archive(list(range(2, 100)))
    sent, worker = send(world), asks(world, archive)
    film(world)
    run(world, worker, 600)
    assert world.state(sent.task_id) == "incomplete"
    assert len(archive.asked) == 20


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([None], {"failed": "the archive cannot be reached"}),
        ([0], {"count": 0}),  # it lies, or has not got it yet
    ],
)
def test_what_it_cannot_say_stops_nothing(
    world: World, counts: list[int | None], said: dict[str, Any]
) -> None:
    sent, worker = send(world), asks(world, Archive(counts))
    film(world)
    run(world, worker, 30)
    assert world.state(sent.task_id) == "closed"
    found = told(world, sent)
    assert found["rule"] == "quiet-period"
    assert found["archive-count"] == {"archive": "pacs", "asked": found["archive-count"]["asked"], **said}


def test_one_that_has_not_answered_when_the_study_is_quiet(world: World) -> None:
    """Nobody asks: the question waits, as for a worker that is busy with a slow archive."""
    sent = send(world)
    film(world)
    world.run()
    world.watch.forward(seconds=30)
    world.run()
    assert told(world, sent)["archive-count"]["failed"] == "it has not answered yet"


def test_who_knows_better_is_not_checked(world: World) -> None:
    archive = Archive([5])
    sent, worker = send(world, report_more=announced(world)), asks(world, archive)
    film(world)
    film(world, 2)
    run(world, worker)
    assert world.state(sent.task_id) == "closed"
    assert archive.asked == []


def test_a_question_survives_whoever_asked_it(world: World) -> None:
    sent, worker = send(world), asks(world, Archive([1]))
    film(world)
    world.run()
    lost = world.house.inquiries.claim(world.watch())
    assert lost is not None
    assert not worker.once(), "another has it in hand"
    world.watch.forward(minutes=11)
    assert worker.once()
    assert not world.house.inquiries.answered(lost, {"at": "2026-01-05T09:00:00Z", "count": 9}, world.watch())
    run(world, worker, 30)
    assert told(world, sent)["archive-count"]["count"] == 1


# -- priors -------------------------------------------------------------------------------------


def earlier(uid: str, date: str, **more: str) -> Match:
    return {
        "StudyInstanceUID": uid,
        "PatientID": "P-T-1",
        "StudyDate": date,
        "ModalitiesInStudy": "CR",
        COUNT: "1",
        **more,
    }


def arrives(world: World, study: str, named: Named | None = None, **header: str) -> str:
    world.house.images.hold(
        ImageObject(
            sop_instance=f"{study}.9",
            sop_class="1.2.840.10008.5.1.4.1.1.1",
            series=f"{study}.1",
            transfer_syntax="1.2.840.10008.1.2.1",
            named=named or Named(study, "P-T-1", "", "OLD"),
            digest=study.ljust(64, "0"),
            file=study.ljust(64, "0"),
            size=10,
            received_at=world.watch(),
            source="PACS>READER",
            header={"Modality": "CR", "Rows": "100", "StudyDate": "20250601", **header},
        )
    )
    return ""


WITH_PRIORS = pytest.mark.parametrize("rules", [replace(RULES, priors=PRIORS, when_late=Late.WAIT)])


@WITH_PRIORS
def test_earlier_studies_are_fetched_listed_and_never_read(world: World) -> None:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.answer = None  # it declines: a specialist is asked
    studies = [
        earlier("1.7.1", "20250601"),
        earlier("1.7.2", "20250602"),
        earlier("1.7.3", "20250501"),  # older than the two that are wanted
    ]
    archive = Archive([1], studies, lambda uid: arrives(world, uid))
    sent, worker = send(world), asks(world, archive)
    film(world, StudyDate="20260105", StudyTime="080000")
    run(world, worker, 30)
    assert archive.fetched == ["1.7.2", "1.7.1"]
    [asked] = [each for each in archive.asked if "PatientID" in each]
    assert asked == {"PatientID": "P-T-1", "IssuerOfPatientID": "", "StudyDate": "20250105-20260105"}
    assert told(world, sent)["priors"] == {
        "studies": [{"study": "1.7.2", "objects": 1}, {"study": "1.7.1", "objects": 1}],
        "left off": 1,
    }
    [inputs] = world.reader.seen
    assert [each.named.study for each in inputs.films] == ["1.2.3"]
    assert world.state(sent.task_id) == "offered"
    [entry] = world.get("ServiceRequest?intent=reflex-order")["entry"]
    listed = entry["resource"]["supportingInfo"]
    assert [each.get("display") for each in listed] == [None, "Earlier study", "Earlier study"]
    studies = [world.get(each["reference"]) for each in listed]
    assert [each["identifier"][0]["value"] for each in studies] == [
        "urn:oid:1.2.3",
        "urn:oid:1.7.2",
        "urn:oid:1.7.1",
    ]
    letter = next(each for each in world.courier.sent if each.kind == "referral")
    assert b"urn:oid:1.7.1" in letter.content
    assert b'"Earlier study"' in letter.content


@WITH_PRIORS
@pytest.mark.parametrize(
    ("match", "sends", "why"),
    [
        (earlier("1.7.1", "20250601"), lambda _: lambda __: "the archive says A801", "the archive says A801"),
        (earlier("1.7.1", "20250601"), lambda _: lambda __: "", "nothing of it has come"),
        (
            earlier("1.7.1", "20250601"),
            lambda world: lambda uid: arrives(world, uid, Named(uid, "P-T-1", "ELSEWHERE", "")),
            "another patient, or another issuer",
        ),
    ],
)
def test_what_could_not_be_had_is_told_and_not_listed(
    world: World, match: Match, sends: Callable[[World], Callable[[str], str]], why: str
) -> None:
    sent, worker = send(world), asks(world, Archive([1], [match], sends(world)))
    film(world, StudyDate="20260105")
    run(world, worker, 30)
    assert world.state(sent.task_id) == "closed"
    [prior] = told(world, sent)["priors"]["studies"]
    assert why in prior["why"]
    assert prior.get("expected") == (None if prior["objects"] else 1)
    assert world.get("ImagingStudy?identifier=urn:dicom:uid|urn:oid:1.7.1")["total"] == 0


@WITH_PRIORS
def test_an_archive_that_is_down_keeps_no_reading_waiting_for_longer_than_the_policy(world: World) -> None:
    archive = Archive([None], down=True)
    sent, worker = send(world), asks(world, archive)
    film(world, StudyDate="20260105")
    run(world, worker, 119)
    assert world.state(sent.task_id) == "received"
    assert sum("PatientID" in each for each in archive.asked) > 3, "it is tried again meanwhile"
    run(world, worker, 1)
    assert world.state(sent.task_id) == "closed"
    assert told(world, sent)["priors"] == {"failed": "the archive cannot be reached"}


@WITH_PRIORS
def test_images_that_somebody_vouched_for_bring_nobody_elses_priors(world: World) -> None:
    archive = Archive([1], [earlier("1.7.1", "20250601", PatientID="P-OTHER")])
    sent, worker = send(world), asks(world, archive)
    film(world, named=Named("1.2.3", "P-OTHER", "", "ACC-1"), StudyDate="20260105")
    run(world, worker)
    assert world.state(sent.task_id) == "held"
    vouch(world, sent)
    run(world, worker, 30)
    assert world.state(sent.task_id) == "closed"
    assert told(world, sent)["priors"] == {"failed": "the images do not name the order's patient"}
    assert not any("PatientID" in each for each in archive.asked)


@WITH_PRIORS
def test_nobody_asks_and_the_reading_goes_on(world: World) -> None:
    sent = send(world)
    film(world, StudyDate="20260105")
    world.run()
    world.watch.forward(minutes=2)
    world.run()
    assert told(world, sent)["priors"] == {"failed": "the archive has not answered in time"}


@WITH_PRIORS
def test_a_prior_of_somebody_else_under_the_same_number_is_not_listed(world: World) -> None:
    def other(uid: str) -> str:
        return arrives(world, uid, PatientName="Elsewhere^Quill", PatientBirthDate="19500101")

    sent = send(world)
    worker = asks(world, Archive([1], [earlier("1.7.1", "20250601")], other))
    person = world.get(sent.patient)
    assert world.put({**person, "name": [{"family": "Grey", "given": ["Dapple"]}]}).status_code == 200
    film(world, StudyDate="20260105")
    run(world, worker, 30)
    [prior] = told(world, sent)["priors"]["studies"]
    assert "name and day of birth somebody else" in prior["why"]
    assert world.get("ImagingStudy?identifier=urn:dicom:uid|urn:oid:1.7.1")["total"] == 0

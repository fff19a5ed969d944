"""A partner keeps Tasks for us: found, claimed, fetched, taken in, answered; over real sockets, one clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import structlog

from conformance.peers.codes import Resource, concept
from conformance.peers.ehr import Ehr
from conformance.peers.faults import Fault, Kind
from conformance.peers.request import Clinician, Lab, Opinion, Patient, ReadRequest
from conformance.peers.search import parse
from server.app import create_app
from server.fhir.courier import FhirCourier
from server.fhir.desk import Desk
from server.fhir.exchange import Response
from server.fhir.partner import visit
from server.fhir.partner.errand import Came, Errand
from server.fhir.smart.logins import Logins
from server.log import configure
from server.model import Destination, Polling
from server.partnering import partner_worker
from server.polling import PartnerWorker
from server.store.partners import PartnerRow
from server.wiring import House
from server.worker import DeliveryWorker
from tests.world import BACTERIAL, EHR, START, VIRAL, World

DEVICE = "https://second-reader.example/device"
OWNER: Resource = {"type": "Device", "identifier": {"system": DEVICE, "value": "gateway-1"}}
EVERY = timedelta(minutes=15)
FIRST = Lab("wbc", "26464-8", "Leukocytes", Decimal(1200), "/uL")
SECOND = Lab("neutrophils", "26511-6", "Neutrophils", Decimal(90), "/uL")


def request(number: str = "1", labs: tuple[Lab, ...] = (FIRST, SECOND), **more: Any) -> ReadRequest:
    said = Opinion(BACTERIAL.system, BACTERIAL.code, "Bacterial meningitis", "Bacterial meningitis.")
    asked = ReadRequest(
        token=number,
        question="bacterial-meningitis",
        patient=Patient("Family-SECRET", "Given-SECRET", date(1990, 5, 1), "female"),
        labs=labs,
        report_code=concept("http://loinc.org", "11502-2", "Laboratory report"),
        opinion=said,
        signed_by=Clinician("r-1", "p-1", "Dapple", "Ada", "o-1", "Demo General"),
        collected_at=START - timedelta(hours=2),
        signed_at=START - timedelta(hours=1),
        asked_at=START - timedelta(minutes=30),
        due_at=START + timedelta(days=1),
    )
    return replace(asked, **more)


@dataclass
class Partnership:
    """The world, the EHR that keeps Tasks for it, and the workers between them."""

    world: World
    ehr: Ehr
    house: House
    partners: PartnerWorker
    couriers: DeliveryWorker

    def look(self) -> PartnerRow:
        """One look, due or not, and everything that follows from it."""
        self.house.partners.look_now("ehr", self.world.watch())
        assert self.partners.once()
        self.carry()
        return self.row

    def carry(self) -> None:
        while self.world.cases.once() or self.couriers.once():
            pass

    @property
    def row(self) -> PartnerRow:
        [row] = self.house.partners.listed(["ehr"])
        return row

    def task(self, number: str = "1") -> Resource:
        """As it stands at the EHR."""
        [found] = self.ehr.shelf.search("Task", parse(f"identifier={EHR}|T-{number}"))
        return found.body

    def statuses(self, number: str = "1") -> list[str]:
        """Of every version at the EHR, oldest first."""
        versions = self.ehr.shelf.history("Task", self.task(number)["id"])
        return [each.body["status"] for each in reversed(versions)]

    def here(self, type_: str) -> list[Resource]:
        return [each["resource"] for each in self.world.get(f"{type_}?_count=100").get("entry", [])]


@pytest.fixture
def partnership(world: World) -> Iterator[Partnership]:
    with Ehr(port=0) as ehr:
        polled = Destination(
            "ehr", ehr.base, (EHR,), timedelta(seconds=2), polling=Polling(EVERY, f"{DEVICE}|gateway-1")
        )
        house = replace(world.house, destinations=(polled,))
        logins = Logins(world.watch)
        couriers = DeliveryWorker(house.deliveries, FhirCourier([polled], logins), world.watch)
        yield Partnership(world, ehr, house, partner_worker(house, logins, world.watch), couriers)


def test_a_task_is_found_claimed_taken_in_and_answered(partnership: Partnership) -> None:
    partnership.ehr.keep_case(request(), OWNER)
    row = partnership.look()
    assert (row.taken, row.refused, row.failures) == (1, 0, 0)
    assert partnership.statuses() == ["requested", "received", "accepted", "in-progress", "completed"]
    outputs = [each["type"]["coding"][0]["code"] for each in partnership.task()["output"]]
    assert outputs == ["agreement", "ai-opinion", "decided-by", "patient-notice"]
    [ours] = partnership.here("Task")
    assert ours["status"] == "completed"
    assert partnership.world.state(ours["id"]) == "closed"
    assert not partnership.ehr.shelf.ledger()["doubles"]


def test_what_the_ehr_wrote_on_its_task_stays_as_it_was(partnership: Partnership) -> None:
    key = partnership.ehr.keep_case(request(), OWNER)
    before = partnership.ehr.shelf.read(*key.split("/"))
    assert before is not None
    partnership.look()
    after = partnership.task()
    ours = {"meta", "status", "businessStatus", "output", "lastModified"}
    assert {
        name for name in before.body.keys() | after.keys() if before.body.get(name) != after.get(name)
    } == ours


def test_looking_again_takes_nothing_twice(partnership: Partnership) -> None:
    partnership.ehr.keep_case(request(), OWNER)
    partnership.look()
    before = len(partnership.ehr.shelf.ledger()["committed"])
    row = partnership.look()
    assert row.taken == 1
    assert len(partnership.here("Task")) == 1
    assert len(partnership.ehr.shelf.ledger()["committed"]) == before


def test_the_next_look_is_due_when_the_file_says(partnership: Partnership) -> None:
    assert partnership.look().due_at == partnership.world.watch() + EVERY
    assert not partnership.partners.once()


def test_what_is_not_ours_is_left_alone(partnership: Partnership) -> None:
    partnership.ehr.keep_case(request(), {"identifier": {"system": DEVICE, "value": "another"}})
    partnership.ehr.keep_case(request("2"), {"reference": "Device/42"})
    assert partnership.look().taken == 0
    assert partnership.statuses() == partnership.statuses("2") == ["requested"]


def test_a_server_that_ignores_the_owner_changes_nothing(
    partnership: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "new_tasks", lambda *_: "/Task?status=requested")
    partnership.ehr.keep_case(request(), {"identifier": {"system": DEVICE, "value": "another"}})
    partnership.ehr.keep_case(request("2"), OWNER)
    assert partnership.look().taken == 1
    assert partnership.statuses() == ["requested"]


def test_everything_that_was_fetched_says_where_from(partnership: Partnership) -> None:
    partnership.ehr.keep_case(request(), OWNER)
    partnership.look()
    for type_ in ("Patient", "Observation", "PractitionerRole", "Practitioner", "Organization"):
        for each in partnership.here(type_):
            if not any("second-reader" in i.get("system", "") for i in each["identifier"]):
                source = each["meta"]["source"]
                assert source.startswith(f"{partnership.ehr.base}/{type_}/")
                assert source.endswith("/_history/1")


# -- refusals --------------------------------------------------------------------------------


def test_a_refusal_is_told_on_the_task_in_words(partnership: Partnership) -> None:
    partnership.ehr.keep_case(request(question="unknown-question"), OWNER)
    row = partnership.look()
    assert (row.taken, row.refused) == (0, 1)
    assert partnership.statuses() == ["requested", "received", "rejected"]
    task = partnership.task()
    assert "nobody here reads this question" in task["statusReason"]["text"]
    [outcome] = task["contained"]
    assert outcome["issue"][0]["expression"] == ["Task.input"]
    assert task["output"][-1]["valueReference"] == {"reference": "#oo"}
    assert partnership.here("Task") == []


def test_the_same_question_under_another_identifier_is_refused(partnership: Partnership) -> None:
    partnership.ehr.keep_case(request(labs=(FIRST,)), OWNER)
    partnership.look()
    first = partnership.task()
    again = {name: part for name, part in first.items() if name not in ("statusReason", "businessStatus")}
    again |= {"status": "requested", "identifier": [first["identifier"][0] | {"value": "T-2"}]}
    with partnership.ehr.shelf.change() as change:
        change.put(again, "again")
    assert partnership.look().refused == 1
    assert partnership.task("2")["status"] == "rejected"
    assert "another Task asks the same question" in partnership.task("2")["statusReason"]["text"]
    assert partnership.task()["status"] == "on-hold"


def test_a_date_that_has_passed_is_refused_before_any_work(partnership: Partnership) -> None:
    partnership.ehr.keep_case(request(due_at=START - timedelta(minutes=1)), OWNER)
    assert partnership.look().refused == 1
    assert partnership.task()["status"] == "rejected"


def test_a_resource_that_breaks_the_standard_is_named(partnership: Partnership) -> None:
    key = partnership.ehr.keep_case(request(), OWNER)
    [patient] = partnership.ehr.shelf.search("Patient", ())
    with partnership.ehr.shelf.change() as change:
        change.put(patient.body | {"gender": "SECRET-7"}, patient.id)
    assert partnership.look().refused == 1
    task = partnership.task()
    assert task["contained"][0]["issue"][0]["expression"] == ["Patient.gender"]
    assert task["statusReason"]["text"].startswith(f"Patient/{patient.id}: ")
    assert "SECRET-7" not in str(task)
    assert key == f"Task/{task['id']}"


def test_a_task_that_is_no_r4_task_is_refused(partnership: Partnership) -> None:
    key = partnership.ehr.keep_case(request(), OWNER)
    task = partnership.task()
    with partnership.ehr.shelf.change() as change:
        change.put(task | {"intent": "directive", "for": [{"reference": 7}]}, key.partition("/")[2])
    assert partnership.look().refused == 1
    assert partnership.task()["status"] == "rejected"


@pytest.mark.parametrize("where", ["http://169.254.169.254/latest/Patient/1", "file:///etc/Patient/1"])
def test_nothing_is_fetched_from_elsewhere(partnership: Partnership, where: str) -> None:
    key = partnership.ehr.keep_case(request(), OWNER)
    task = partnership.task()
    with partnership.ehr.shelf.change() as change:
        change.put(task | {"for": {"reference": where}}, key.partition("/")[2])
    assert partnership.look().refused == 1
    assert " reference " in partnership.task()["statusReason"]["text"]
    assert where not in str(partnership.task()["statusReason"])


# -- evidence that comes later ---------------------------------------------------------------


def test_evidence_that_comes_later_is_found_by_the_next_look(partnership: Partnership) -> None:
    asked = request(labs=(FIRST,))
    partnership.ehr.keep_case(asked, OWNER)
    partnership.look()
    assert partnership.task()["status"] == "on-hold"
    assert "csf neutrophils" in partnership.task()["statusReason"]["text"]
    partnership.look()
    assert partnership.task()["status"] == "on-hold"
    partnership.ehr.keep_later(SECOND, asked)
    partnership.look()
    assert partnership.statuses()[-2:] == ["in-progress", "completed"]


def test_what_its_placer_cancels_is_withdrawn_here(partnership: Partnership) -> None:
    key = partnership.ehr.keep_case(request(labs=(FIRST,)), OWNER)
    partnership.look()
    with partnership.ehr.shelf.change() as change:
        change.put(partnership.task() | {"status": "cancelled"}, key.partition("/")[2])
    partnership.look()
    [ours] = partnership.here("Task")
    assert ours["status"] == "cancelled"
    assert partnership.world.state(ours["id"]) == "withdrawn"
    assert partnership.task()["status"] == "cancelled"


def test_what_the_ehr_writes_meanwhile_is_kept(partnership: Partnership) -> None:
    asked = request(labs=(FIRST,))
    key = partnership.ehr.keep_case(asked, OWNER)
    partnership.look()
    note = [{"text": "called the ward"}]
    with partnership.ehr.shelf.change() as change:
        change.put(partnership.task() | {"note": note, "priority": "stat"}, key.partition("/")[2])
    partnership.ehr.keep_later(SECOND, asked)
    partnership.look()
    task = partnership.task()
    assert (task["status"], task["note"], task["priority"]) == ("completed", note, "stat")
    assert "statusReason" not in task


def test_what_is_cancelled_while_a_write_up_is_on_its_way_stays_cancelled(partnership: Partnership) -> None:
    key = partnership.ehr.keep_case(request(labs=(FIRST,)), OWNER)
    partnership.house.partners.look_now("ehr", partnership.world.watch())
    assert partnership.partners.once()
    while partnership.world.cases.once():
        pass
    with partnership.ehr.shelf.change() as change:
        change.put(partnership.task() | {"status": "cancelled"}, key.partition("/")[2])
    partnership.carry()
    assert partnership.statuses()[-1] == "cancelled"
    assert partnership.house.deliveries.counts() == {"delivered": 1}
    partnership.look()
    assert partnership.here("Task")[0]["status"] == "cancelled"


def test_a_write_up_that_lost_a_race_is_made_anew(partnership: Partnership) -> None:
    """If-Match is refused once; the next attempt is made upon what stands there then."""
    partnership.ehr.keep_case(request(), OWNER)
    partnership.house.partners.look_now("ehr", partnership.world.watch())
    assert partnership.partners.once()
    partnership.ehr.inject(Fault(Kind.PRECONDITION, count=2, methods=("POST",)))
    partnership.carry()
    assert partnership.task()["status"] == "accepted"
    partnership.world.watch.forward(seconds=2)
    partnership.carry()
    assert partnership.task()["status"] == "completed"


def test_only_what_is_newer_is_asked_for(partnership: Partnership) -> None:
    """By the EHR's own clock, a minute back; what was there before and untouched is not listed again."""
    partnership.ehr.keep_case(request(), {"identifier": {"system": DEVICE, "value": "another"}})
    partnership.look()
    look = partnership.house.partners.claim(["ehr"], partnership.world.watch() + EVERY)
    assert look is not None
    since = datetime.fromisoformat(look.since)
    assert timedelta(seconds=59) < datetime.now(UTC) - since < timedelta(seconds=90)


# -- somebody else, and crashes --------------------------------------------------------------


def test_who_is_too_late_leaves_the_task_alone(partnership: Partnership) -> None:
    partnership.ehr.keep_case(request(), OWNER)
    partnership.ehr.inject(Fault(Kind.PRECONDITION, methods=("PUT",)))
    row = partnership.look()
    assert (row.taken, row.failures) == (0, 0)
    assert partnership.statuses() == ["requested"]
    assert partnership.look().taken == 1  # nobody has it after all


@pytest.mark.parametrize("status", ["received", "accepted"])
def test_a_task_that_was_claimed_and_never_taken_in_is_carried_on(
    partnership: Partnership, status: str
) -> None:
    key = partnership.ehr.keep_case(request(), OWNER)
    task = partnership.task()
    with partnership.ehr.shelf.change() as change:
        change.put(task | {"status": status}, key.partition("/")[2])
    assert partnership.look().taken == 1
    assert partnership.task()["status"] == "completed"


def test_two_at_once_take_it_in_once_and_fail_nothing(
    partnership: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that lost its lease unseen: the other one has taken in what it is about to take in."""
    partnership.ehr.keep_case(request(), OWNER)
    [polled] = partnership.house.destinations
    through, others = Errand._through_the_door, [partnership.partners.visit(polled, lambda: None)]

    def late(self: Errand, desk: Desk, whole: Resource) -> Response:
        if desk is self.desk and others:
            assert others.pop().look("").came == {Came.TAKEN: 1}
        return through(self, desk, whole)

    monkeypatch.setattr(Errand, "_through_the_door", late)
    assert partnership.look().failures == 1
    assert partnership.look().failures == 0
    assert partnership.statuses() == ["requested", "received", "accepted", "in-progress", "completed"]
    assert len(partnership.here("Task")) == 1


@pytest.mark.parametrize(
    "kind", [Kind.ERROR_BEFORE, Kind.ERROR_AFTER, Kind.SILENCE_AFTER, Kind.BUSY, Kind.HTML, Kind.SLOW]
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_partner_that_fails_once_is_looked_at_again(
    partnership: Partnership, kind: Kind, method: str
) -> None:
    partnership.ehr.keep_case(request(), OWNER)
    partnership.ehr.inject(Fault(kind, seconds=2.5, methods=(method,)))
    partnership.house.partners.look_now("ehr", partnership.world.watch())
    partnership.partners.once()
    if (
        kind is Kind.HTML and method == "PUT"
    ):  # a login page says 200: the Task is looked at, and is as before
        assert partnership.row.taken == 0
    else:
        assert partnership.row.failures == 1
        assert "SECRET" not in str(partnership.row)
    assert partnership.look().taken == 1
    assert partnership.task()["status"] == "completed"
    assert not partnership.ehr.shelf.ledger()["doubles"]
    assert partnership.row.failures == 0


def test_a_partner_that_is_away_is_asked_with_growing_pauses(partnership: Partnership) -> None:
    partnership.ehr.down()
    waits = []
    for _ in range(12):
        row = partnership.look()
        waits.append(row.due_at - partnership.world.watch())
    assert waits == sorted(waits)
    assert waits[0] <= timedelta(seconds=1) < waits[-1] <= EVERY
    assert row.failures == 12
    assert row.last_error is not None
    partnership.ehr.up()
    assert partnership.look().failures == 0


def test_first_opinions_are_no_news_without_a_change(partnership: Partnership) -> None:
    """What was fetched and has not changed makes no new version: nothing is read anew."""
    asked = request(labs=(FIRST,))
    partnership.ehr.keep_case(asked, OWNER)
    partnership.look()
    for _ in range(3):
        partnership.look()
    [report] = partnership.ehr.shelf.search("DiagnosticReport", ())
    assert report.number == 1
    versions = [each["meta"]["versionId"] for each in partnership.here("Observation")]
    assert versions == ["1"]


def test_disagreement_goes_to_nobody_here_and_says_so(partnership: Partnership) -> None:
    """The rest of the house does not know how a case came in."""
    other = Opinion(VIRAL.system, VIRAL.code, "Viral meningitis", "Viral meningitis.")
    partnership.ehr.keep_case(request(opinion=other), OWNER)
    partnership.look()
    assert partnership.task()["status"] == "on-hold"


# -- what people and programs see ------------------------------------------------------------


def test_how_it_goes_is_seen_without_any_patient(partnership: Partnership) -> None:
    partnership.ehr.keep_case(request(), OWNER)
    partnership.ehr.keep_case(request("2", question="unknown"), OWNER)
    partnership.look()
    client = create_app(partnership.house, partnership.world.watch).test_client()
    assert client.get("/health").json["failingPartners"] == 0
    partnership.ehr.down()
    partnership.look()
    assert client.get("/health").json["failingPartners"] == 1
    told = client.get("/metrics").text
    assert 'second_reader_partner_failures{partner="ehr"} 1.0' in told
    assert 'second_reader_partner_tasks{came="taken",partner="ehr"} 1.0' in told
    assert 'second_reader_partner_tasks{came="refused",partner="ehr"} 1.0' in told


@pytest.fixture
def as_logged_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


@pytest.mark.usefixtures("as_logged_before")
def test_what_happens_is_logged_without_any_patient(
    partnership: Partnership, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("info", "work")
    partnership.ehr.keep_case(request(), OWNER)
    partnership.look()
    partnership.ehr.down()
    partnership.look()
    said = capsys.readouterr().err
    assert '"looked at a partner"' in said
    assert '"look at a partner failed"' in said
    assert '"taken":1' in said.replace(" ", "")
    for secret in ("SECRET", "T-1", "P-1", partnership.ehr.base):
        assert secret not in said


def test_an_answer_that_is_too_large_is_none(partnership: Partnership) -> None:
    huge = {"resourceType": "Task", "status": "requested", "owner": OWNER, "x": "a" * 9_000_000}
    with partnership.ehr.shelf.change() as change:
        change.put(huge, "t")
    row = partnership.look()
    assert row.last_error == "the partner's answer is no JSON, or too large"
    assert row.failures == 1


def test_many_tasks_come_in_pages(partnership: Partnership) -> None:
    """The EHR gives a hundred at a time; the last of them is on the second page."""
    for number in range(101):
        partnership.ehr.keep_case(request(str(number), question="unknown"), OWNER)
    assert partnership.look().refused == 101

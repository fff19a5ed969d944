"""What HL7 v2 messages say becomes resources and cases, in whichever order they and the images come."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from server.applying.through import Through
from server.case import State
from server.errors import Category, fault
from server.hl7v2.link import Link
from server.hl7v2.link import Named as System
from server.hl7v2.mapping.drafts import Draft, Kind, Merge, Order, Story
from server.images import ImageObject, Named
from server.messages import ACCEPTED, Heard, Standing, lane_of
from server.messaging import MessageWorker
from server.model import Answer, Comparison, Verdict
from server.ports import Stored
from server.query import Query
from server.wiring import desk
from tests.test_story_images import FILMS, RULES
from tests.world import BACTERIAL, CARD, EHR, POLICY, SPECIALTY, VIRAL, World, coded, make_world
from tests.world import doctor as expert

pytestmark = pytest.mark.both_databases

MRN, OTHER = "https://hospital.example/mrn", "https://hospital.example/old-mrn"
FILLER = "https://ris.example/filler"
DOCTOR = "https://hospital.example/doctor"
LINK = Link("ris", System("RIS", "DEMO"), ())


@dataclass
class Site:
    """A world with an HL7 v2 link; a message is the story that it tells."""

    world: World
    worker: MessageWorker
    stories: dict[bytes, Story]
    poisoned: list[bytes]

    def send(self, *stories: Story, kind: str = "ADT^A08", sent_at: datetime | None = None) -> str:
        """Acknowledged, and not yet applied; returns its id."""
        [story] = stories
        number = len(self.stories) + 1
        raw = f"MSH|{number}".encode()
        self.stories[raw] = story
        names = {name for draft in story.drafts if draft.type == "Patient" for name in draft.identifiers}
        names |= {name for each in story.merges for name in (*each.survivor, *each.loser)}
        now = self.world.watch()
        heard = Heard(
            id=str(uuid.uuid4()),
            link="ris",
            sender="RIS|DEMO",
            control_id=str(number),
            kind=kind,
            structure="",
            version="2.5.1",
            sent_at=sent_at or now,
            received_at=now,
            raw=raw,
            digest=hashlib.sha256(raw).hexdigest(),
            lanes=tuple(lane_of(*each) for each in names),
            answer=b"AA",
        )
        self.world.house.inbox.keep(heard)
        return heard.id

    def run(self) -> None:
        """Apply, carry and deliver until nothing is due."""
        for _ in range(200):
            if not self.worker.once():
                break
        else:
            raise AssertionError("messages never end")
        self.world.run()

    def took(self, story: Story, standing: Standing = Standing.APPLIED, **more: Any) -> str:
        id_ = self.send(story, **more)
        self.run()
        message = self.world.house.inbox.read(id_)
        assert message is not None
        assert message.standing is standing, message.reasons
        return id_

    def reasons(self, id_: str) -> str:
        message = self.world.house.inbox.read(id_)
        assert message is not None
        return "; ".join(message.reasons)

    def found(self, type_: str, **query: str) -> list[dict[str, Any]]:
        found = self.world.client.get(f"/fhir/{type_}", query_string=query).get_json()
        return [each["resource"] for each in found.get("entry", [])]


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    policy = replace(POLICY, images=RULES)
    for world in make_world(tmp_path, card=FILMS, policy=policy, database_url=database_url):
        through = Through(desk(world.house, world.watch), world.watch)
        told: dict[bytes, Story] = {}
        poisoned: list[bytes] = []
        worker = MessageWorker(
            inbox=world.house.inbox,
            links=lambda: {"ris": LINK},
            read=partial(_read, told, poisoned),
            shelf=world.house.shelf,
            write=through.write,
            join=through.join,
            now=world.watch,
            attempts=3,
        )
        yield Site(world, worker, told, poisoned)


def _read(told: dict[bytes, Story], poisoned: list[bytes], raw: bytes, link: Link, at: datetime) -> Story:
    del link, at
    if raw in poisoned:
        raise fault(Category.BROKEN, "exception", "an error of ours: KeyError")
    return told[raw]


# -- stories as the mapping tells them --------------------------------------------------------


def named(*names: tuple[str, str]) -> list[dict[str, str]]:
    return [{"system": system, "value": value} for system, value in names]


def person(number: str = "1", system: str = MRN, **more: Any) -> Draft:
    body = {
        "resourceType": "Patient",
        "identifier": named((system, number)),
        "name": [{"family": "Dummy", "given": ["Ann"]}],
        "birthDate": "2022-03-01",
        **more,
    }
    return Draft("patient", "Patient", body, ((system, number),), owned=tuple(body))


def doctor() -> list[Draft]:
    who, where = (DOCTOR, "77"), (f"{DOCTOR}/place", "DEMO")
    return [
        Draft("doctor", "Practitioner", {"resourceType": "Practitioner", "identifier": named(who)}, (who,)),
        Draft(
            "place", "Organization", {"resourceType": "Organization", "identifier": named(where)}, (where,)
        ),
        Draft(
            "role",
            "PractitionerRole",
            {
                "resourceType": "PractitionerRole",
                "practitioner": {"reference": "draft:doctor"},
                "organization": {"reference": "draft:place"},
            },
            (),
        ),
    ]


def request(number: str = "O-1", filler: str = "F-1", **more: Any) -> Draft:
    accession = {
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]},
        "system": "https://ris.example/accession",
        "value": "ACC-1",
    }
    names = ((EHR, number), *(((FILLER, filler),) if filler else ()))
    body = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "identifier": [*named(*names), accession],
        "code": {"text": "Chest film"},
        "subject": {"reference": "draft:patient"},
        **more,
    }
    return Draft("order", "ServiceRequest", body, names, owned=("status",))


def report(status: str = "final", concluded: Any = VIRAL, **more: Any) -> Draft:
    body = {
        "resourceType": "DiagnosticReport",
        "status": status,
        "identifier": named((FILLER, "F-1")),
        "basedOn": [{"reference": "draft:order"}],
        "code": {"text": "Chest film"},
        "subject": {"reference": "draft:patient"},
        "resultsInterpreter": [{"reference": "draft:role"}],
        **({"conclusionCode": [coded(concluded)]} if concluded else {"conclusion": "See text."}),
        **more,
    }
    return Draft("report", "DiagnosticReport", body, ((FILLER, "F-1"),), owned=tuple(body))


def told(
    *drafts: Draft, merges: tuple[Merge, ...] = (), orders: tuple[Order, ...] = (), **more: Any
) -> Story:
    at = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
    return Story(tuple(drafts), merges, orders, "", at, more.get("notes", ()), more.get("doubts", ()))


def pair(control: str = "NW", reports: bool = False, filler: bool = True) -> Order:
    return Order(
        order="order",
        question=CARD.question,
        control=control,
        placer=((EHR, "O-1"),),
        filler=((FILLER, "F-1"),) if filler else (),
        accessions=(("https://ris.example/accession", "ACC-1"),),
        studies=(),
        report="report" if reports else None,
        patient="patient",
    )


def ordered(control: str = "NW", **more: Any) -> Story:
    """ORM^O01: the placer knows no number of the filler yet."""
    return told(person(), request(filler="", **more), orders=(pair(control, filler=False),))


def reported(status: str = "final", concluded: Any = VIRAL) -> Story:
    """ORU^R01."""
    return told(person(), *doctor(), request(), report(status, concluded), orders=(pair("RE", reports=True),))


def film(site: Site, patient: str = "1") -> None:
    site.world.house.images.hold(
        ImageObject(
            sop_instance="1.2.3.1.1",
            sop_class="1.2.840.10008.5.1.4.1.1.1",
            series="1.2.3.1",
            transfer_syntax="1.2.840.10008.1.2.1",
            named=Named("1.2.3", patient, "", "ACC-1"),
            digest="1" * 64,
            file="1" * 64,
            size=1_000,
            received_at=site.world.watch(),
            source="made up",
            header={"Rows": "256", "Columns": "256", "Modality": "DX"},
        )
    )


def stored(site: Site, type_: str) -> list[Stored]:
    """Also what is under seal."""
    return site.world.house.shelf.find(Query(type_), 5)


def the_case(site: Site) -> str:
    """Id of the one Task that is here."""
    [task] = site.found("Task")
    return str(task["id"])


def asking(site: Site) -> str:
    """Id of the one Task that the order made."""
    [task] = site.found("Task", identifier=f"{EHR}|O-1")
    return str(task["id"])


# -- one case, in every order -----------------------------------------------------------------


def comes(site: Site) -> dict[str, Callable[[], None]]:
    return {
        "order": lambda: void(site.took(ordered(), kind="ORM^O01")),
        "images": lambda: film(site),
        "report": lambda: void(site.took(reported(), kind="ORU^R01")),
    }


def void(_: object) -> None:
    return


@pytest.mark.parametrize("order", list(permutations(("order", "images", "report"))))
def test_in_whichever_order_they_come_it_is_one_case_with_the_same_end(
    site: Site, order: tuple[str, ...]
) -> None:
    site.world.reader.answer = Answer.ABSENT
    for name in order:
        comes(site)[name]()
        site.run()
        site.world.watch.forward(seconds=1)
    site.world.watch.forward(minutes=5)
    site.run()
    assert site.world.state(the_case(site)) == "closed"
    assert len(site.found("Patient")) == len(site.found("ServiceRequest")) == 1
    [first] = site.found("DiagnosticReport", identifier=f"{FILLER}|F-1")
    assert first["status"] == "final"
    assert first["conclusionCode"] == [coded(VIRAL)]
    [asked] = site.found("ServiceRequest")
    assert {each["value"] for each in asked["identifier"]} == {"O-1", "F-1", "ACC-1"}


def test_an_order_waits_for_its_report_without_a_word_about_who_is_to_sign_it(site: Site) -> None:
    site.took(ordered(), kind="ORM^O01")
    film(site)
    site.world.watch.forward(minutes=5)
    site.run()
    task = site.world.get(f"Task/{the_case(site)}")
    assert (task["status"], task.get("statusReason")) == ("in-progress", None)


def test_the_same_messages_again_change_nothing(site: Site) -> None:
    for _ in range(2):
        site.took(ordered(), kind="ORM^O01")
        site.took(reported(), kind="ORU^R01")
    the_case(site)
    for type_ in ("Patient", "ServiceRequest", "Practitioner", "PractitionerRole", "Organization"):
        [only] = site.found(type_)
        assert only["meta"]["versionId"] in ("1", "2")


def test_a_preliminary_report_does_not_lock_and_a_final_one_does(site: Site) -> None:
    site.took(ordered(), kind="ORM^O01")
    site.took(reported("preliminary"), kind="ORU^R01")
    film(site)
    site.world.watch.forward(minutes=5)
    site.run()
    assert site.world.state(the_case(site)) == "ready"
    site.took(reported(), kind="ORU^R01")
    assert site.world.state(the_case(site)) != "ready"


def test_a_preliminary_report_after_the_final_one_changes_nothing(site: Site) -> None:
    site.took(reported(), kind="ORU^R01")
    id_ = site.took(reported("preliminary", BACTERIAL), kind="ORU^R01")
    message = site.world.house.inbox.read(id_)
    assert message is not None
    assert any("no-downgrade" in each for each in message.notes)
    [kept] = site.world.house.shelf.find(
        __import__("server.query", fromlist=["Query"]).Query("DiagnosticReport"), 5
    )
    assert b'"final"' in kept.body
    assert kept.version == 1


def test_a_correction_opens_the_comparison_again(site: Site) -> None:
    site.world.reader.answer = Answer.ABSENT
    site.took(ordered(), kind="ORM^O01")
    film(site)
    site.world.watch.forward(minutes=5)
    site.took(reported(), kind="ORU^R01")
    task = the_case(site)
    site.took(reported("corrected", BACTERIAL), kind="ORU^R01")
    events = [each["event"] for each in site.world.trace(task)["history"]]
    assert any(
        each.startswith("first read corrected") or each == "first report corrected late" for each in events
    )


def test_h077_a_report_that_is_taken_back_ends_its_case(site: Site) -> None:
    site.took(ordered(), kind="ORM^O01")
    site.took(reported(), kind="ORU^R01")
    site.took(reported("cancelled"), kind="ORU^R01")
    assert site.world.state(the_case(site)) == "withdrawn"


def test_a_text_only_report_is_not_comparable(site: Site) -> None:
    site.took(ordered(), kind="ORM^O01")
    film(site)
    site.world.watch.forward(minutes=5)
    site.took(reported(concluded=None), kind="ORU^R01")
    case = str(site.world.house.ledger.case_of_task(the_case(site)))
    [compared] = site.world.house.ledger.facts(case, "comparison", Comparison)
    assert compared.verdict is Verdict.NOT_COMPARABLE
    [first] = stored(site, "DiagnosticReport")
    assert b'"conclusion":"See text."' in first.body, "the text is kept"


def test_a_cancelled_order_ends_its_case(site: Site) -> None:
    site.took(ordered(), kind="ORM^O01")
    site.took(ordered("CA", status="revoked"), kind="ORM^O01")
    assert site.world.state(the_case(site)) == "withdrawn"
    [asked] = site.found("ServiceRequest")
    assert asked["status"] == "revoked"


def test_the_cancellation_of_an_order_that_nobody_knows_waits_a_day_and_is_held(site: Site) -> None:
    id_ = site.took(ordered("CA"), Standing.PARKED, kind="ORM^O01")
    site.world.watch.forward(hours=24)
    site.run()
    message = site.world.house.inbox.read(id_)
    assert message is not None
    assert message.standing is Standing.HELD


def test_a_cancellation_that_overtook_its_order_ends_it(site: Site) -> None:
    site.took(ordered("CA"), Standing.PARKED, kind="ORM^O01")
    site.took(ordered(), kind="ORM^O01")
    site.run()
    assert site.world.state(the_case(site)) == "withdrawn"


# -- patients ---------------------------------------------------------------------------------


def test_a_patient_is_updated_by_adt_and_by_nothing_else(site: Site) -> None:
    site.took(told(person()))
    site.took(told(person(name=[{"family": "Married"}])))
    site.took(told(person(name=[{"family": "Else"}])), kind="ORU^R01")
    [known] = site.found("Patient")
    assert known["name"] == [{"family": "Married"}]


def test_an_older_adt_does_not_overwrite_a_newer_one(site: Site) -> None:
    now = site.world.watch()
    site.took(told(person(name=[{"family": "New"}])), sent_at=now)
    id_ = site.took(told(person(name=[{"family": "Old"}])), sent_at=now - timedelta(hours=1))
    [known] = site.found("Patient")
    assert known["name"] == [{"family": "New"}]
    message = site.world.house.inbox.read(id_)
    assert message is not None
    assert any("older-event" in each for each in message.notes)


def test_a_known_number_with_another_name_and_birth_date_is_held(site: Site) -> None:
    site.took(told(person()))
    id_ = site.took(
        told(person(name=[{"family": "Other"}], birthDate="1950-01-01")), Standing.HELD, kind="ORU^R01"
    )
    assert "another name and another birth date" in site.reasons(id_)
    [known] = site.found("Patient")
    assert known["birthDate"] == "2022-03-01"


def test_an_order_of_another_patient_is_held(site: Site) -> None:
    site.took(ordered(), kind="ORM^O01")
    other = told(person("2"), request(filler=""), orders=(pair(filler=False),))
    id_ = site.took(other, Standing.HELD, kind="ORM^O01")
    assert "another patient" in site.reasons(id_)


def test_h100_an_unlinking_is_a_persons(site: Site) -> None:
    site.took(replace(told(person()), event="ADT^A37"), Standing.HELD, kind="ADT^A37")
    assert site.found("Patient") == []


def test_what_the_mapping_doubts_is_held_and_nothing_of_it_is_stored(site: Site) -> None:
    site.took(told(person(), doubts=("a patient identifier without authority",)), Standing.HELD)
    assert site.found("Patient") == []


# -- merges -----------------------------------------------------------------------------------


def merge(survivor: str, loser: str, kind: Kind = Kind.MERGE) -> Story:
    said = Merge(((MRN, survivor),), ((MRN, loser),), kind, "patient")
    return told(person(survivor), merges=(said,))


def test_a_merge_carries_everything_over_and_both_numbers_find_the_survivor(site: Site) -> None:
    site.took(told(person("2")))
    site.took(ordered(), kind="ORM^O01")
    [before] = site.found("Patient", identifier=f"{MRN}|1")
    site.took(merge("2", "1"), kind="ADT^A40")
    living = [each for each in site.found("Patient") if each.get("active") is not False]
    [survivor] = living
    assert {each["value"] for each in survivor["identifier"]} == {"1", "2"}
    assert survivor["link"] == [{"other": {"reference": f"Patient/{before['id']}"}, "type": "replaces"}]
    dead = site.world.get(f"Patient/{before['id']}")
    assert dead["active"] is False
    assert dead["link"][0]["type"] == "replaced-by"
    about = f"Patient/{survivor['id']}"
    [asked] = site.found("ServiceRequest")
    assert asked["subject"]["reference"] == about
    assert site.world.get(f"Task/{the_case(site)}")["for"]["reference"] == about
    case = site.world.house.ledger.find(str(site.world.house.ledger.case_of_task(the_case(site))))
    assert case is not None
    assert case.patient == about


def test_a_referral_goes_on_through_a_merge(site: Site) -> None:
    expert(site.world, "Expert", "Elsewhere", SPECIALTY)
    site.world.reader.answer = Answer.PRESENT
    site.took(told(person("2")))
    site.took(ordered(), kind="ORM^O01")
    film(site)
    site.world.watch.forward(minutes=5)
    site.took(reported(), kind="ORU^R01")
    case = str(site.world.house.ledger.case_of_task(asking(site)))
    before = site.world.house.ledger.find(case)
    site.took(merge("2", "1"), kind="ADT^A40")
    after = site.world.house.ledger.find(case)
    assert before is not None
    assert after is not None
    assert (before.position.state, before.position) == (State.OFFERED, after.position)


@pytest.mark.parametrize("moment", ["ordered", "read", "closed"])
def test_a_case_goes_on_through_a_merge_and_nothing_is_read_or_corrected_anew(
    site: Site, moment: str
) -> None:
    site.world.reader.answer = Answer.ABSENT

    def joined(now: str) -> None:
        if moment == now:
            site.took(merge("2", "1"), kind="ADT^A40")

    site.took(told(person("2")))
    site.took(ordered(), kind="ORM^O01")
    joined("ordered")
    film(site)
    site.world.watch.forward(minutes=5)
    site.run()
    joined("read")
    site.took(reported(), kind="ORU^R01")
    joined("closed")
    task = the_case(site)
    assert site.world.state(task) == "closed"
    events = [each["event"] for each in site.world.trace(task)["history"]]
    assert not [each for each in events if "corrected" in each or "superseded" in each], events


def test_the_same_merge_again_changes_nothing(site: Site) -> None:
    site.took(told(person("1")))
    site.took(told(person("2")))
    site.took(merge("2", "1"), kind="ADT^A40")
    before = site.found("Patient")
    site.took(merge("2", "1"), kind="ADT^A40")
    assert site.found("Patient") == before


def test_a_merge_back_and_a_ring_are_held(site: Site) -> None:
    for number in "123":
        site.took(told(person(number)))
    site.took(merge("2", "1"), kind="ADT^A40")
    site.took(merge("1", "2"), Standing.HELD, kind="ADT^A40")
    site.took(merge("3", "2"), kind="ADT^A40")
    id_ = site.took(merge("1", "3"), Standing.HELD, kind="ADT^A40")
    assert "circle" in site.reasons(id_)


def test_messages_by_the_merged_number_are_about_the_survivor(site: Site) -> None:
    site.took(told(person("1")))
    site.took(told(person("2")))
    site.took(merge("2", "1"), kind="ADT^A40")
    site.took(ordered(), kind="ORM^O01")
    [survivor] = site.found("Patient", identifier=f"{MRN}|2")
    [asked] = site.found("ServiceRequest")
    assert asked["subject"]["reference"] == f"Patient/{survivor['id']}"


def test_a_merge_that_comes_before_either_patient_is_applied_once(site: Site) -> None:
    now = site.world.watch()
    site.took(merge("2", "1"), kind="ADT^A40", sent_at=now)
    site.took(told(person("1", name=[{"family": "Stale"}])), kind="ADT^A01", sent_at=now - timedelta(hours=1))
    [only] = site.found("Patient")
    assert {each["value"] for each in only["identifier"]} == {"1", "2"}
    assert only["name"] == [{"family": "Dummy", "given": ["Ann"]}]


def test_a_changed_number_finds_the_same_patient(site: Site) -> None:
    site.took(told(person("1")))
    said = Merge(((MRN, "9"),), ((MRN, "1"),), Kind.CHANGE_ID, "patient")
    site.took(told(person("9"), merges=(said,)), kind="ADT^A47")
    [only] = site.found("Patient")
    assert {(each["value"], each.get("use", "")) for each in only["identifier"]} == {("1", "old"), ("9", "")}


# -- in any order -----------------------------------------------------------------------------


def a_stay(now: datetime) -> list[tuple[Story, str, datetime]]:
    """What is sent about one patient, in the order in which it happened: story, kind, MSH-7."""
    told_of = [
        (told(person(name=[{"family": "First"}])), "ADT^A01"),
        (ordered(), "ORM^O01"),
        (told(person(name=[{"family": "Second"}])), "ADT^A08"),
        (reported("preliminary", None), "ORU^R01"),
        (reported(), "ORU^R01"),
        (told(person(name=[{"family": "Third"}])), "ADT^A08"),
    ]
    return [(story, kind, now - timedelta(minutes=30 - at)) for at, (story, kind) in enumerate(told_of)]


@pytest.mark.parametrize("seed", range(6))
def test_h109_shuffled_messages_of_one_patient_end_as_the_ordered_ones(site: Site, seed: int) -> None:
    messages = a_stay(site.world.watch())
    random.Random(seed).shuffle(messages)
    for story, kind, sent_at in messages:
        site.took(story, kind=kind, sent_at=sent_at)
    [known] = site.found("Patient")
    assert known["name"] == [{"family": "Third"}]
    [kept] = stored(site, "DiagnosticReport")
    assert b'"final"' in kept.body
    the_case(site)


# -- trouble ----------------------------------------------------------------------------------


def test_an_error_of_ours_is_tried_again_and_holds_up_its_patient_alone(site: Site) -> None:
    site.poisoned.append(b"MSH|1")
    poison = site.send(told(person("1")))
    site.run()
    for _ in range(3):
        site.world.watch.forward(minutes=1)
        site.run()
    message = site.world.house.inbox.read(poison)
    assert message is not None
    assert message.standing is Standing.FAULTED
    later = site.send(told(person("1")))
    site.took(told(person("2")))
    waiting = site.world.house.inbox.read(later)
    assert waiting is not None
    assert waiting.standing is Standing.WAITING
    site.poisoned.clear()
    assert site.world.house.inbox.decide(poison, Standing.WAITING, "somebody", site.world.watch())
    site.run()
    assert len(site.found("Patient")) == 2


def test_what_the_door_refuses_is_held_with_the_reason(site: Site) -> None:
    id_ = site.took(told(person(birthDate="no date")), Standing.HELD)
    assert "birthDate" in site.reasons(id_)


def test_a_patient_that_a_person_has_accepted_is_who_the_number_says(site: Site) -> None:
    site.took(told(person()))
    id_ = site.took(told(person(name=[{"family": "Other"}], birthDate="1950-01-01")), Standing.HELD)
    inbox = site.world.house.inbox
    assert inbox.decide(id_, Standing.WAITING, f"{ACCEPTED}somebody: asked", site.world.watch())
    site.run()
    message = inbox.read(id_)
    assert message is not None
    assert message.standing is Standing.APPLIED, message.reasons
    [known] = site.found("Patient")
    assert known["birthDate"] == "1950-01-01"


def test_an_order_that_changes_what_it_asks_is_held_while_its_case_is_open(site: Site) -> None:
    site.took(ordered(), kind="ORM^O01")
    changed = ordered("XO")
    other = replace(changed, orders=tuple(replace(each, question="another") for each in changed.orders))
    site.took(other, Standing.HELD, kind="ORM^O01")

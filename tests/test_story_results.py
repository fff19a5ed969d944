"""A system is told in HL7 v2, beside a FHIR server or instead of one: an opinion, its end, a referral."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from server.errors import Category
from server.model import AssignedBy, Coding, Document, Hl7Destination, Hl7Kind, Hl7Terms, Receipt, Withdrawal
from server.ports import Undelivered
from server.worker import DeliveryWorker
from tests.hl7v2.foreign import fields, read
from tests.world import (
    BACTERIAL,
    EHR,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    answer_as,
    coded,
    doctor,
    make_world,
    send_case,
)

TERMS = Hl7Terms(
    ("SECONDREAD", ""),
    ("RIS", ""),
    authorities=(AssignedBy("https://ehr.example/patient", "HOSP"), AssignedBy(EHR, "EHR")),
)


def system(*accepts: Hl7Kind, **more: tuple[str, ...]) -> Hl7Destination:
    whose = {"serves": ("ehr",), "identifier_systems": ()} | more
    return Hl7Destination(
        "ris", whose["serves"], whose["identifier_systems"], frozenset(accepts), "127.0.0.1", 1,
        timedelta(seconds=1), TERMS,
    )  # fmt: skip


@dataclass
class Takes:
    """Keeps what it was given; of one kind of document it may say something else first."""

    says: dict[str, Undelivered] = field(default_factory=dict)
    got: list[Document] = field(default_factory=list)

    def deliver(self, document: Document, attempt: int) -> Receipt:
        del attempt
        if document.kind in self.says:
            raise self.says[document.kind]
        self.got.append(document)
        return Receipt(None if document.destination == "ris" else 200, (), "accepted")

    def told(self, *kinds: str) -> list[bytes]:
        """What went to the system, of these kinds; each found valid by somebody else."""
        found = [each for each in self.got if each.destination == "ris" and each.kind in kinds]
        for each in found:
            read(each.content)
        return [each.content for each in found]


def opened(folder: Path, *systems: Hl7Destination, fhir: bool = True) -> Iterator[tuple[World, Takes]]:
    for world in make_world(folder, receivers=systems, destination=fhir):
        courier = Takes()
        world.deliveries = DeliveryWorker(world.house.deliveries, courier, world.watch)
        yield world, courier


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[World, Takes]]:
    """A FHIR server, and a system beside it."""
    yield from opened(tmp_path, system(Hl7Kind.ORU, Hl7Kind.REF))


def withdraw(world: World, sent: Hospital) -> None:
    case = str(world.house.ledger.case_of_task(sent.task_id))
    assert world.house.ledger.withdraw(case, Withdrawal("Dr. Tarn", "wrong unit", world.watch()))
    world.run()


def later(world: World) -> None:
    for _ in range(12):
        world.watch.forward(hours=1)
        world.run()


def events(world: World, sent: Hospital) -> list[str]:
    return [each["event"] for each in world.trace(sent.task_id)["history"]]


def states(world: World, sent: Hospital) -> dict[str, str]:
    return {each["kind"]: each["state"] for each in world.trace(sent.task_id)["deliveries"]}


# -- the opinion ------------------------------------------------------------------------------------


def test_the_opinion_goes_to_both(both: tuple[World, Takes]) -> None:
    world, takes = both
    sent = send_case(world, BACTERIAL)
    world.run()
    assert [each.kind for each in takes.got] == ["status", "opinion", "oru"]
    [message] = takes.told("oru")
    assert fields(message, "PID")[0][3] == "P-T-1^^^HOSP^PI"
    assert fields(message, "OBR")[0][2] == "T-1^EHR"
    told = [each[5].split("^")[0] for each in fields(message, "OBX")]
    assert told[2:] == ["agree", "closed-concordant", "first-reader"]
    assert world.state(sent.task_id) == "closed"


def test_its_numbers_are_those_of_fhir(both: tuple[World, Takes]) -> None:
    """The same minted identifier, its first 80 bits in base 32."""
    world, takes = both
    sent = send_case(world, BACTERIAL)
    world.run()
    outputs = world.get(f"Task/{sent.task_id}")["output"]
    [report] = [o["valueReference"] for o in outputs if o["type"]["coding"][0]["code"] == "ai-opinion"]
    minted = uuid.UUID(report["reference"].removeprefix("DiagnosticReport/"))
    [message] = takes.told("oru")
    assert fields(message, "OBR")[0][3] == f"SR{base64.b32encode(minted.bytes[:10]).decode()}^SECONDREAD"
    control = fields(message, "MSH")[0][9]
    assert len(control) == 18


def test_the_orders_own_number_is_told_where_the_task_is_based_on_one(both: tuple[World, Takes]) -> None:
    world, takes = both
    placer = {
        "type": coded(Coding("http://terminology.hl7.org/CodeSystem/v2-0203", "PLAC")),
        "system": EHR,
        "value": "PLC77",
    }
    order = world.post(
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "identifier": [{"system": "https://ehr.example/other", "value": "no"}, placer],
            "subject": {"display": "somebody"},
        }
    )
    send_case(world, BACTERIAL, basedOn=[{"reference": f"ServiceRequest/{order['id']}"}])
    world.run()
    [message] = takes.told("oru")
    assert fields(message, "OBR")[0][2] == "PLC77^EHR"


def test_what_a_specialist_signed_is_told_beside_it(both: tuple[World, Takes]) -> None:
    world, takes = both
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    send_case(world, VIRAL)
    world.run()
    answer_as(world, specialist, BACTERIAL)
    world.run()
    [message] = takes.told("oru")
    model, human = fields(message, "OBR")
    assert (model[25], human[25], human[32]) == ("R", "F", "&Quill")


# -- without FHIR -----------------------------------------------------------------------------------


def test_a_system_without_fhir_gets_everything_by_hl7(tmp_path: Path) -> None:
    ris = system(Hl7Kind.ORU, Hl7Kind.REF, serves=(), identifier_systems=(EHR,))
    for world, takes in opened(tmp_path, ris, fhir=False):
        specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
        sent = send_case(world, VIRAL)
        world.run()
        answer_as(world, specialist, BACTERIAL)
        world.run()
        assert [each.kind for each in takes.got] == ["ref", "ref", "oru"]
        assert {each.destination for each in takes.got} == {"ris"}
        assert world.state(sent.task_id) == "closed"
        withdraw(world, sent)
        assert [each.kind for each in takes.got][3:] == ["oru-withdrawn"]


def test_a_system_that_nobody_knows_is_still_refused(tmp_path: Path) -> None:
    ris = system(Hl7Kind.ORU, serves=(), identifier_systems=("https://ris.example/order",))
    for world, _ in opened(tmp_path, ris, fhir=False):
        with pytest.raises(AssertionError, match=r"accepted systems: https://ris\.example/order"):
            send_case(world, VIRAL)


def test_a_case_that_ends_with_nothing_to_tell_is_closed_at_once(tmp_path: Path) -> None:
    ris = system(Hl7Kind.REF, serves=(), identifier_systems=(EHR,))
    for world, takes in opened(tmp_path, ris, fhir=False):
        sent = send_case(world, BACTERIAL)
        world.run()
        assert takes.got == []
        assert world.state(sent.task_id) == "closed"


# -- withdrawal -------------------------------------------------------------------------------------


def failing(*, untouched: bool, category: Category = Category.UNAVAILABLE) -> Undelivered:
    return Undelivered(category, "timeout", "no answer", untouched=untouched)


def test_a_delivered_opinion_is_taken_back(both: tuple[World, Takes]) -> None:
    world, takes = both
    sent = send_case(world, BACTERIAL)
    world.run()
    withdraw(world, sent)
    [opinion], [withdrawal] = takes.told("oru"), takes.told("oru-withdrawn")
    assert fields(withdrawal, "OBR")[0][3] == fields(opinion, "OBR")[0][3]
    assert {each[11] for each in fields(withdrawal, "OBX")} == {"W"}
    assert fields(withdrawal, "MSH")[0][9] != fields(opinion, "MSH")[0][9]
    assert world.state(sent.task_id) == "closed"


@pytest.mark.parametrize("category", [Category.UNAVAILABLE, Category.UNPROCESSABLE])
def test_one_that_nobody_can_have_is_told_to_nobody(both: tuple[World, Takes], category: Category) -> None:
    world, takes = both
    takes.says = {"oru": failing(untouched=True, category=category)}
    sent = send_case(world, BACTERIAL)
    world.run()
    takes.says.clear()
    withdraw(world, sent)
    later(world)
    assert takes.told("oru", "oru-withdrawn") == []
    assert states(world, sent)["oru"] == "dropped"
    assert "taken back undelivered" in events(world, sent)
    assert world.state(sent.task_id) == "closed"


@pytest.mark.parametrize("category", [Category.UNAVAILABLE, Category.UNPROCESSABLE])
def test_one_that_may_be_there_is_taken_back_and_not_sent_again(
    both: tuple[World, Takes], category: Category
) -> None:
    world, takes = both
    takes.says = {"oru": failing(untouched=False, category=category)}
    sent = send_case(world, BACTERIAL)
    world.run()
    takes.says.clear()
    withdraw(world, sent)
    later(world)
    assert takes.told("oru") == []
    [withdrawal] = takes.told("oru-withdrawn")
    assert {each[11] for each in fields(withdrawal, "OBX")} == {"W"}
    assert world.state(sent.task_id) == "closed"


@pytest.mark.parametrize(("untouched", "told"), [(True, [["F"]]), (False, [["C"], ["F"]])])
def test_what_a_human_signed_is_told_all_the_same(
    both: tuple[World, Takes], untouched: bool, told: list[list[str]]
) -> None:
    world, takes = both
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    takes.says = {"oru": failing(untouched=untouched)}
    sent = send_case(world, VIRAL)
    world.run()
    answer_as(world, specialist, BACTERIAL)
    world.run()
    takes.says.clear()
    withdraw(world, sent)
    later(world)
    [message] = takes.told("oru-withdrawn")
    assert [[each[25]] for each in fields(message, "OBR")] == told
    assert [each[1] for each in fields(message, "OBR")] == [str(n + 1) for n in range(len(told))]


def test_one_under_way_arrives_and_is_taken_back_behind_it(both: tuple[World, Takes]) -> None:
    world, takes = both
    sent = send_case(world, BACTERIAL)
    while world.cases.once():
        pass
    claims = [world.house.deliveries.claim(world.watch()) for _ in range(2)]
    assert {each.document.kind for each in claims if each} == {"status", "oru"}
    withdraw(world, sent)
    later(world)
    assert [each.kind for each in takes.got if each.destination == "ris"] == ["oru", "oru-withdrawn"]


# -- referral ---------------------------------------------------------------------------------------


def turns(messages: list[bytes]) -> list[tuple[str, str, str]]:
    """(event, RF1-1, who is asked) of each."""
    return [
        (fields(m, "MSH")[0][8].split("^")[1], fields(m, "RF1")[0][1], fields(m, "PRD")[1][2])
        for m in messages
    ]


def test_an_offer_is_told_and_that_it_was_accepted(both: tuple[World, Takes]) -> None:
    world, takes = both
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    send_case(world, VIRAL)
    world.run()
    answer_as(world, specialist, BACTERIAL)
    world.run()
    told = takes.told("ref")
    assert turns(told) == [("I12", "P", "Quill"), ("I13", "A", "Quill")]
    assert [each[5] for each in fields(told[0], "OBX")] == ["1200.0", "90.0"]
    for message in told:
        for unsaid in (b"T-1^EHR", BACTERIAL.code.encode(), VIRAL.code.encode(), b"missed", b"discordan"):
            assert unsaid not in message


def test_one_who_does_not_answer_is_cancelled_and_the_next_is_asked(both: tuple[World, Takes]) -> None:
    world, takes = both
    for name in ("Quill", "Reed"):
        doctor(world, name, f"{name} Hall", SPECIALTY)
    send_case(world, VIRAL)
    world.run()
    world.watch.forward(minutes=31)
    world.run()
    told = turns(takes.told("ref"))
    first, second = told[0][2], told[2][2]
    assert told == [("I12", "P", first), ("I14", "E", first), ("I12", "P", second)]
    assert {first, second} == {"Quill", "Reed"}
    numbers = [fields(each, "RF1")[0][6] for each in takes.told("ref")]
    assert numbers[0] == numbers[1] != numbers[2]


def test_a_case_that_a_person_ends_cancels_its_offer(both: tuple[World, Takes]) -> None:
    world, takes = both
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Dr. Tarn", "looks at it", world.watch())
    world.house.ledger.end(case, "Dr. Tarn", "not needed", world.watch())
    world.run()
    assert turns(takes.told("ref")) == [("I12", "P", "Quill"), ("I14", "R", "Quill")]


def test_a_system_that_takes_orders_is_sent_orders(tmp_path: Path) -> None:
    for world, takes in opened(tmp_path, system(Hl7Kind.OML)):
        doctor(world, "Quill", "Elsewhere", SPECIALTY)
        send_case(world, VIRAL)
        world.run()
        world.watch.forward(minutes=31)
        world.run()
        told = takes.told("oml")
        assert [fields(each, "ORC")[0][1] for each in told] == ["NW", "CA"]


def test_a_system_that_takes_results_only_hears_of_no_referral(tmp_path: Path) -> None:
    for world, takes in opened(tmp_path, system(Hl7Kind.ORU)):
        doctor(world, "Quill", "Elsewhere", SPECIALTY)
        send_case(world, VIRAL)
        world.run()
        assert {each.destination for each in takes.got} == {"ehr"}

"""A small world for tests: a house in a folder, a card with two inputs, a reader that is told what to say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from server.app import create_app
from server.completeness import Inquiry
from server.contract import Inputs
from server.errors import Category, fault
from server.fhir.pens.correspondence import Operator
from server.looking import Looks
from server.model import (
    AiRead,
    Answer,
    Band,
    Card,
    Clock,
    Coding,
    Destination,
    Document,
    Feature,
    GateKey,
    Hl7Destination,
    InputContract,
    PacsDestination,
    Passed,
    Policy,
    Receipt,
    Span,
    Track,
    Urgency,
    Withdrawal,
)
from server.policies import PolicyBook, rulings
from server.ports import Waiting
from server.settings import Settings
from server.steps.casefile import Tools
from server.steps.roster import Roster
from server.store.database import Database, prepare_folder
from server.store.deliveries import Deliveries
from server.store.earlier import EarlierReads
from server.store.gates import GateStore
from server.store.images import ImageStore
from server.store.inbox import MessageStore
from server.store.inquiries import Inquiries
from server.store.ledger import Ledger
from server.store.migrate import migrate
from server.store.notifications import Notifications
from server.store.partners import Partners
from server.store.performed import PerformedSteps
from server.store.resources import Resources
from server.store.vault import Vault
from server.wiring import House, accesses, audit_clerk, registered, subscriptions
from server.worker import CaseWorker, DeliveryWorker
from server.workers import Files, watches
from tests.schema import migrated

SR = "https://second-reader.example/fhir"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
EHR = "https://ehr.example/task"
BACTERIAL = Coding(SNOMED, "95883001", "Bacterial meningitis")
VIRAL = Coding(SNOMED, "58170007", "Viral meningitis")
SPECIALTY = Coding(SNOMED, "394807007", "Infectious diseases")
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
WATCHED = {
    "resourceType": "AuditEvent",
    "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110100"},
    "recorded": "2026-01-05T09:00:00Z",
    "agent": [{"requestor": True}],
    "source": {"observer": {"display": "a door"}},
}
"""A resource that this server alone writes."""


def feature(name: str, code: str, *, required: bool = True) -> Feature:
    return Feature(
        name=name,
        label=name,
        codes=(Coding(LOINC, code),),
        unit="/uL",
        units={"/uL": Decimal(1), "10*3/uL": Decimal(1000)},
        plausible=Span(Decimal(0), Decimal(1_000_000)),
        trained=Span(Decimal(0), Decimal(100_000)),
        required=required,
        max_age=timedelta(days=2),
    )


CARD = Card(
    question="bacterial-meningitis",
    name="scripted",
    version="1.0.0",
    title="Scripted reader",
    manufacturer="Tests",
    model_file="none",
    model_digest="0" * 64,
    intended_use="tests",
    limits=("tests",),
    contract=InputContract(
        features=(feature("csf leukocytes", "26464-8"), feature("csf neutrophils", "26511-6")),
        age_years=Span(Decimal("0.1"), Decimal(90)),
    ),
    band=Band(0.15, 0.6),
    finding=BACTERIAL,
    report_code=Coding(LOINC, "11502-2"),
    present_codes=(BACTERIAL,),
    absent_codes=(VIRAL,),
    calibration={},
    performance={},
)

POLICY = Policy(
    question=CARD.question,
    version="1",
    rule="P1",
    audit_fraction=0.0,
    incomplete_for=timedelta(hours=48),
    first_read_within=timedelta(hours=72),
    specialties=(SPECIALTY,),
    urgency=dict.fromkeys(("missed", "over-called", "declined", "not-comparable", "audit"), Urgency.URGENT),
    clocks={Urgency.URGENT: Clock(timedelta(minutes=30), timedelta(minutes=60))},
    deliver_for=timedelta(hours=96),
)


AUDIT_KEY = b"k" * 32


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span)


@dataclass
class ScriptedReader:
    """Says what it is told; None declines.

    ``breaks``: how often the model gives no usable answer; ``crashes``: how often the code around it fails.
    """

    card: Card = CARD
    answer: Answer | None = Answer.PRESENT
    breaks: int = 0
    crashes: int = 0
    probability: float | None = None
    """Of its next answers; None: the usual one of each answer."""
    seen: list[Inputs] = field(default_factory=list)

    def read(self, inputs: Inputs, now: datetime) -> AiRead:
        self.seen.append(inputs)
        if self.crashes:
            self.crashes -= 1
            raise RuntimeError("nobody has foreseen this")
        if self.breaks:
            self.breaks -= 1
            raise fault(Category.BROKEN, "exception", "the model's score is not a number")
        declined = self.answer is None or bool(inputs.outside)
        usual = {Answer.PRESENT: 0.94, Answer.ABSENT: 0.02, None: None}[self.answer]
        probability = usual if self.probability is None else self.probability
        return AiRead(
            question=self.card.question,
            card=self.card.identity,
            model_digest=self.card.model_digest,
            input_digest=inputs.digest,
            made_at=now,
            answer=None if declined else self.answer,
            probability=None if declined else probability,
            band=self.card.band,
            reasons=inputs.outside or (("told to decline",) if declined else ()),
            sources=inputs.sources,
        )

    def close(self) -> None:
        pass


@dataclass
class ScriptedCourier:
    """Keeps what it was given; refuses as long as ``failure`` is set."""

    failure: Category | None = None
    sent: list[Document] = field(default_factory=list)

    def deliver(self, document: Document, attempt: int) -> Receipt:
        del attempt
        if self.failure is not None:
            raise fault(self.failure, "exception", "the destination did not take it")
        self.sent.append(document)
        return Receipt(200, (), "accepted")


@dataclass
class LostFacts:
    """Case files that cannot be read once the case stands in ``state``, so that its step fails."""

    world: World
    state: str

    def facts(self, case_id: str, kind: str, type_: Any) -> list[Any]:
        found = self.world.house.ledger.find(case_id)
        if found is not None and found.position.state == self.state:
            raise KeyError(kind)
        return self.world.house.ledger.facts(case_id, kind, type_)

    def undelivered(self, case_id: str) -> int:
        return self.world.house.deliveries.undelivered(case_id)

    def documents(self, case_id: str, kind: str) -> list[Document]:
        return self.world.house.deliveries.documents(case_id, kind)

    def waiting(self, case_id: str) -> list[Waiting]:
        return self.world.house.deliveries.waiting(case_id)

    def inquiries(self, case_id: str) -> tuple[Inquiry, ...]:
        return self.world.house.inquiries.of(case_id)

    def tracks(self, question: str, at: datetime) -> Mapping[str, Track]:
        return self.world.house.ledger.tracks(question, at)

    def passed(self, key: GateKey, since: datetime) -> Passed:
        return GateStore(self.world.house.database).passed(key, since)

    def asked_again(self, case_id: str) -> bool:
        return self.world.house.ledger.asked_again(case_id)

    def withdrawn(self, card: str) -> Withdrawal | None:
        return self.world.house.ledger.withdrawn(card)


@dataclass
class World:
    """A house with everything that a case needs, under one clock."""

    house: House
    client: FlaskClient
    watch: Watch
    reader: ScriptedReader
    courier: ScriptedCourier
    cases: CaseWorker
    deliveries: DeliveryWorker
    others: Mapping[str, ScriptedReader] = field(default_factory=dict)
    """By ``name@version`` of other models."""

    def run(self) -> None:
        """Carry and deliver until nothing is due."""
        for _ in range(1_000):
            if not (self.cases.once() | self.deliveries.once()):
                return
        raise AssertionError("the work never ends")

    # -- speaking FHIR -----------------------------------------------------------------------

    def post(self, resource: dict[str, Any], **headers: str) -> dict[str, Any]:
        answer = self.send("POST", resource["resourceType"], resource, **headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Type", "application/fhir+json")
        return self.client.open(f"/fhir/{path}", method=method, data=content, headers=named)

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/fhir/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json

    def put(self, resource: dict[str, Any]) -> Any:
        version = resource["meta"]["versionId"]
        path = f"{resource['resourceType']}/{resource['id']}"
        return self.send("PUT", path, resource, If_Match=f'W/"{version}"')

    def history(self, task: str) -> list[tuple[str, str]]:
        """(status, businessStatus code) of each version, oldest first."""
        entries = self.get(f"Task/{task}/_history")["entry"]
        return [_standing(each["resource"]) for each in reversed(entries)]

    def trace(self, task: str) -> dict[str, Any]:
        case = self.house.ledger.case_of_task(task)
        answer = self.client.get(f"/cases/{case}", headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return answer.json

    def state(self, task: str) -> str:
        case = self.house.ledger.find(str(self.house.ledger.case_of_task(task)))
        assert case is not None
        return str(case.position.state)


def _standing(task: dict[str, Any]) -> tuple[str, str]:
    business = task.get("businessStatus", {}).get("coding", [{}])[0].get("code", "")
    return task["status"], business


def make_world(
    folder: Path,
    *,
    policy: Policy = POLICY,
    card: Card = CARD,
    other: Card | None = None,
    destination: bool = True,
    archives: tuple[PacsDestination, ...] = (),
    receivers: tuple[Hl7Destination, ...] = (),
    **settings: Any,
) -> Iterator[World]:
    """Open a world in ``folder``; closed when the generator ends."""
    chosen = Settings(data=folder, **settings)
    prepare_folder(folder)
    database = Database(migrated(chosen.database))
    migrate(database)
    destinations = (
        (Destination("ehr", "http://127.0.0.1:9/fhir", (EHR,), timedelta(seconds=5)),) if destination else ()
    )
    clients = registered(chosen)
    subscribers = subscriptions(chosen, clients)
    house = House(
        settings=chosen,
        destinations=destinations,
        cards={card.question: card},
        others={} if other is None else {other.question: other},
        policies={card.question: policy},
        rulings=rulings(database),
        database=database,
        vault=Vault(folder),
        ledger=Ledger(database, chosen.lease, subscribers),
        deliveries=Deliveries(database, timedelta(minutes=10)),
        partners=Partners(database, timedelta(minutes=10)),
        shelf=Resources(database),
        images=ImageStore(database),
        subscribers=subscribers,
        notifications=Notifications(database, subscribers, timedelta(minutes=10)),
        clients=clients,
        accesses=accesses(chosen, database),
        inquiries=Inquiries(database, timedelta(minutes=10)),
        inbox=MessageStore(database, Vault(folder), timedelta(minutes=10)),
        archives=archives,
        receivers=receivers,
    )
    (folder / "audit.key").write_bytes(AUDIT_KEY)  # the door and the steps draw by the same
    watch, reader, courier = Watch(), ScriptedReader(card), ScriptedCourier()
    others = {} if other is None else {other.identity: ScriptedReader(other)}
    tools = Tools(
        shelf=house.shelf,
        files=Files(house.ledger, house.deliveries, house.inquiries, GateStore(database)),
        images=house.images,
        steps=PerformedSteps(database),
        cards=house.cards,
        others=house.others,
        policies=PolicyBook(house.policies, house.rulings),
        reader=lambda identity: reader if identity == card.identity else others[identity],
        explain=lambda read, _: f"AI second read: {read.answer or 'declines'}",
        operator=Operator("Test operator"),
        audit_key=AUDIT_KEY,
        content=house.vault.get,
        roster=Roster(house.shelf),
        archives=house.archives,
        receivers=house.receivers,
        earlier=EarlierReads(database),
        looked=Looks(audit_clerk(house, watch), house.shelf, house.clients),
    )
    app = create_app(house, watch)
    yield World(
        house,
        app.test_client(),
        watch,
        reader,
        courier,
        CaseWorker(house.ledger, tools, watch, chosen.step_attempts, watches(house, watch).look),
        DeliveryWorker(house.deliveries, courier, watch),
        others,
    )
    house.close()


# -- resources as an EHR would send them ------------------------------------------------------


def coded(code: Coding) -> dict[str, Any]:
    return {"coding": [{"system": code.system, "code": code.code}]}


def observation(patient: str, code: str, value: str, unit: str = "/uL", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": coded(Coding(LOINC, code)),
        "subject": {"reference": patient},
        "effectiveDateTime": "2026-01-05T07:00:00Z",
        "valueQuantity": {
            "value": float(value),
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
        **more,
    }


def report(patient: str, role: str, code: Coding | None = VIRAL, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": coded(Coding(LOINC, "11502-2")),
        "subject": {"reference": patient},
        "effectiveDateTime": "2026-01-05T08:00:00Z",
        "issued": "2026-01-05T08:30:00Z",
        "resultsInterpreter": [{"reference": role}],
        **({"conclusionCode": [coded(code)]} if code else {}),
        **more,
    }


def task(patient: str, about: str, number: str = "T-1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "identifier": [
            {
                "type": coded(Coding("http://terminology.hl7.org/CodeSystem/v2-0203", "PLAC")),
                "system": EHR,
                "value": number,
            }
        ],
        "code": coded(Coding(f"{SR}/CodeSystem/task", "second-read")),
        "focus": {"reference": about},
        "for": {"reference": patient},
        "authoredOn": "2026-01-05T08:59:00Z",
        "input": [
            {
                "type": coded(Coding(f"{SR}/CodeSystem/task", "clinical-question")),
                "valueCodeableConcept": coded(Coding(f"{SR}/CodeSystem/question", "bacterial-meningitis")),
            }
        ],
        **more,
    }


@dataclass
class Hospital:
    """What an EHR has posted for one case."""

    patient: str
    role: str
    report: dict[str, Any]
    task: dict[str, Any]
    finally_at: str = ""
    """Id of the Task by which its specialist is asked for the final answer."""

    @property
    def task_id(self) -> str:
        return str(self.task["id"])


def doctor(world: World, name: str, organisation: str, specialty: Coding | None = None) -> str:
    """A practitioner in a role; returns ``PractitionerRole/id``."""
    place = world.post({"resourceType": "Organization", "name": organisation})
    person = world.post({"resourceType": "Practitioner", "name": [{"family": name}]})
    role = {
        "resourceType": "PractitionerRole",
        "active": True,
        "practitioner": {"reference": f"Practitioner/{person['id']}"},
        "organization": {"reference": f"Organization/{place['id']}"},
        **({"specialty": [coded(specialty)]} if specialty else {}),
    }
    return f"PractitionerRole/{world.post(role)['id']}"


def patient(world: World, birth: str = "1990-05-01", number: str = "P-1") -> str:
    made = world.post(
        {
            "resourceType": "Patient",
            "birthDate": birth,
            "identifier": [{"system": "https://ehr.example/patient", "value": number}],
        }
    )
    return f"Patient/{made['id']}"


def send_case(
    world: World,
    code: Coding | None = VIRAL,
    *,
    number: str = "T-1",
    without: Callable[[dict[str, Any]], bool] = lambda _: False,
    report_more: dict[str, Any] | None = None,
    kind: str = "second-read",
    **task_more: Any,
) -> Hospital:
    """Patient, first reader, observations, report and Task, one by one."""
    person = patient(world, number=f"P-{number}")
    role = doctor(world, "Dapple", "Demo General")
    for made in (observation(person, "26464-8", "1200"), observation(person, "26511-6", "90")):
        if not without(made):
            world.post(made)
    first = world.post(report(person, role, code, **(report_more or {})))
    made = task(person, f"DiagnosticReport/{first['id']}", number, **task_more)
    asked = world.post({**made, "code": coded(Coding(f"{SR}/CodeSystem/task", kind))})
    return Hospital(person, role, first, asked)


def answer_as(world: World, role: str, code: Coding) -> None:
    """A specialist accepts what is offered, signs a report, completes the Task."""
    offered = world.get(f"Task?owner={role}&status=requested")["entry"][0]["resource"]
    assert world.put({**offered, "status": "accepted"}).status_code == 200
    world.run()
    sign_as(world, role, offered["id"], code)


def sign_as(world: World, role: str, task_id: str, code: Coding | None) -> Any:
    """A specialist who has accepted signs a report and completes the Task."""
    current = world.get(f"Task/{task_id}")
    body = report(current["for"]["reference"], role, code, basedOn=[current["focus"]])
    made = world.post({**body, "issued": world.watch().isoformat()})
    output = {
        "type": coded(Coding(f"{SR}/CodeSystem/task", "specialist-report")),
        "valueReference": {"reference": f"DiagnosticReport/{made['id']}"},
    }
    return world.put({**current, "status": "completed", "output": [output]})


def with_policy(**changes: Any) -> Policy:
    return replace(POLICY, **changes)

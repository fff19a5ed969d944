"""A second reader just clever enough to be talked to: the real wire, a scripted mind.

It serves docs/fhir-door.md on a Shelf, decides by the same published rule as the specialist
peer, and writes back with conditional creates until the hospital answers.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Self

from conformance.demo.cases import load
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import (
    ABSENT,
    ACT_VALUE,
    AI_ASSERTED,
    PRESENT,
    SNOMED,
    SPECIALIST_REPORT,
    SR,
    TASK,
    codes_of,
    concept,
)
from conformance.peers.door import Door
from conformance.peers.listener import Listener, Request
from conformance.peers.rule import judge
from conformance.peers.search import Criterion, parse
from conformance.peers.shelf import Shelf
from conformance.peers.specialist import measured
from conformance.peers.wire import Answer, encode

NEEDED = ("csf_wbc", "csf_neut_pct", "csf_gluc")
_AI = {"security": [{"system": ACT_VALUE, "code": AI_ASSERTED}]}


class FakeReader:
    def __init__(self, ehr_base: str) -> None:
        self.shelf = Shelf()
        self._script = load()
        self._door = Door(self.shelf)
        self._listener = Listener("127.0.0.1", 0, self._respond)
        self._ehr_base = ehr_base
        self._news, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._attempts: dict[str, int] = defaultdict(int)
        self._delivered: set[str] = set()
        self.leak = False
        """Names the first report in the referral, as a careless server would."""

    def __enter__(self) -> Self:
        self._listener.open()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._news.set()
        self._thread.join()
        self._listener.close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._listener.port}/fhir"

    def _respond(self, request: Request) -> Answer:
        if request.path == "/health":
            return Answer(200, encode({"status": "up"}), "application/json")
        if request.path == "/cases":
            return Answer(200, encode({"cases": [self._case(t) for t in self._tasks("second-read")]}))
        if request.path.startswith("/cases/"):
            task = self.shelf.read("Task", request.path.removeprefix("/cases/case-"))
            return Answer(200, encode(self._case(task.body)))
        answer = self._door.answer(request, self.base)
        if request.method in ("POST", "PUT"):
            self._news.set()
        return answer

    def _case(self, task: dict[str, Any]) -> dict[str, Any]:
        opened = {"at": self.shelf.read("Task", task["id"], 1).at, "event": "opened", "actor": "door"}
        tries = {"attempts": self._attempts.get(task["id"], 0), "destination": "ehr", "kind": "opinion"}
        delivered = task["id"] in self._delivered
        delivery = {"document": "d", "state": "delivered" if delivered else "waiting", "delivered": delivered}
        deliveries = [
            delivery | tries | {"last": "accepted" if delivered else tries["attempts"] and "no answer"}
        ]
        named = {"case": f"case-{task['id']}", "task": f"Task/{task['id']}"}
        return named | {"history": [opened], "deliveries": deliveries}

    def _work(self) -> None:
        while not self._stop.is_set():
            self._news.wait()
            self._news.clear()
            for task in self._tasks("second-read"):
                self._carry_on(task)

    def _tasks(self, code: str) -> list[dict[str, Any]]:
        return [each.body for each in self.shelf.search("Task", parse(f"code={TASK}|{code}"))]

    def _put(self, resource: dict[str, Any], **changes: Any) -> dict[str, Any]:
        with self.shelf.change() as change:
            id_ = resource.get("id") or self.shelf.new_id(resource["resourceType"])
            return change.put(resource | changes, id_).body

    def _carry_on(self, task: dict[str, Any]) -> None:
        if task["status"] in ("requested", "on-hold"):
            task = self._weigh(task)
        if task["status"] == "accepted":
            self._compare(task)
        elif task["status"] == "in-progress":
            self._referred(task)

    def _about(self, type_: str, task: dict[str, Any]) -> list[dict[str, Any]]:
        patient = (Criterion("subject", "", (task["for"]["reference"],)),)
        return [each.body for each in self.shelf.search(type_, patient)]

    def _values(self, task: dict[str, Any]) -> dict[str, Any]:
        return measured(self._about("Observation", task), self._script.analytes)

    def _weigh(self, task: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in NEEDED if name not in self._values(task)]
        if not missing:
            return self._put(task, status="accepted", businessStatus=concept(TASK, "ai-running"))
        issues = [
            {"severity": "error", "code": "required", "diagnostics": f"{m} is missing"} for m in missing
        ]
        told = {"resourceType": "OperationOutcome", "id": "oo", "issue": issues}
        hold = concept(TASK, "awaiting-information")
        held = {"status": "on-hold", "businessStatus": hold, "statusReason": {"text": "an input is missing"}}
        return task if task["status"] == "on-hold" else self._put(task, contained=[told], **held)

    def _opinion(self, task: dict[str, Any]) -> str:
        values = self._values(task)
        if values["csf_wbc"] > 50_000:
            return "declined"
        return "present" if judge(values).bacterial else "absent"

    def _first(self, task: dict[str, Any]) -> str:
        report = self.shelf.read(*task["focus"]["reference"].split("/")).body
        bacterial = self._script.findings["bacterial"].code
        return "present" if bacterial in codes_of(report["conclusionCode"][0]) else "absent"

    def _compare(self, task: dict[str, Any]) -> None:
        if self._opinion(task) == self._first(task):
            self._close(task, "closed-concordant", None)
            return
        order = {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "reflex-order",
            "priority": "urgent",
            "identifier": [{"system": f"{SR}/referral", "value": task["id"]}],
            "code": concept(f"{SR}/CodeSystem/question", self._script.question),
            "subject": task["for"],
            "supportingInfo": [
                {"reference": f"Observation/{o['id']}"} for o in self._about("Observation", task)
            ],
        }
        if self.leak:
            order["reasonReference"] = [task["focus"]]
        task = self._put(task, status="in-progress", businessStatus=concept(TASK, "awaiting-specialist"))
        self._offer(task, self._put(order))

    def _offer(self, task: dict[str, Any], order: dict[str, Any]) -> None:
        asked = {t["owner"]["reference"] for t in self._offers(order)}
        fit = (r for r in self._roles() if r not in asked)
        offer = {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "code": concept(TASK, "specialist-read"),
            "focus": {"reference": f"ServiceRequest/{order['id']}"},
            "for": task["for"],
            "owner": {"reference": next(fit)},
        }
        self._put(offer)

    def _roles(self) -> Iterator[str]:
        signer = self._script.first_reader.role
        for each in self.shelf.search("PractitionerRole", ()):
            if each.body["active"] and each.body["identifier"][0]["value"] != signer:
                yield each.reference

    def _offers(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        focus = f"ServiceRequest/{order['id']}"
        return [each for each in self._tasks("specialist-read") if each["focus"]["reference"] == focus]

    def _referred(self, task: dict[str, Any]) -> None:
        order = self.shelf.search("ServiceRequest", parse(f"identifier={SR}/referral|{task['id']}"))[0].body
        latest = self._offers(order)[-1]
        if latest["status"] == "rejected":
            self._offer(task, order)
        if latest["status"] == "completed":
            report = self.shelf.read(*latest["output"][0]["valueReference"]["reference"].split("/")).body
            bacterial = self._script.findings["bacterial"].code
            final = "present" if bacterial in codes_of(report["conclusionCode"][0]) else "absent"
            kept = final == self._first(task)
            self._close(task, "closed-upheld" if kept else "closed-amended", (order, report))

    def _close(self, task: dict[str, Any], business: str, referred: tuple[Any, Any] | None) -> None:
        patient = self.shelf.read(*task["for"]["reference"].split("/")).body["identifier"][0]
        subject = {"identifier": patient, "type": "Patient"}
        entries = [_create(each, subject, task["id"]) for each in _opinion(self._opinion(task))]
        if referred:
            order, report = ({k: v for k, v in each.items() if k != "id"} for each in referred)
            order = {k: v for k, v in order.items() if k != "supportingInfo"}
            report = {k: v for k, v in report.items() if k not in ("basedOn", "resultsInterpreter")}
            report["identifier"] = [{"system": SPECIALIST_REPORT, "value": task["id"]}]
            entries += [_create(order, subject, task["id"]), _create(report, subject, task["id"])]
        mine = self._put(task, status="completed", businessStatus=concept(TASK, business))
        placed = {
            k: v for k, v in mine.items() if k not in ("id", "focus", "requester", "input", "contained")
        }
        name = task["identifier"][0]
        url = f"Task?identifier={name['system']}|{name['value']}"
        back = placed | {"for": subject}
        entries.append({"resource": back, "request": {"method": "PUT", "url": url}})
        self._deliver(task["id"], {"resourceType": "Bundle", "type": "transaction", "entry": entries})

    def _deliver(self, task_id: str, bundle: dict[str, Any]) -> None:
        with FhirClient(self._ehr_base, timeout=2.0) as client:
            while not self._stop.is_set():
                self._attempts[task_id] += 1
                try:
                    client.transaction(bundle)
                except NotDone:
                    self._stop.wait(0.05)
                else:
                    self._delivered.add(task_id)
                    return


def _opinion(answer: str) -> list[dict[str, Any]]:
    finding = {"code": concept(SNOMED, "95883001"), "status": "preliminary", "meta": _AI}
    if answer == "declined":
        finding["dataAbsentReason"] = {"text": "outside what it may read"}
    else:
        finding["valueCodeableConcept"] = concept(SNOMED, PRESENT if answer == "present" else ABSENT)
    report = {"status": "partial", "meta": _AI, "conclusion": f"AI second read: {answer}"}
    return [{"resourceType": "Observation"} | finding, {"resourceType": "DiagnosticReport"} | report]


def _create(resource: dict[str, Any], subject: dict[str, Any], case: str) -> dict[str, Any]:
    fallback = [{"system": f"{SR}/opinion-{resource['resourceType'].lower()}", "value": case}]
    identifier = resource.get("identifier", fallback)
    condition = f"identifier={identifier[0]['system']}|{identifier[0]['value']}"
    request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": condition}
    return {"resource": resource | {"identifier": identifier, "subject": subject}, "request": request}

"""A specialist's desk: takes offers from the second reader, reads blind, signs, completes.

Everything is plain FHIR as docs/fhir-door.md describes under "What a specialist does".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from conformance.peers import blindness
from conformance.peers.client import FhirClient, NotDone, Reply
from conformance.peers.codes import LOINC, SR, TASK, Resource, codes_of, concept
from conformance.peers.request import DIRECTORY, Opinion
from conformance.peers.rule import judge

_ABSENT = "2667000"
FINAL = f"{SR}/final-read"
"""The relation under which whoever completes a referral is told where the final answer may be asked for."""
Judge = Callable[[Mapping[str, Decimal]], Opinion]
Choose = Callable[[Resource], str]
"""From a referral Task: empty to accept, or the reason to decline."""
Tell = Callable[[str, str], None]
"""(patient reference, what happened)."""


@dataclass(frozen=True, slots=True)
class Analyte:
    """A value the rule knows: by these LOINC codes, in this UCUM unit and no other."""

    name: str
    codes: tuple[str, ...]
    unit: str


def accept_all(_: Resource) -> str:
    return ""


def by_rule(bacterial: Opinion, viral: Opinion) -> Judge:
    """A judge that applies the rule and words its answer as one of two coded opinions."""

    def opine(values: Mapping[str, Decimal]) -> Opinion:
        judgement = judge(values)
        chosen = bacterial if judgement.bacterial else viral
        met = "; ".join(judgement.reasons) or "none of five"
        return replace(chosen, text=f"{chosen.text} Criteria met: {met}.")

    return opine


class Desk:
    """One or more specialists working through their offers.

    ``roles`` are references such as ``PractitionerRole/7``.
    """

    def __init__(
        self,
        client: FhirClient,
        roles: Sequence[str],
        analytes: Sequence[Analyte],
        opine: Judge,
        *,
        choose: Choose = accept_all,
        unseen: Callable[[Resource], bool] = lambda _: False,
        tell: Tell = lambda _, __: None,
    ) -> None:
        self._client = client
        self._roles = tuple(roles)
        self._analytes = tuple(analytes)
        self._opine = opine
        self._choose = choose
        self._unseen = unseen
        self._tell = tell
        self._finals: dict[str, str] = {}
        """Where a final answer may be asked for -> the request that was read."""

    def waiting(self) -> list[Resource]:
        """The Tasks of these specialists that are not answered, or accepted and not yet reported.

        Raises:
            NotDone: the second reader refused or did not answer.
        """
        wanted = {
            "owner": ",".join(self._roles),
            "status": "requested,accepted",
            "code": f"{TASK}|specialist-read",
        }
        return self._client.search("Task", wanted)

    def round(self) -> int:
        """Work through everything that waits, once; returns how much it was.

        Raises:
            NotBlind: an offer shows something of an opinion.
            NotDone: the second reader refused or did not answer.
        """
        waiting = self.waiting()
        for task in waiting:
            self.work(task)
        return len(waiting) + sum(self.finalise(address) for address in list(self._finals))

    def run(self, stop: threading.Event, every: float = 0.3) -> None:
        """Rounds until ``stop`` is set.

        A second reader that is away is asked again later, and so is one that has moved the
        Task in the meantime (412): the offer may have run out. Other refusals end the work.
        """
        while not stop.is_set():
            try:
                self.round()
            except NotDone as reason:
                if reason.status not in (None, 409, 412) and reason.status < 500:
                    raise
            stop.wait(every)

    def work(self, task: Resource) -> None:
        """Decline, or accept, read and report one offer; an accepted one is taken up again.

        One that nobody looks at (``unseen``) is left where it is.
        """
        if task["status"] == "requested" and self._unseen(task):
            return
        reason = self._choose(task) if task["status"] == "requested" else ""
        if reason:
            self.decline(task["id"], reason)
            return
        values = self.values(task)
        if task["status"] == "requested":
            self.accept(task["id"])
        self.report(task["id"], task["owner"]["reference"], self._opine(values))

    def values(self, task: Resource) -> dict[str, Decimal]:
        """What the rule may use, after the check that no opinion is in sight.

        Raises:
            NotBlind: an opinion can be reached from the offer.
        """
        reached = blindness.check(self._client, task)
        order = reached.get(task["focus"]["reference"], {})
        named = [each.get("reference", "") for each in order.get("supportingInfo", [])]
        return measured([reached[each] for each in named if each in reached], self._analytes)

    def accept(self, task_id: str) -> None:
        self._move(task_id, {"status": "accepted"}, "accepts")

    def decline(self, task_id: str, reason: str) -> None:
        self._move(task_id, {"status": "rejected", "statusReason": {"text": reason}}, f"declines: {reason}")

    def report(self, task_id: str, role: str, opinion: Opinion) -> str:
        """Sign the specialist's own report and complete the Task; returns the report's reference."""
        task = self._client.read(f"Task/{task_id}").body
        order = self._client.read(task["focus"]["reference"]).body
        made = _report(task, order, role, opinion)
        token = made["identifier"][0]
        reply = self._client.create(made, f"identifier={token['system']}|{token['value']}")
        self._tell(task["for"]["reference"], f"{role} signs {reply.location}: {opinion.text}")
        result = {"type": concept(TASK, "specialist-report"), "valueReference": {"reference": reply.location}}
        self._move(task_id, {"status": "completed", "output": [result]}, "completes the referral")
        return reply.location

    @property
    def finals(self) -> tuple[str, ...]:
        """Addresses at which a final answer may be asked for."""
        return tuple(self._finals)

    def finalise(self, address: str) -> bool:
        """Answer the Task that shows both opinions unnamed, once it is there; it may never be.

        This specialist stays with what was found blind, and says why where most say otherwise.
        """
        try:
            task = self._client.read(address).body
        except NotDone as reason:
            if reason.status not in (403, 404):
                raise
            self._forget_if_over(address)
            return False
        self._finals.pop(address, None)
        if task["status"] not in ("accepted", "in-progress"):
            return False
        first = self._client.read(task["partOf"][0]["reference"]).body
        outputs = [
            *first["output"],
            {"type": concept(TASK, "final-reason"), "valueString": "Both were weighed; the values decide."},
            *([_overruling()] if _overrules(task) else []),
        ]
        shown = " and ".join(f"{name} {said}" for name, said in _shown(task))
        self._tell(task["for"]["reference"], f"{task['owner']['reference']} is shown, unnamed, {shown}")
        self._move(task["id"], {"status": "completed", "output": outputs}, "finalises")
        return True

    def _forget_if_over(self, address: str) -> None:
        """Once the request that was read is over, nothing more is asked."""
        request = self._finals.get(address)
        if request is not None and self._client.read(request).body["status"] != "active":
            del self._finals[address]

    def _move(self, task_id: str, changes: Resource, words: str) -> Reply:
        """Change our own Task under If-Match, so that a withdrawn offer is never overwritten."""
        current = self._client.read(f"Task/{task_id}")
        moved = self._client.update(current.body | changes, current.etag)
        if address := moved.links.get(FINAL):
            self._finals[address] = current.body["focus"]["reference"]
        owner = current.body.get("owner", {}).get("reference", "a specialist")
        self._tell(current.body["for"]["reference"], f"{owner} {words} (PUT Task/{task_id}: {moved.status})")
        return moved


def measured(observations: Sequence[Resource], analytes: Sequence[Analyte]) -> dict[str, Decimal]:
    """Values by analyte name; a value in a unit the rule does not know is left out."""
    values: dict[str, Decimal] = {}
    for each in observations:
        codes, quantity = set(codes_of(each.get("code"), LOINC)), each.get("valueQuantity", {})
        for analyte in analytes:
            if codes & set(analyte.codes) and quantity.get("code") == analyte.unit and "value" in quantity:
                values[analyte.name] = Decimal(quantity["value"])
    return values


def _shown(task: Resource) -> list[tuple[str, str]]:
    """(X or Y, its word) of what a specialist sees before the final answer."""
    return [
        (code.rpartition("-")[2].upper(), each["valueCodeableConcept"]["coding"][0].get("display", ""))
        for each in task["input"]
        for code in codes_of(each["type"], TASK)
        if code in ("opinion-x", "opinion-y")
    ]


def _overrules(task: Resource) -> bool:
    """Whether this specialist, who stays with their own answer, denies a finding that an image may show."""
    own = [
        code
        for each in task["input"]
        if "own-answer" in codes_of(each["type"], TASK)
        for code in codes_of(each["valueCodeableConcept"])
    ]
    said = {word for _, word in _shown(task)}
    return any(each.get("valueBoolean") for each in task["input"]) and _ABSENT in own and "Present" in said


def _overruling() -> Resource:
    code = concept(f"{SR}/CodeSystem/overruling", "nothing-seen")
    return {"type": concept(TASK, "overruling-reason"), "valueCodeableConcept": code}


def _report(task: Resource, order: Resource, role: str, opinion: Opinion) -> Resource:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": f"{DIRECTORY}/report", "value": f"{task['id']}-{order['id']}"}],
        "basedOn": [{"reference": f"ServiceRequest/{order['id']}"}],
        "status": "final",
        "code": order.get("code") or concept(TASK, "specialist-read"),
        "subject": order["subject"],
        "effectiveDateTime": now,
        "issued": now,
        "resultsInterpreter": [{"reference": role}],
        "conclusion": opinion.text,
        "conclusionCode": [concept(opinion.system, opinion.code, opinion.display)],
    }

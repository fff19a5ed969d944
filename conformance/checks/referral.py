"""Made-up specialists: in the directory for as long as the run lasts, and answering what they are offered."""

from __future__ import annotations

from decimal import Decimal

from conformance.checks import expect
from conformance.checks.made_up import TEST_DATA
from conformance.checks.premises import still_standing
from conformance.checks.run import Run
from conformance.checks.verdict import Skipped
from conformance.demo.cases import Script, load
from conformance.demo.directory import TURNAROUND
from conformance.peers.codes import SNOMED, TASK, TERMINAL, UCUM, Resource, concept
from conformance.peers.request import Clinician, Entry, bundle, clinician
from conformance.peers.specialist import Desk, by_rule

_HOW_MANY = 4
"""A case is offered again when it is given back; each claim gives it back at most twice."""
_OPEN = ("requested", "accepted", "in-progress")


def specialists(run: Run) -> tuple[str, ...]:
    """``PractitionerRole/id`` of the made-up ones, each of an organisation of their own."""
    return run.once("specialists", lambda: _hired(run))


def _hired(run: Run) -> tuple[str, ...]:
    made = [entry for number in range(_HOW_MANY) for entry in _specialist(f"{run.token}-s{number}")]
    for each in made:
        each.resource["meta"] = {"security": [TEST_DATA]}
    answered = expect.bundle(run.wire.post("", bundle(tuple(made))), "transaction-response")
    located = [str(each["response"]["location"]).partition("/_history/")[0] for each in answered]
    places = ["/".join(each.split("/")[-2:]) for each in located]
    roles = tuple(each for each in places if each.startswith("PractitionerRole/"))
    run.afterwards.insert(0, lambda: _dismissed(run, roles))
    return roles


def _specialist(name: str) -> tuple[Entry, ...]:
    """Quick, so that nobody real is asked before them."""
    who = Clinician(f"r-{name}", f"p-{name}", "Testcase", "Specialist", f"o-{name}", f"Made up as {name}")
    hours = {"value": Decimal("0.05"), "unit": "h", "system": UCUM, "code": "h"}
    specialty = [concept(SNOMED, "394807007", "Infectious diseases")]
    return clinician(who, specialty=specialty, extension=[{"url": TURNAROUND, "valueDuration": hours}])


def _dismissed(run: Run, roles: tuple[str, ...]) -> None:
    """Nobody shall ever be sent to them after this run."""
    for each in roles:
        role = expect.status(run.wire.get(each), 200).body
        expect.status(run.wire.put(each, role | {"active": False}), 200)


def offer(run: Run, patient: str) -> Resource:
    """The open offer for this patient's case.

    Raises:
        Skipped: it went to somebody who is not of this run, and is theirs to answer.
    """
    found = run.until(lambda: offers(run, patient), lambda each: each, "a specialist is asked")
    if found[0]["owner"]["reference"] not in specialists(run):
        raise Skipped("the directory of this server has specialists who are asked before the made-up ones")
    return found[0]


def offers(run: Run, patient: str, *statuses: str) -> list[Resource]:
    """The specialists' Tasks about this patient; the open ones unless statuses are named."""
    asked = {"patient": patient, "code": f"{TASK}|specialist-read", "status": ",".join(statuses or _OPEN)}
    return expect.matches(run.wire.get("Task", asked))


def desk(run: Run) -> Desk:
    """At which the made-up specialists work."""
    return run.once("desk", lambda: _desk(run))


def _desk(run: Run) -> Desk:
    script: Script = run.once("script", load)
    opine = by_rule(script.findings["bacterial"], script.findings["viral"])
    return Desk(run.client, specialists(run), script.analytes, opine)


def finish(run: Run, task: str) -> Resource:
    """See a case to its end, answering as the specialists whom it is offered to."""

    def onward() -> Resource:
        now = expect.status(run.wire.get(task), 200).body
        if now["status"] == "in-progress":
            for each in offers(run, now["for"]["reference"]):
                _answer(run, each)
            for address in desk(run).finals:
                desk(run).finalise(address)
        return now

    return run.until(
        onward, lambda now: now["status"] in TERMINAL, "the case comes to its end", still_standing
    )


def _answer(run: Run, task: Resource) -> None:
    if task["owner"]["reference"] not in specialists(run):
        raise Skipped("the case was offered to a specialist who is not made up; it is theirs to answer")
    if task["status"] == "in-progress":
        viral = run.once("script", load).findings["viral"]
        desk(run).report(task["id"], task["owner"]["reference"], viral)
    else:
        desk(run).work(task)

"""Made-up cases at a second reader: asked for, moved by whoever may move them, and ended again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from conformance.checks import expect, referral
from conformance.checks.exchange import Seen
from conformance.checks.made_up import TEST_DATA, instant
from conformance.checks.premises import demand_setup, still_standing
from conformance.checks.run import Run
from conformance.demo.cases import Script, load
from conformance.peers.codes import SNOMED, TERMINAL, Resource
from conformance.peers.ehr import SYSTEM
from conformance.peers.request import (
    Clinician,
    Entry,
    Opinion,
    ReadRequest,
    bundle,
    entries,
    observation,
)

_STORY = "agreement"
_NEW = frozenset({"requested", "received"})
"""Until a worker has looked at it."""
SILENT = Opinion(SNOMED, "25064002", "Headache", "Nothing that could be compared.")
"""A conclusion that stands neither for present nor for absent: it leads to a specialist."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A request for a second reading that has not been sent."""

    asked: ReadRequest
    made: tuple[Entry, ...]
    """The report and the Task last."""

    @property
    def bundle(self) -> Resource:
        return bundle(self.made)


@dataclass(slots=True)
class Case:
    """A request as the server took it."""

    draft: Draft
    names: Mapping[str, str]
    """fullUrl -> ``Type/id`` at the server."""
    report_tag: str
    """ETag of the first report, which is not shown again while the case is open."""

    @property
    def task(self) -> str:
        return self.names[self.draft.made[-1].full_url]

    @property
    def report(self) -> str:
        return self.names[self.draft.made[-2].full_url]

    @property
    def patient(self) -> str:
        return next(name for name in self.names.values() if name.startswith("Patient/"))


def draft(
    run: Run,
    *,
    without: Collection[str] = (),
    says: Opinion | None = None,
    signed: bool = True,
    due: datetime | None = None,
) -> Draft:
    """A request with fresh identifiers; values named in ``without`` are left out."""
    script = _script(run)
    story = next(each for each in script.stories if each.key == _STORY)
    asked = script.request(story, run.fresh(), datetime.now(UTC))
    asked = replace(
        asked,
        signed_by=_reader(run),
        labs=tuple(each for each in asked.labs if each.name not in without),
        opinion=says or asked.opinion,
        due_at=due or asked.due_at,
    )
    made = entries(asked, SYSTEM)
    for each in made:
        each.resource["meta"] = {"security": [TEST_DATA]}
        if each.resource["resourceType"] == "PractitionerRole":
            each.resource["active"] = False  # who signs here is nobody to be asked about real cases
    made[-1].resource["identifier"][0]["system"] = run.task_system
    if not signed:
        made[-2].resource["status"] = "preliminary"
    value = made[-1].resource["identifier"][0]["value"]
    task = replace(made[-1], condition=f"identifier={run.task_system}|{value}")
    return Draft(asked, (*made[:-1], task))


def opened(run: Run, sent: Draft) -> Case:
    """Send it in one transaction; what is still open at the end of the run is ended then."""
    referral.specialists(run)
    seen = run.wire.post("", sent.bundle)
    demand_setup(run, seen)
    answered = [each["response"] for each in expect.bundle(seen, "transaction-response")]
    places = ["/".join(str(each["location"]).partition("/_history/")[0].split("/")[-2:]) for each in answered]
    names = {each.full_url: place for each, place in zip(sent.made, places, strict=True)}
    case = Case(sent, names, str(answered[-2]["etag"]))
    run.afterwards.append(lambda: end(run, case))
    return case


def task(run: Run, case: Case) -> Resource:
    return expect.status(run.wire.get(case.task), 200).body


def reaches(run: Run, case: Case, *statuses: str) -> Resource:
    """The Task once it stands in one of these."""
    wanted = f"the Task becomes {' or '.join(sorted(statuses))}"
    return run.until(lambda: task(run, case), lambda now: now["status"] in statuses, wanted, still_standing)


def waiting(run: Run, *, signed: bool = True) -> Case:
    """A case without CSF glucose, on hold."""
    case = opened(run, draft(run, without=("csf_gluc",), signed=signed))
    reaches(run, case, "on-hold")
    return case


def unsigned(run: Run) -> Case:
    """A complete case whose first report is not signed yet; it is being read."""
    case = opened(run, draft(run, signed=False))
    reaches(run, case, "in-progress")
    return case


def sent_report(case: Case) -> Resource:
    """The first report as it was sent, with the id and the references that it has at the server."""
    report = case.draft.made[-2].resource | {"id": case.report.partition("/")[2]}
    named: Resource = _named(report, case.names)
    return named


def sign(run: Run, case: Case) -> Seen:
    """The first report becomes final, as its author may with the version that the last write answered."""
    final = sent_report(case) | {"status": "final", "issued": instant(datetime.now(UTC))}
    seen = run.wire.put(case.report, final, If_Match=case.report_tag)
    case.report_tag = expect.status(seen, 200).headers.get("ETag", "")
    return seen


def closed(run: Run) -> Case:
    """A case that has ended with an opinion."""

    def make() -> Case:
        case = opened(run, draft(run))
        referral.finish(run, case.task)
        return case

    return run.once("a closed case", make)


def send_later(run: Run, case: Case, name: str, **changes: Any) -> Seen:
    """A value that was left out of the request."""
    script = _script(run)
    story = next(each for each in script.stories if each.key == _STORY)
    lab = next(each for each in story.labs if each.name == name)
    made = observation(lab, case.draft.asked, SYSTEM).resource
    return run.wire.post(
        "Observation", _named(made | {"meta": {"security": [TEST_DATA]}}, case.names) | changes
    )


@contextmanager
def offer(run: Run) -> Iterator[tuple[Case, Resource]]:
    """A case that a made-up specialist has been offered, and the Task of the offer.

    Ended at once, so that the specialists are free for the next; after a failure at the end of the run.
    """
    case = opened(run, draft(run, says=SILENT))
    yield case, referral.offer(run, case.patient)
    end(run, case)


def end(run: Run, case: Case) -> None:
    """Withdraw what still waits, let the rest run to its end."""
    if _withdrawn(run, case):
        return
    moved = run.until(
        lambda: task(run, case), lambda now: now["status"] not in _NEW, "a worker takes it", still_standing
    )
    if moved["status"] in TERMINAL or _withdrawn(run, case):
        return
    if case.draft.made[-2].resource["status"] == "preliminary":
        sign(run, case)
    referral.finish(run, case.task)


def _withdrawn(run: Run, case: Case) -> bool:
    """Cancel the Task if it waits; False when it does not, or when a worker was faster."""
    now = task(run, case)
    if now["status"] not in ("requested", "on-hold"):
        return False
    gone = now | {"status": "cancelled", "statusReason": {"text": "The check is over."}}
    seen = run.wire.put(case.task, gone, If_Match=f'W/"{now["meta"]["versionId"]}"')
    return expect.status(seen, 200, 412).status == 200


def _script(run: Run) -> Script:
    return run.once("script", load)


def _reader(run: Run) -> Clinician:
    """Who signs the first reports of this run."""
    name = run.token
    return Clinician(f"r-{name}", f"p-{name}", "Testcase", "Reader", f"o-{name}", f"Made up by {name}")


def _named(value: Any, names: Mapping[str, str]) -> Any:
    """``value`` with every bundle-local reference replaced by what it came to be."""
    if isinstance(value, dict):
        return {
            name: names.get(inner, inner) if name == "reference" else _named(inner, names)
            for name, inner in value.items()
        }
    return [_named(each, names) for each in value] if isinstance(value, list) else value

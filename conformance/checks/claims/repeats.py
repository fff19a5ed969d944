"""A request that is sent again is harmless: it is known by its placer's identifier."""

from __future__ import annotations

from conformance.checks import cases, expect, specimens
from conformance.checks.claim import claim
from conformance.checks.claims.flags import condition
from conformance.checks.made_up import asking
from conformance.checks.run import Run
from conformance.peers.codes import Resource

_DOC = "docs/architecture.md, Storage: everything is safe to repeat"


@claim(
    "repeat/same",
    _DOC,
    "A Task that is POSTed again, word for word, is answered 200 with the Task that is here, and makes none.",
    ours=True,
)
def same(run: Run) -> None:
    sent = _asking(run)
    first = specimens.post(run, sent).reference
    again = expect.status(run.wire.post("Task", sent), 200)
    expect.equal(first, again.reference, "Location of")
    specimens.settled(run, first)
    expect.equal(first, expect.status(run.wire.post("Task", sent), 200).reference, "when it has moved on,")
    _one(run, sent)


@claim(
    "repeat/another-request",
    _DOC,
    "Another request under an identifier that is taken is refused with 409 duplicate; the first one stays.",
    ours=True,
)
def another_request(run: Run) -> None:
    sent = _asking(run)
    first = specimens.settled(run, specimens.post(run, sent).reference)
    expect.refused(run.wire.post("Task", sent | {"priority": "stat"}), 409, code="duplicate")
    now = specimens.read(run, f"Task/{first['id']}").body
    expect.equal(first, now, "the first, unchanged:")
    _one(run, sent)


@claim(
    "repeat/transaction",
    _DOC,
    "A whole request in one transaction, sent twice, opens one case.",
    ours=True,
)
def transaction(run: Run) -> None:
    case = cases.waiting(run)
    seen = run.wire.post("", case.draft.bundle)
    places = [each["response"]["location"] for each in expect.bundle(seen, "transaction-response")]
    expect.that(case.task in places[-1], "the same Task", "another")
    statuses = {each["response"]["status"][:3] for each in seen.body["entry"]}
    expect.equal({"200"}, statuses, "statuses of the repeat:")
    _one(run, case.draft.made[-1].resource)


def _asking(run: Run) -> Resource:
    patient, report = specimens.asked_about(run, "Patient"), specimens.asked_about(run, "DiagnosticReport")
    return asking(run, patient, report)


def _one(run: Run, sent: Resource) -> None:
    expect.equal(1, len(expect.ids(run.wire.get(f"Task?{condition(sent)}"))), "Tasks with this identifier:")

"""The first report of an open case is not shown at the door (docs/decisions/0004-veil.md)."""

from __future__ import annotations

from conformance.checks import cases, expect
from conformance.checks.cases import Case
from conformance.checks.claim import claim
from conformance.checks.parameters import values
from conformance.checks.run import Run

_DOC = "docs/decisions/0004-veil.md, docs/fhir-door.md"


@claim(
    "veil/read",
    _DOC,
    "While its case is open, the first report is refused to read, HEAD, vread and history: 403 suppressed.",
    ours=True,
)
def read(run: Run) -> None:
    case = _open(run)
    for path in (case.report, f"{case.report}/_history/1", f"{case.report}/_history"):
        expect.refused(run.wire.get(path), 403, code="suppressed")
    expect.status(run.wire.send("HEAD", case.report), 403)


@claim(
    "veil/patch",
    _DOC,
    "While its case is open, no patch tells by applying, or not, what the first report says.",
    ours=True,
)
def patch(run: Run) -> None:
    case = _open(run)
    kept = [{"op": "test", "path": "/conclusion", "value": cases.sent_report(case)["conclusion"]}]
    for document in (kept, [kept[0] | {"value": "x"}]):
        fields = {"Content_Type": "application/json-patch+json", "If_Match": 'W/"1"'}
        seen = run.wire.send("PATCH", case.report, document, **fields)
        expect.refused(seen, 403, code="suppressed")


@claim(
    "veil/history",
    _DOC,
    "While its case is open, no history and no patient's record holds the first report.",
    ours=True,
)
def history(run: Run) -> None:
    case = _open(run)
    hidden, patient = case.report.partition("/")[2], cases.sent_report(case)["subject"]["reference"]
    for path in ("DiagnosticReport/_history", "_history", f"{patient}/$everything"):
        told = run.wire.get(path, {"_count": "500"}).body.get("entry", [])
        expect.that(
            hidden not in [each["resource"]["id"] for each in told if "resource" in each],
            "the first report left out",
            f"it is there in {path.partition('/')[2] or path}",
        )


@claim(
    "veil/search",
    _DOC,
    "While its case is open, no search finds the first report, by whichever parameter.",
    ours=True,
)
def search(run: Run) -> None:
    case = _open(run)
    report = cases.sent_report(case)
    names = run.statement.parameters("DiagnosticReport")
    asked = [(name, value) for name in names for value in values(report, name)]
    expect.that(len(asked) > 3, "several parameters to search by", f"{len(asked)}")
    for name, value in asked:
        seen = run.wire.get("DiagnosticReport", {name: value, "_id": report["id"]})
        expect.equal([], expect.ids(seen), f"ids found by {name}:")
    form = f"_id={report['id']}".encode()
    by_post = run.wire.post(
        "DiagnosticReport/_search", form, Content_Type="application/x-www-form-urlencoded"
    )
    expect.equal([], expect.ids(by_post), "ids found by POST:")


@claim(
    "veil/conditional-create",
    _DOC,
    "A conditional create that matches the first report of an open case is answered without its body.",
    ours=True,
)
def conditional_create(run: Run) -> None:
    case = _open(run)
    sent = {name: part for name, part in cases.sent_report(case).items() if name != "id"}
    seen = run.wire.post("DiagnosticReport", sent, If_None_Exist=case.draft.made[-2].condition)
    expect.equal(b"", expect.status(seen, 200).content, "body")
    wanted = run.wire.post(
        "DiagnosticReport",
        sent,
        If_None_Exist=case.draft.made[-2].condition,
        Prefer="return=representation",
    )
    expect.equal(b"", expect.status(wanted, 200).content, "body with return=representation")


@claim(
    "veil/correction",
    _DOC,
    "Its author may correct it without reading it: PUT with If-Match and the version of the last answer.",
    ours=True,
)
def correction(run: Run) -> None:
    case = cases.waiting(run, signed=False)
    stale = run.wire.put(case.report, cases.sent_report(case), If_Match='W/"7"')
    expect.refused(stale, 412)
    cases.sign(run, case)
    expect.refused(run.wire.get(case.report), 403, code="suppressed")


@claim(
    "veil/lifted",
    _DOC,
    "When its case has ended, the first report can be read and found again.",
    ours=True,
)
def lifted(run: Run) -> None:
    case = cases.closed(run)
    stored = expect.status(run.wire.get(case.report), 200).body
    expect.equal(cases.sent_report(case)["conclusion"], stored.get("conclusion"), "conclusion")
    found = expect.ids(run.wire.get("DiagnosticReport", {"_id": stored["id"]}))
    expect.equal([stored["id"]], found, "ids found:")


def _open(run: Run) -> Case:
    return run.once("a case behind the veil", lambda: cases.waiting(run))

"""Refusals: the right status, an OperationOutcome, the element that is meant (R4 http.html#Status-Codes)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from conformance.checks import expect, specimens
from conformance.checks.claim import claim
from conformance.checks.made_up import instant
from conformance.checks.run import Run
from conformance.checks.verdict import Skipped
from conformance.peers.wire import encode

_CREATE = ("Patient.create",)


@claim(
    "refusal/no-json",
    "R4 http.html#create",
    "A body that cannot be parsed is answered 400 with an OperationOutcome.",
    needs=_CREATE,
)
def no_json(run: Run) -> None:
    whole = encode(specimens.new(run, "Patient"))
    for body in (whole[:-10], b"<Patient/>", b"[]", b'"Patient"'):
        expect.refused(run.wire.post("Patient", body), 400)


@claim(
    "refusal/media-type-sent",
    "R4 http.html#mime-type, RFC 9110 section 15.5.16",
    "A body in a media type that is not supported is answered 415.",
    needs=_CREATE,
)
def media_type_sent(run: Run) -> None:
    body = encode(specimens.new(run, "Patient"))
    for sent in ("text/plain", "application/octet-stream"):
        expect.refused(run.wire.post("Patient", body, Content_Type=sent), 415)


@claim(
    "refusal/media-type-wanted",
    "R4 http.html#mime-type, RFC 9110 section 15.5.7",
    "An answer in a format that the statement does not list is refused with 406.",
    needs=("Patient.search-type",),
)
def media_type_wanted(run: Run) -> None:
    formats = {"xml": "application/fhir+xml", "turtle": "application/fhir+turtle", "pdf": "application/pdf"}
    unlisted = [type_ for name, type_ in formats.items() if name not in run.statement.formats]
    for wanted in unlisted:
        expect.refused(run.wire.get("Patient", Accept=wanted), 406)
        expect.refused(run.wire.get("Patient", {"_format": wanted}), 406)


@claim(
    "refusal/format-beats-accept",
    "R4 http.html#parameters",
    "_format=json is answered with JSON whatever Accept says.",
    needs=("Patient.search-type",),
)
def format_beats_accept(run: Run) -> None:
    seen = run.wire.get("Patient", {"_format": "json", "_count": "1"}, Accept="text/html")
    expect.status(seen, 200)
    expect.that("json" in seen.headers.get("Content-Type", ""), "JSON", "another media type")


@claim(
    "refusal/method",
    "R4 http.html#Status-Codes, RFC 9110 section 15.5.6",
    "An interaction that the statement does not list is refused with 405 and an OperationOutcome.",
)
def method(run: Run) -> None:
    types, stated = run.statement.types, run.statement.interactions
    unlisted = [(n, type_) for n in ("delete", "patch") for type_ in types if n not in stated(type_)]
    if not unlisted:
        raise Skipped("the CapabilityStatement lists delete and patch for every type")
    for name, type_ in unlisted:
        body = b"[]" if name == "patch" else None
        sent = "application/json-patch+json"
        expect.refused(run.wire.send(name.upper(), f"{type_}/{run.fresh()}", body, Content_Type=sent), 405)


@claim(
    "refusal/not-creatable",
    "R4 http.html#create",
    "A create of a type for which the statement lists none is refused with 405.",
)
def not_creatable(run: Run) -> None:
    closed = [type_ for type_ in run.statement.types if "create" not in run.statement.interactions(type_)]
    if not closed:
        raise Skipped("the CapabilityStatement lists create for every type")
    for type_ in closed:
        expect.refused(run.wire.post(type_, {"resourceType": type_}), 405)


@claim(
    "refusal/dangling-reference",
    "R4 capabilitystatement, referencePolicy enforced",
    "Where references are said to be enforced, one that leads nowhere is refused.",
    needs=("Observation.create",),
)
def dangling_reference(run: Run) -> None:
    if "enforced" not in (run.statement.flag("Observation", "referencePolicy") or []):
        raise Skipped("the CapabilityStatement does not say that references are enforced")
    lost = specimens.new(run, "Observation") | {"subject": {"reference": f"Patient/{run.fresh()}"}}
    expect.refused(run.wire.post("Observation", lost), 400, 404, 409, 412, 422)


@claim(
    "refusal/names-the-element",
    "R4 operationoutcome, issue.expression; docs/fhir-door.md",
    "What is wrong with an element is said in expression, all of it in one answer.",
    ours=True,
    needs=_CREATE,
)
def names_the_element(run: Run) -> None:
    wrong = {"gender": "banana", "birthDate": "1990-13-01", "nickname": "x"}
    seen = run.wire.post("Patient", specimens.new(run, "Patient") | wrong)
    for place in ("Patient.gender", "Patient.birthDate"):
        expect.refused(seen, 400, 422, at=place)
    expect.that(len(seen.issues) >= len(wrong), "one issue for each of three problems", seen.told)


@claim(
    "refusal/quotes-nothing",
    "docs/architecture.md, Failures",
    "A refusal never repeats a value that was sent.",
    ours=True,
    needs=_CREATE,
)
def quotes_nothing(run: Run) -> None:
    secret = run.fresh()
    person = specimens.new(run, "Patient")
    for seen in (
        run.wire.post("Patient", person | {"gender": secret}),
        run.wire.post("Patient", person | {"birthDate": secret}),
        run.wire.post("Patient", b'{"resourceType": "Patient", "id": ' + secret.encode()),
        run.wire.post("Patient", person | {"managingOrganization": {"reference": f"Organization/{secret}"}}),
        run.wire.get("Patient", {f"{secret}": "x"}, Prefer="handling=strict"),
        run.wire.get("Patient", {"_count": secret}),
        run.wire.get(f"Patient/{secret}"),
    ):
        expect.that(seen.status >= 400, "a refusal", seen.told)
        expect.that(secret.encode() not in seen.content, "a refusal without the value", seen.told)


@claim(
    "refusal/ambiguous",
    "R4 json.html, docs/fhir-door.md",
    "A body that two readers could read differently (a name twice, NaN, empty values) is refused with 400.",
    ours=True,
    needs=_CREATE,
)
def ambiguous(run: Run) -> None:
    for body in (
        b'{"resourceType": "Patient", "gender": "male", "gender": "female"}',
        b'{"resourceType": "Patient", "multipleBirthInteger": NaN}',
        b'{"resourceType": "Patient", "multipleBirthInteger": 1e400}',
        b'{"resourceType": "Patient", "name": []}',
        b'{"resourceType": "Patient", "gender": null}',
        b'{"resourceType": "Patient", "gender": ""}',
        b'{"resourceType": "Patient", "contact": ' + b"[" * 100 + b"]" * 100 + b"}",
    ):
        expect.refused(run.wire.post("Patient", body), 400)


@claim(
    "refusal/conditional-reference",
    "docs/fhir-door.md, Limits and refusals worth knowing",
    "A conditional reference is refused with 422: it is not resolved here.",
    ours=True,
    needs=("Observation.create",),
)
def conditional_reference(run: Run) -> None:
    wanted = specimens.new(run, "Observation")
    wanted["subject"] = {"reference": f"Patient?identifier={run.fresh()}"}
    seen = run.wire.post("Observation", wanted)
    expect.refused(seen, 422, code="not-supported", at="Observation.subject")


@claim(
    "refusal/future",
    "docs/fhir-door.md",
    "A report that says it was signed in the future is refused with 422.",
    ours=True,
    needs=("DiagnosticReport.create",),
)
def future(run: Run) -> None:
    later = instant(datetime.now(UTC) + timedelta(hours=1))
    sent = specimens.new(run, "DiagnosticReport") | {"issued": later}
    expect.refused(run.wire.post("DiagnosticReport", sent), 422, at="DiagnosticReport.issued")

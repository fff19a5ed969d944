"""Rows about Bundles and their entries."""

from __future__ import annotations

from tests.badinput.builders import PATIENT, body, bundle, entry
from tests.badinput.row import Row

_DOUBLE = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"
ROWS = (
    Row(
        "F-106",
        "one bad entry",
        bundle(entry(PATIENT), entry(PATIENT | {"gender": "robot"})),
        "UNPROCESSABLE",
        "code-invalid",
        "Bundle.entry[1].resource.gender",
        "Bundle",
    ),
    Row(
        "F-109",
        "fullUrl twice",
        bundle(entry(PATIENT, full_url=_DOUBLE), entry(PATIENT, full_url=_DOUBLE)),
        "INCORRECT",
        "invariant",
        "Bundle.entry[1].fullUrl",
        "Bundle",
    ),
    Row(
        "F-111",
        "request.url on another host",
        bundle(entry(PATIENT, url="https://evil.example/Patient")),
        "INCORRECT",
        "value",
        "Bundle.entry[0].request.url",
        "Bundle",
    ),
    Row(
        "F-111b",
        "request.url //evil",
        bundle(entry(PATIENT, url="//evil/Patient")),
        "INCORRECT",
        "value",
        "Bundle.entry[0].request.url",
        "Bundle",
    ),
    Row(
        "F-111c",
        "request.url ../",
        bundle(entry(PATIENT, url="Patient/../Task")),
        "INCORRECT",
        "value",
        "Bundle.entry[0].request.url",
        "Bundle",
    ),
    Row(
        "F-112",
        "Bundle in a Bundle",
        bundle(entry({"resourceType": "Bundle", "type": "collection"}, url="Bundle")),
        "INCORRECT",
        "not-supported",
        "Bundle.entry[0].resource",
        "Bundle",
    ),
    Row(
        "F-112b",
        "entry of a type not taken",
        bundle(entry({"resourceType": "Medication"}, url="Medication")),
        "UNPROCESSABLE",
        "not-supported",
        "Bundle.entry[0].resource.resourceType",
        "Bundle",
    ),
    Row(
        "F-114",
        "Bundle.type missing",
        body({"resourceType": "Bundle", "entry": [{"resource": PATIENT}]}),
        "UNPROCESSABLE",
        "required",
        "Bundle.type",
        "Bundle",
    ),
    Row(
        "F-114b",
        "Bundle.type unknown",
        bundle(entry(PATIENT), kind="banana"),
        "UNPROCESSABLE",
        "code-invalid",
        "Bundle.type",
        "Bundle",
    ),
    Row(
        "F-114c",
        "entry without request",
        bundle({"resource": PATIENT}),
        "UNPROCESSABLE",
        "invariant",
        "Bundle.entry[0].request",
        "Bundle",
    ),
    Row(
        "F-114d",
        "request.method unknown",
        bundle(entry(PATIENT, method="YELL")),
        "UNPROCESSABLE",
        "code-invalid",
        "Bundle.entry[0].request.method",
        "Bundle",
    ),
)

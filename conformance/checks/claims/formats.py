"""XML beside JSON, where the CapabilityStatement lists it (R4 xml.html, http.html#mime-type)."""

from __future__ import annotations

from decimal import Decimal

from conformance.checks import expect, specimens
from conformance.checks.claim import claim
from conformance.checks.exchange import Seen
from conformance.checks.run import SYSTEM, Run
from conformance.checks.verdict import Skipped
from conformance.peers.codes import UCUM, Resource

XML = "application/fhir+xml"
_NEEDS = ("Observation.create", "Observation.read", "Observation.update")


@claim(
    "format/xml-read",
    "R4 http.html#mime-type, #parameters",
    "What was sent as JSON is read as XML by Accept and by _format, decimals with all their digits.",
    needs=_NEEDS,
)
def xml_read(run: Run) -> None:
    path = f"Observation/{_measured(run)['id']}"
    for seen in (run.wire.get(path, Accept=XML), run.wire.get(path, {"_format": "xml"})):
        _is_xml(seen)
        expect.that(b'<value value="1.10"' in seen.content, '<value value="1.10"/>', "another value")


@claim(
    "format/xml-written",
    "R4 http.html#mime-type, xml.html",
    "A resource that is sent as XML is stored, and read as JSON with the same values.",
    needs=("Patient.create", "Patient.read"),
)
def xml_written(run: Run) -> None:
    _demand_xml(run)
    value = run.fresh()
    sent = (
        '<Patient xmlns="http://hl7.org/fhir">'
        f'<identifier><system value="{SYSTEM}/id"/><value value="{value}"/></identifier>'
        '<name><family value="Test &amp; case"/><given value="Nobody"/></name>'
        f'<birthDate value="1990-05-01"><extension url="{SYSTEM}/said"><valueBoolean value="true"/>'
        "</extension></birthDate></Patient>"
    )
    seen = expect.status(run.wire.post("Patient", sent.encode(), Content_Type=XML), 201)
    stored = specimens.read(run, seen.reference).body
    expect.equal([{"system": f"{SYSTEM}/id", "value": value}], stored.get("identifier"), "identifier")
    expect.equal([{"family": "Test & case", "given": ["Nobody"]}], stored.get("name"), "name")
    said = {"extension": [{"url": f"{SYSTEM}/said", "valueBoolean": True}]}
    expect.equal(("1990-05-01", said), (stored.get("birthDate"), stored.get("_birthDate")), "birthDate")


@claim(
    "format/there-and-back",
    "R4 json.html, xml.html",
    "Read as XML and written back as XML, a resource is the same when it is read as JSON again.",
    needs=_NEEDS,
)
def there_and_back(run: Run) -> None:
    here = _measured(run)
    path = f"Observation/{here['id']}"
    xml = _is_xml(run.wire.get(path, Accept=XML)).content
    put = run.wire.put(path, xml, Content_Type=XML, If_Match=specimens.tag(here))
    expect.status(put, 200)
    now = specimens.read(run, path).body
    expect.equal(_told(here), _told(now), "the resource")


@claim(
    "format/refusal-in-xml",
    "R4 http.html#mime-type",
    "A refusal is told in XML to whoever reads XML.",
    needs=("Patient.read",),
)
def refusal_in_xml(run: Run) -> None:
    _demand_xml(run)
    seen = expect.status(run.wire.get(f"Patient/{run.fresh()}", Accept=XML), 404)
    expect.that(b"<OperationOutcome" in seen.content, "an OperationOutcome in XML", "another body")


def _measured(run: Run) -> Resource:
    """An Observation with what is easily lost on the way from one format to the other."""
    _demand_xml(run)
    quantity = {"value": Decimal("1.10"), "unit": "/min", "system": UCUM, "code": "/min"}
    note = {"extension": [{"url": f"{SYSTEM}/note", "valueDecimal": Decimal("2.00")}]}
    sent = specimens.new(run, "Observation") | {"valueQuantity": quantity, "_status": note}
    return specimens.read(run, specimens.post(run, sent).reference).body


def _demand_xml(run: Run) -> None:
    if "xml" not in run.statement.formats:
        raise Skipped("the CapabilityStatement does not list XML")


def _is_xml(seen: Seen) -> Seen:
    expect.status(seen, 200)
    expect.that("xml" in seen.headers.get("Content-Type", ""), "Content-Type of XML", "another")
    expect.that(b"http://hl7.org/fhir" in seen.content[:300], "the namespace of FHIR", "another, or none")
    return seen


def _told(resource: Resource) -> dict[str, str]:
    """Element by element as it is written, without what the server sets: 1.10 equals 1.1 as a number."""
    return {name: repr(part) for name, part in resource.items() if name != "meta"}

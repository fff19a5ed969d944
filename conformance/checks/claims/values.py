"""What is stored comes back as it was sent (R4 datatypes.html, json.html)."""

from __future__ import annotations

from decimal import Decimal

from conformance.checks import expect, specimens
from conformance.checks.claim import claim
from conformance.checks.run import SYSTEM, Run
from conformance.peers.codes import UCUM, Resource

_OBSERVATION = ("Observation.create", "Observation.read")
_PATIENT = ("Patient.create", "Patient.read")
_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@claim(
    "value/decimal-precision",
    "R4 datatypes.html#decimal",
    "The precision of a decimal is kept: 1.10 is not 1.1, and 2.00 is not 2.",
    needs=_OBSERVATION,
)
def decimal_precision(run: Run) -> None:
    for digits in ("1.10", "2.00", "0.010", "120", "-0.50"):
        _kept(run, digits)


@claim(
    "value/decimal-digits",
    "R4 datatypes.html#decimal",
    "A decimal of 18 digits, more than a double holds, comes back with all of them.",
    needs=_OBSERVATION,
)
def decimal_digits(run: Run) -> None:
    for digits in ("123456789012.345678", "0.1234567890123456"):
        _kept(run, digits)


@claim(
    "value/primitive-extensions",
    "R4 json.html#primitive",
    "Extensions of primitives (_birthDate) are kept, beside a value and instead of one.",
    needs=_PATIENT,
)
def primitive_extensions(run: Run) -> None:
    unknown = {"extension": [{"url": _REASON, "valueCode": "masked"}]}
    said = {"extension": [{"url": f"{SYSTEM}/said", "valueString": "by the patient"}]}
    _same(run, {"birthDate": "1990-05-01", "_birthDate": said})
    _same(run, {"_gender": unknown}, without=("gender",))


@claim(
    "value/primitive-arrays",
    "R4 json.html#primitive",
    "In an array of primitives the values and their extensions keep their places, null where one is absent.",
    needs=_PATIENT,
)
def primitive_arrays(run: Run) -> None:
    note = {"extension": [{"url": f"{SYSTEM}/note", "valueString": "unsure"}]}
    _same(run, {"name": [{"family": "Testcase", "given": ["Nobody", "No"], "_given": [None, note]}]})
    _same(run, {"name": [{"family": "Testcase", "given": [None, "No"], "_given": [note, None]}]})


@claim(
    "value/unicode",
    "R4 json.html",
    "Text comes back letter by letter, whatever alphabet it is in.",
    needs=_PATIENT,
)
def unicode(run: Run) -> None:
    _same(run, {"name": [{"family": "Ōé\u0301ßЖ漢字\U0001d518", "given": ["a\tb\nc", 'q"\\/']}]})


@claim(
    "value/meta",
    "R4 resource.html#Meta",
    "Tags, security labels and profiles that were sent are kept.",
    needs=_PATIENT,
)
def meta(run: Run) -> None:
    sent = specimens.new(run, "Patient")
    sent["meta"]["profile"] = [f"{SYSTEM}/StructureDefinition/none"]
    stored = specimens.read(run, specimens.post(run, sent).reference).body["meta"]
    expect.equal(sent["meta"], {name: stored.get(name) for name in sent["meta"]}, "meta")


@claim(
    "value/contained",
    "R4 references.html#contained",
    "A contained resource and the reference to it are kept.",
    needs=_OBSERVATION,
)
def contained(run: Run) -> None:
    inner = {"resourceType": "Device", "id": "d", "version": [{"value": "1.0"}]}
    sent = specimens.new(run, "Observation") | {"contained": [inner], "device": {"reference": "#d"}}
    _stored_as(run, sent, ("contained", "device"))


def _kept(run: Run, digits: str) -> None:
    """Compared as written: Decimal("1.10") equals Decimal("1.1")."""
    quantity = {"value": Decimal(digits), "unit": "/min", "system": UCUM, "code": "/min"}
    sent = specimens.new(run, "Observation") | {"valueQuantity": quantity}
    stored = specimens.read(run, specimens.post(run, sent).reference).body
    expect.equal(digits, str(stored["valueQuantity"]["value"]), "the value")


def _same(run: Run, change: Resource, without: tuple[str, ...] = ()) -> None:
    sent = {name: part for name, part in specimens.new(run, "Patient").items() if name not in without}
    _stored_as(run, sent | change, tuple(change))


def _stored_as(run: Run, sent: Resource, names: tuple[str, ...]) -> None:
    stored = specimens.read(run, specimens.post(run, sent).reference).body
    for name in names:
        expect.equal(sent[name], stored.get(name), name)

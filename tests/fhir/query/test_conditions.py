"""Chains through references, forwards and backwards (R4 search.html#chaining, #has)."""

from __future__ import annotations

import pytest

from server.fhir.query.asker import Asker
from server.fhir.query.conditions import known
from server.query import ALWAYS, NEVER, Chain, Has, Ids, Not, Text, Token
from tests.fhir.query.asking import BASE, NOW, one, refusal

NAME = Text("name", ("x",))


@pytest.mark.parametrize(
    ("type_", "name", "test"),
    [
        ("Observation", "subject:Patient.name", Chain("subject", "Patient", (NAME,))),
        ("Observation", "subject.family", Chain("subject", "Patient", (Text("family", ("x",)),))),
        ("Observation", "patient.name", Chain("patient", "Patient", (NAME,))),
        ("Observation", "patient.name:not-a", None),
        ("Observation", "patient._id", Chain("patient", "Patient", (Ids(("x",)),))),
        ("Task", "focus:DiagnosticReport.based-on:ServiceRequest.code:not",
         Chain("focus", "DiagnosticReport",
               (Chain("based-on", "ServiceRequest", (Not(Token("code", ((None, "x"),))),)),))),
        ("Observation", "patient.organization.name",
         Chain("patient", "Patient", (Chain("organization", "Organization", (NAME,)),))),
        ("Patient", "_has:Observation:patient:code",
         Has("Observation", "patient", (Token("code", ((None, "x"),)),))),
        ("Patient", "_has:Observation:patient:_has:Task:focus:status",
         Has("Observation", "patient", (Has("Task", "focus", (Token("status", ((None, "x"),)),)),))),
        ("Organization", "_has:Patient:organization:_has:Task:subject:owner:identifier",
         Has("Patient", "organization",
             (Has("Task", "subject", (Token("owner:identifier", ((None, "x"),)),)),))),
        ("Patient", "_has:Task:subject:focus:DiagnosticReport.code",
         Has("Task", "subject", (Chain("focus", "DiagnosticReport", (Token("code", ((None, "x"),)),)),))),
        ("Task", "subject:Patient._has:Observation:patient:code",
         Chain("subject", "Patient", (Has("Observation", "patient", (Token("code", ((None, "x"),)),)),))),
    ],
)  # fmt: skip
def test_chains(type_, name, test):
    if test is None:
        assert refusal(one, type_, name, "x").code == "not-supported"
    else:
        assert one(type_, name, "x") == test


@pytest.mark.parametrize(
    ("type_", "name", "code", "says"),
    [
        ("Observation", "subject.identifier", "value", "name one of Device, Location, Patient"),
        ("Observation", "subject:Group.name", "value", "Device, Location, Patient"),
        ("Observation", "subject:Practitioner.name", "value", "Device, Location, Patient"),
        ("Observation", "subject.banana", "value", "no type that it leads to"),
        ("Encounter", "account.name", "value", "none that is kept here"),
        ("Observation", "patient.banana", "value", "no type that it leads to"),
        ("Observation", "patient:Patient.banana", "not-supported", "after patient:Patient"),
        ("Observation", "patient.", "value", "no type that it leads to"),
        ("Observation", "code.text", "not-supported", "only references"),
        ("Observation", "patient.birthdate", "value", "patient:Patient.birthdate: a date"),
        ("Patient", "_has", "value", "_has:Type:reference:parameter"),
        ("Patient", "_has:Banana:patient:code", "value", "_has:Type:reference:parameter"),
        ("Patient", "_has:Observation:code:code", "value", "refers to Patient by: "),
        ("Patient", "_has:Observation:encounter:code", "value", "patient"),
        ("Device", "_has:Observation:patient:code", "value", "device"),
        ("Patient", "_has:Observation:patient", "value", "a parameter is expected"),
        ("Patient", "_has:Observation:patient:", "value", "a parameter is expected"),
        ("Patient", "_has:Observation:patient:banana", "not-supported", "after _has:Observation:patient"),
        ("Patient", "_has.x", "value", "_has:Type:reference:parameter"),
        ("Organization", "partof.partof.partof.partof.name", "too-costly", "up to 3"),
        ("Patient", "_has:Task:patient:_has:Task:part-of:_has:Task:part-of:status", "too-costly",
         "2 of them"),
    ],
)  # fmt: skip
def test_chains_that_lead_nowhere(type_, name, code, says):
    """F-094: four references, or three backwards, are too costly."""
    issue = refusal(one, type_, name, "x")
    assert (issue.code, says in issue.text) == (code, True), issue.text
    assert "banana" not in issue.text
    assert "Banana" not in issue.text


def test_three_references_are_not_too_many():
    found = one("Organization", "partof.partof.partof.name", "x")
    assert str(found).count("Chain(") == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("subject", True),
        ("subject:x", True),
        ("subject.x", True),
        ("_has:x", True),
        ("banana.subject", False),
    ],
)
def test_known(name, expected):
    assert known("Observation", name) is expected


def test_what_may_not_be_seen_is_not_looked_through_either():
    own = Token("_security", ((None, "mine"),))
    asker = Asker(BASE, NOW, {"Patient": own, "Observation": ALWAYS}.get)
    assert one("Observation", "patient.name", "x", asker) == Chain("patient", "Patient", (NAME, own))
    chain = one("Observation", "patient.organization.name", "x", asker)
    assert chain == Chain("patient", "Patient", (Chain("organization", "Organization", (NAME, NEVER)), own))
    back = one("Patient", "_has:Task:patient:status", "x", asker)
    assert back == Has("Task", "patient", (Token("status", ((None, "x"),)), NEVER))
    seen = one("Patient", "_has:Observation:patient:status", "x", asker)
    assert seen == Has("Observation", "patient", (Token("status", ((None, "x"),)),))

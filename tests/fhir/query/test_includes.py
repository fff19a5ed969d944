from __future__ import annotations

import pytest

from server.fhir.query.includes import Include
from tests.fhir.query.asking import refusal, search


@pytest.mark.parametrize(
    ("type_", "query", "expected"),
    [
        ("Task", "_include=Task:focus", [Include("Task", "focus")]),
        ("Task", "_include=Task:based-on:ServiceRequest", [Include("Task", "based-on", "ServiceRequest")]),
        ("Task", "_include:iterate=DiagnosticReport:result",
         [Include("DiagnosticReport", "result", iterate=True)]),
        ("Task", "_revinclude=Provenance:target", [Include("Provenance", "target", back=True)]),
        ("Task", "_revinclude:iterate=Observation:subject:Patient",
         [Include("Observation", "subject", "Patient", back=True, iterate=True)]),
        ("Task", "_include=Task:focus&_include=Task:focus", [Include("Task", "focus")]),
    ],
)  # fmt: skip
def test_includes(type_, query, expected):
    assert list(search(type_, query).includes) == expected


@pytest.mark.parametrize("query", ["_include=*", "_include=PractitionerRole:*"])
def test_all_of_them(query):
    found = search("PractitionerRole", query).includes
    assert {each.param for each in found} == {
        "endpoint", "location", "organization", "practitioner", "service",
    }  # fmt: skip


def test_all_that_refers_here_from_one_type():
    found = search("Device", "_revinclude=Observation:*").includes
    assert {each.param for each in found} == {"device", "focus", "subject"}
    assert all(each.back and each.source == "Observation" for each in found)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("_include=", "Type is one of"),
        ("_include=Banana:focus", "Type is one of"),
        ("_include=Task", "Task refers by: based-on, "),
        ("_include=Task:banana", "Task refers by: based-on, "),
        ("_include=Task:status", "Task refers by: based-on, "),
        ("_include=Task:based-on:Banana", "Task:based-on leads to: "),
        ("_include=Task:patient:Device", "Task:patient leads to: Patient"),
        ("_include=Task:focus:", "Task:focus leads to: "),
        ("_include=Observation:subject", "_include:iterate goes on"),
        ("_revinclude=Observation:subject", "does not lead to Task"),
        ("_revinclude=*", "name what to include"),
        ("_include:iterate=*", "name what to include"),
        ("_include:iterate=Task:*", "name what to include"),
        ("_include=Observation:*", "_include:iterate goes on"),
        ("_include=Task:*:Patient", "Task refers by: based-on, "),
        ("_include=*:*", "Type is one of"),
        ("_include:recurse=Task:focus", "_include: this modifier"),
        ("&".join(["_include=Task:focus"] * 21), "up to 20"),
    ],
)
def test_what_is_not_understood(query, says):
    issue = refusal(search, "Task", query)
    assert says in issue.text
    assert "anana" not in issue.text

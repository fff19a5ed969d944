"""Parts of resources: what is asked for, what stays whatever is asked, and the mark on it."""

from __future__ import annotations

from typing import Any

import pytest

from server.fhir.query.controls import Controls, Summary
from server.fhir.summary import of_included, of_match
from server.fhir.validate import check
from tests.fhir.rows import official

TASK: dict[str, Any] = {
    "resourceType": "Task",
    "id": "t",
    "meta": {"versionId": "1", "tag": [{"code": "own"}]},
    "language": "en",
    "text": {"status": "generated", "div": "<div>words</div>"},
    "contained": [{"resourceType": "Patient", "id": "p"}],
    "extension": [{"url": "http://x", "valueBoolean": True}],
    "identifier": [{"value": "not of the summary"}],
    "groupIdentifier": {
        "use": "usual",
        "value": "1",
        "extension": [{"url": "http://x", "valueBoolean": True}],
    },
    "status": "requested",
    "_status": {"extension": [{"url": "http://x", "valueBoolean": True}]},
    "intent": "order",
    "for": {"reference": "#p"},
    "note": [{"text": "a note"}],
    "input": [{"type": {"text": "question"}, "valueString": "why"}],
    "output": [{"type": {"text": "answer"}, "valueAttachment": {"url": "http://x", "data": "AA=="}}],
}


def part(resource: dict[str, Any], **chosen: Any) -> dict[str, Any]:
    made = of_match(Controls(count=1, **chosen))
    assert made is not None
    return made(resource)


def test_the_whole():
    assert of_match(Controls(count=1)) is None
    assert of_included(Controls(count=1, elements=("status",))) is None


def test_a_part_is_marked():
    for chosen in ({"summary": Summary.TRUE}, {"summary": Summary.DATA}, {"elements": ("status",)}):
        meta = part(TASK, **chosen)["meta"]
        assert [each["code"] for each in meta["tag"]] == ["own", "SUBSETTED"]
        assert meta["versionId"] == "1"
    assert part({"resourceType": "Task", "status": "draft", "intent": "order"}, summary=Summary.DATA)["meta"]
    assert [each["code"] for each in TASK["meta"]["tag"]] == ["own"]


def test_the_summary():
    found = part(TASK, summary=Summary.TRUE)
    assert found.keys() == {
        "resourceType", "id", "meta", "groupIdentifier", "status", "_status", "intent", "for",
    }  # fmt: skip
    assert found["groupIdentifier"] == {"use": "usual", "value": "1"}


def test_the_text_alone():
    found = part(TASK, summary=Summary.TEXT)
    assert found.keys() == {"resourceType", "id", "meta", "text", "status", "_status", "intent"}


def test_all_but_the_text():
    assert TASK.keys() - part(TASK, summary=Summary.DATA).keys() == {"text"}


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (("note",), {"note"}),
        (("for", "input"), {"for", "input"}),
        (("text", "contained"), {"text", "contained"}),
    ],
)
def test_elements_and_what_always_stays(names, kept):
    found = part(TASK, elements=names)
    assert found.keys() == {"resourceType", "id", "meta", "status", "_status", "intent"} | kept


def test_a_choice_is_named_without_its_type():
    measured = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": {}}
    assert "valueQuantity" in part(measured, elements=("value",))
    assert "valueQuantity" in part(measured, elements=("valueQuantity",))
    assert "valueQuantity" not in part(measured, elements=("status",))


@official.needed
@pytest.mark.parametrize("type_", ["Patient", "Observation", "Task", "DiagnosticReport", "Organization"])
def test_a_summary_of_what_is_valid_is_valid(type_):
    """Nothing required is lost, nothing is left empty; an invariant may miss what is left out."""
    for resource in official.examples(type_):
        for summary in (Summary.TRUE, Summary.DATA):
            made = part(resource, summary=summary)
            assert not _empty(made)
            assert {"status", "code", "intent"} & resource.keys() <= made.keys()
            if "contained" not in resource and type_ != "Observation":
                check(made, type_)


def _empty(value: Any) -> bool:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return not value or any(_empty(each) for each in inner)
    return False

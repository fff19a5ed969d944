from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from conformance.demo import directory
from conformance.demo.play import Play
from conformance.demo.show import Show
from conformance.peers.blindness import NotBlind


@pytest.fixture
def printed():
    return Console(file=io.StringIO(), width=160)


@pytest.fixture
def perform(ehr, second_reader, script, printed):
    def perform_(stories, patience=20.0):
        roles = directory.post(second_reader)
        quick = [replace(each, ehr_down_seconds=each.ehr_down_seconds and 0.3) for each in stories]
        told = replace(script, stories=tuple(quick))
        show = Show(printed)
        endings = Play(second_reader, ehr, told, roles, show, patience=patience).run()
        show.summary(endings)
        return endings

    return perform_


def test_all_six_end_as_told_and_what_is_printed_was_seen(perform, script, printed, ehr):
    """The others need a server that seals, and one that heeds a Consent: tests/flow/test_demonstration.py."""
    endings = perform([each for each in script.stories if not (each.signs_later or each.refuses_ai)])
    assert [each.differs for each in endings] == [()] * 6
    assert [each.chart.ai for each in endings] == [
        "present", "present", "absent", "declined", "absent", "absent",
    ]  # fmt: skip
    assert [each.chart.ai_reports for each in endings] == [1] * 6
    assert ehr.shelf.ledger()["doubles"] == []
    text = printed.file.getvalue()
    assert text.count("As told") == 6
    for words in (
        "Testina Quill declines: no time before the deadline",
        "Task is on-hold · awaiting-information",
        "required: csf_gluc is missing",
        "GET /fhir/metadata: no answer (ConnectError)",
        "its own Task is completed · closed-amended",
        "case          opened (door)",
        "opinion to ehr: waiting after",
        "AI, not verified (partial): AI second read: declined",
    ):
        assert words in text


@pytest.mark.parametrize(
    "told",
    [
        ("agreement", {"ends": ("closed-amended",)}, "it ended closed-concordant, told was closed-amended"),
        ("agreement", {"ai": "absent"}, "the AI opinion is present, told was absent"),
        ("missed", {"priorities": ("routine",)}, "the referral is urgent, told was routine"),
        ("agreement", {"priorities": ("urgent",)}, "the referral is missing, told was urgent"),
    ],
)
def test_what_is_not_as_told_is_said(perform, script, printed, told):
    key, changes, said = told
    story = next(each for each in script.stories if each.key == key)
    (ending,) = perform([replace(story, **changes)])
    assert ending.differs == (said,)
    assert f"Not as told: {said}." in printed.file.getvalue()


def test_a_case_that_never_ends_is_not_as_told(perform, script):
    story = replace(script.stories[4], later=())
    (ending,) = perform([story], patience=0.5)
    assert ending.differs == ("the Task in the EHR is requested, told was completed",)


def test_a_leak_stops_the_demonstration(perform, script, reader):
    reader.leak = True
    story = next(each for each in script.stories if each.key == "missed")
    with pytest.raises(NotBlind, match="DiagnosticReport"):
        perform([story])

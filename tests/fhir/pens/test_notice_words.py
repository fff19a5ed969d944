"""What a patient is told of how the opinions compare."""

from __future__ import annotations

import pytest

from server.fhir.pens.notice_words import Part, Reader, Told, words
from server.model import Answer
from tests.world import CARD


def told(first: Answer | None, model: Answer | None, reader: Answer | None) -> str:
    read = Reader("Quill", reader)
    return words(Told(CARD, Part.READ, None, 40.0, None, first=first, model=model, reader=read))


@pytest.mark.parametrize("model", Answer)
@pytest.mark.parametrize("reader", [*Answer, None])
def test_what_cannot_be_compared_is_not_said_to_differ(model: Answer, reader: Answer | None) -> None:
    said = told(None, model, reader)
    assert "Your doctor's report: nothing that can be compared" in said
    assert "the program: " not in said
    assert "What would settle it" not in said


def test_what_can_be_compared_is() -> None:
    said = told(Answer.PRESENT, Answer.ABSENT, Answer.PRESENT)
    assert "the program: not the same as your doctor's report" in said
    assert "What would settle it" in said

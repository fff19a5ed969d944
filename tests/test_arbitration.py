"""What a final answer needs, as a table; and by which key the second stage is found."""

from __future__ import annotations

from itertools import product
from uuid import UUID

import pytest

from server.arbitration import (
    Given,
    Overruling,
    final_address,
    has_second_stage,
    lacking,
    majority,
)
from server.model import Answer, Reveal, Silence

YES, NO = Answer.PRESENT, Answer.ABSENT
SAID = (YES, NO, None)


@pytest.mark.parametrize(
    ("answers", "most"),
    [
        ((YES, YES, NO), YES),
        ((NO, YES, NO), NO),
        ((YES, YES, YES), YES),
        ((YES, NO, None), None),
        ((YES, None, None), YES),
        ((None, None), None),
    ],
)
def test_most_is_more_than_half_of_those_who_answered(
    answers: tuple[Answer | None, ...], most: Answer | None
) -> None:
    assert majority(answers) is most


@pytest.mark.parametrize(("own", "x", "y"), list(product((YES, NO), SAID, SAID)))
@pytest.mark.parametrize("final", [YES, NO])
def test_a_reason_is_due_exactly_where_most_say_otherwise(
    final: Answer, own: Answer, x: Answer | None, y: Answer | None
) -> None:
    given = [each for each in (own, x, y) if each is not None]
    against = sum(each is not final for each in given)
    due = 2 * against > len(given)
    assert ("final-reason" in lacking(Given(final, "", ""), own, (x, y), localised=False)) is due
    assert not list(lacking(Given(final, "seen twice", ""), own, (x, y), localised=False))


@pytest.mark.parametrize(("x", "y"), list(product(SAID, SAID)))
@pytest.mark.parametrize("final", [YES, NO])
def test_a_code_is_due_where_a_finding_on_an_image_is_overruled_whoever_has_found_it(
    final: Answer, x: Answer | None, y: Answer | None
) -> None:
    due = final is NO and YES in (x, y)

    def lacks(code: str, *opinions: Answer | None, localised: bool = True) -> bool:
        told = Given(final, "because", code)
        return "overruling-reason" in lacking(told, final, opinions, localised=localised)

    assert lacks("", x, y) is due
    assert lacks("", x, y) is lacks("", y, x), "not for one of the two alone"
    assert lacks("no-such-code", x, y) is due
    assert not lacks("", x, y, localised=False)
    assert not any(lacks(each, x, y) for each in Overruling)


@pytest.mark.parametrize(("own", "silence"), list(product(SAID, (None, *Silence))))
def test_whether_there_is_a_second_stage_depends_on_no_opinion(
    own: Answer | None, silence: Silence | None
) -> None:
    asked = silence is not Silence.NOT_ASKED
    assert has_second_stage(Reveal.ALWAYS, own, silence) is (own is not None and asked)
    assert not has_second_stage(Reveal.NEVER, own, silence)


def test_the_address_of_a_final_read_needs_the_key() -> None:
    one = final_address(b"k" * 32, "blind")
    assert UUID(one).version == 4
    assert one == final_address(b"k" * 32, "blind")
    assert len({one, final_address(b"K" * 32, "blind"), final_address(b"k" * 32, "other")}) == 3

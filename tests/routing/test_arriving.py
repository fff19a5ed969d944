"""Completeness of a study as a decision with its ground: counts, quiet, deadline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.images import ImageObject, Named, Ordered, Study
from server.model import ImageRules, Late
from server.routing.arriving import Arriving, Whole, arrived

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
RULES = ImageRules(timedelta(seconds=30), {"CT": timedelta(seconds=120)}, timedelta(hours=1), Late.WAIT)
ORDER = Ordered(("1.2.3",), (), ())


def later(**span: float) -> datetime:
    return AT + timedelta(**span)


def object_(sop: str, at: datetime = AT, modality: str = "CR", digest: str = "d") -> ImageObject:
    header = {"Modality": modality}
    return ImageObject(sop, "class", "s", "ts", Named("1.2.3"), digest, "f", 1, at, "test", header)


def study(*objects: ImageObject) -> Study:
    return Study(Named("1.2.3"), objects[0].received_at, objects[-1].received_at, objects)


ONE = study(object_("1"))
TWO = study(object_("1"), object_("2", later(seconds=20)))


@pytest.mark.parametrize(
    ("came", "expected", "now", "said"),
    [
        (ONE, 1, AT, Whole("expected-count", 1, 1)),
        (TWO, 1, AT, Whole("expected-count", 2, 1)),
        (ONE, 2, later(minutes=59), Arriving(later(hours=1), 1)),
        (study(object_("1"), object_("1", digest="e")), 2, AT, Arriving(later(hours=1), 1)),
        (ONE, None, later(seconds=29), Arriving(later(seconds=30), 0)),
        (ONE, None, later(seconds=30), Whole("quiet-period", 1, None)),
        (TWO, None, later(seconds=30), Arriving(later(seconds=50), 0)),
        (TWO, None, later(seconds=50), Whole("quiet-period", 2, None)),
        (study(object_("1", modality="CT")), None, later(seconds=60), Arriving(later(seconds=120), 0)),
        (study(object_("1", modality="CT")), None, later(seconds=120), Whole("quiet-period", 1, None)),
        (
            study(object_("1", modality="CT"), object_("2", later(seconds=100))),
            None,
            later(seconds=125),
            Arriving(later(seconds=130), 0),
        ),
    ],
)
def test_when_a_study_is_complete(
    came: Study, expected: int | None, now: datetime, said: Whole | Arriving
) -> None:
    assert arrived(came, replace(ORDER, expected=expected), RULES, AT, now) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Late.WAIT, Arriving(None, 1)),
        (Late.DROP, Arriving(None, 1, over=True)),
        (Late.GO, Whole("deadline", 1, 2)),
    ],
)
def test_what_becomes_of_missing_images_when_time_has_run_out(rule: Late, said: Whole | Arriving) -> None:
    rules = replace(RULES, when_late=rule)
    assert arrived(ONE, replace(ORDER, expected=2), rules, AT, later(hours=1)) == said
    assert arrived(TWO, replace(ORDER, expected=2), rules, AT, later(hours=2)).rule == "expected-count"  # type: ignore[union-attr]


def test_a_shorter_pause_of_a_series_does_not_shorten_the_studys() -> None:
    rules = replace(RULES, quiet_series={"CR": timedelta(seconds=1)})
    assert arrived(ONE, ORDER, rules, AT, later(seconds=5)) == Arriving(later(seconds=30), 0)

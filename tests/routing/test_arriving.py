"""Completeness of a study as a decision with its ground: counts, quiet, deadline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.completeness import Called, Counted, Heard, Performed, StepState, Whole
from server.images import ImageObject, Named, Ordered, Study
from server.model import ImageRules, Late
from server.routing.arriving import Arriving, arrived

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


@pytest.mark.parametrize("rule", list(Late))
def test_a_study_that_begins_to_come_after_the_deadline_is_not_over_with_its_first_object(rule: Late) -> None:
    """What was kept back for hours comes all at once; a deadline that has passed must not cut it in two."""
    rules, order = replace(RULES, when_late=rule), replace(ORDER, expected=3)
    opened = later(hours=-5)
    for came, now in ((ONE, AT), (TWO, later(seconds=20)), (TWO, later(seconds=49))):
        found = arrived(came, order, rules, opened, now)
        assert isinstance(found, Arriving)
        assert (found.until, found.over) == (came.changed_at + RULES.quiet_study, False)
    late = arrived(TWO, order, rules, opened, later(seconds=50))
    assert isinstance(late, Whole) == (rule is Late.GO)
    assert getattr(late, "over", False) == (rule is Late.DROP)


def test_a_shorter_pause_of_a_series_does_not_shorten_the_studys() -> None:
    rules = replace(RULES, quiet_series={"CR": timedelta(seconds=1)})
    assert arrived(ONE, ORDER, rules, AT, later(seconds=5)) == Arriving(later(seconds=30), 0)


RUNS, ENDED = StepState.IN_PROGRESS, StepState.COMPLETED
OVER = later(hours=1)


def step(state: StepState, *instances: str, uid: str = "9", reason: str = "") -> Performed:
    return Performed(uid, state, instances, reason)


def by(rule: str, objects: int, expected: int | None) -> tuple[str, int, int | None]:
    return rule, objects, expected


@pytest.mark.parametrize(
    ("heard", "expected", "now", "said"),
    [
        (Heard(steps=(step(RUNS),)), None, later(minutes=59), Arriving(OVER, 0)),
        (Heard(steps=(step(RUNS),)), 2, AT, by("expected-count", 2, 2)),
        (Heard(steps=(step(ENDED, "1", "2"),)), None, AT, by("performed-step", 2, 2)),
        (Heard(steps=(step(ENDED, "1", "2"),)), 3, AT, Arriving(OVER, 1)),
        (Heard(steps=(step(ENDED, "1", "3"),)), None, AT, Arriving(OVER, 1)),
        (Heard(steps=(step(ENDED, "1", "3"),)), 2, AT, Arriving(OVER, 1)),
        (Heard(steps=(step(ENDED, "1"), step(RUNS, uid="8"))), None, later(minutes=2), Arriving(OVER, 0)),
        (Heard(steps=(step(ENDED),)), None, later(seconds=49), Arriving(later(seconds=50), 0)),
        (Heard(steps=(step(ENDED),)), None, later(seconds=50), by("quiet-period", 2, None)),
    ],
)
def test_what_modalities_say(
    heard: Heard, expected: int | None, now: datetime, said: Arriving | tuple[str, int, int | None]
) -> None:
    found = arrived(TWO, replace(ORDER, expected=expected), RULES, AT, now, heard=heard)
    assert (by(found.rule, found.objects, found.expected) if isinstance(found, Whole) else found) == said


def test_a_call_comes_before_everything_else() -> None:
    call = Called("", "Dr Demo", "seen", AT)
    heard = Heard(called=call, steps=(step(StepState.DISCONTINUED),))
    found = arrived(ONE, replace(ORDER, expected=7), RULES, AT, AT, heard=heard)
    assert found == Whole("called-complete", 1, 7, {"by": "Dr Demo", "reason": "seen", "at": AT})


def counted(*counts: tuple[float, int | None]) -> Heard:
    said = tuple(Counted(later(seconds=at), count, "" if count else "silence") for at, count in counts)
    return Heard(archive="pacs", counts=said)


@pytest.mark.parametrize(
    ("heard", "now", "said"),
    [
        (counted((21, 2)), later(seconds=22), Arriving(later(seconds=50), 0)),  # one answer proves nothing
        (counted((1, 2), (21, 2)), later(seconds=22), by("archive-count", 2, 2)),
        (counted((1, 2), (11, 2)), later(seconds=22), Arriving(later(seconds=50), 0)),  # older than the last
        (counted((1, 1), (21, 2)), later(seconds=22), Arriving(later(seconds=50), 0)),  # it grows
        (counted((21, 3)), later(seconds=50), Arriving(OVER, 1)),
        (counted((21, 3), (31, 3)), later(hours=2), Arriving(None, 1)),
        (counted((21, 1), (31, 1)), later(seconds=50), by("quiet-period", 2, None)),  # fewer than came
        (counted((21, None)), later(seconds=50), by("quiet-period", 2, None)),
        (counted((21, 3), (31, None)), later(seconds=50), Arriving(OVER, 1)),  # it has said so before
        (counted(), later(seconds=50), by("quiet-period", 2, None)),
    ],
)
def test_what_an_archive_counts(
    heard: Heard, now: datetime, said: Arriving | tuple[str, int, int | None]
) -> None:
    found = arrived(TWO, ORDER, RULES, AT, now, heard=heard)
    assert (by(found.rule, found.objects, found.expected) if isinstance(found, Whole) else found) == said
    if isinstance(found, Whole):
        assert found.told["archive-count"]["archive"] == "pacs"

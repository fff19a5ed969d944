from __future__ import annotations

from itertools import pairwise

import pytest

from server.fhir.task_states import CANCELLABLE, TRANSITIONS, may, path

ENDED = {"rejected", "cancelled", "failed", "completed", "entered-in-error"}


def test_the_table_names_every_status_of_r4_and_no_other() -> None:
    """R4 valueset task-status."""
    known = {"draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold"} | ENDED
    assert set(TRANSITIONS) == known
    assert {then for following in TRANSITIONS.values() for then in following} <= known


def test_what_has_ended_stays_ended() -> None:
    assert {status for status, following in TRANSITIONS.items() if not following} == ENDED


@pytest.mark.parametrize(
    ("now", "then", "allowed"),
    [
        ("requested", "accepted", True),
        ("accepted", "completed", True),
        ("in-progress", "cancelled", False),
        ("requested", "completed", False),
        ("completed", "in-progress", False),
        ("requested", "requested", False),
        ("banana", "requested", False),
    ],
)
def test_moves(now: str, then: str, *, allowed: bool) -> None:
    assert may(now, then) is allowed


def test_a_placer_cancels_only_where_the_table_allows() -> None:
    assert all(may(status, "cancelled") for status in CANCELLABLE)
    assert "in-progress" not in CANCELLABLE


@pytest.mark.parametrize(
    ("now", "then", "way"),
    [
        ("requested", "on-hold", ("received", "on-hold")),
        ("requested", "in-progress", ("accepted", "in-progress")),
        ("requested", "completed", ("accepted", "completed")),
        ("on-hold", "completed", ("accepted", "completed")),
        ("accepted", "accepted", ()),
    ],
)
def test_the_shortest_way(now: str, then: str, way: tuple[str, ...]) -> None:
    assert path(now, then) == way


@pytest.mark.parametrize("now", sorted(set(TRANSITIONS) - ENDED))
@pytest.mark.parametrize("then", sorted(set(TRANSITIONS) - {"draft", "requested"}))
def test_every_way_is_legal_step_by_step(now: str, then: str) -> None:
    assert all(may(*step) for step in pairwise((now, *path(now, then))))


@pytest.mark.parametrize(
    ("now", "then"), [("completed", "accepted"), ("received", "requested"), ("ready", "draft")]
)
def test_there_is_no_way_back(now: str, then: str) -> None:
    with pytest.raises(ValueError, match="cannot go"):
        path(now, then)

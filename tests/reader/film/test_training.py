"""How the films are split, and what is measured on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from server.reader.film.canvas import SIDE

pytest.importorskip("PIL", reason="Pillow (requirements-train.txt) is not installed")

from server.reader.training.figures import auroc
from server.reader.training.film.films import Films, known, unseen
from server.reader.training.film.foreign import foreign
from server.reader.training.film.measure import alone, by_person, masked, swapped_borders

DATA = Path(__file__).parents[4] / "shared" / "data"
FILMS = np.random.default_rng(0).random((4, SIDE, SIDE), np.float32)
LABELS = np.array([0, 1, 0, 1])


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")
def test_no_person_and_no_film_is_in_two_parts() -> None:
    parts = [*known(DATA), unseen(DATA)]
    persons = [set(part.person) for part in parts]
    films = [{film.tobytes() for film in part.pixels} for part in parts]
    for sets in (persons, films):
        assert not sets[0] & sets[1]
        assert not (sets[0] | sets[1]) & sets[2]
    assert [len(part.y) for part in parts] == [len(each) for each in films]


def test_masked_keeps_the_inside_only_and_alone_the_border_only() -> None:
    ring, inside = np.ones((SIDE, SIDE), bool), slice(20, SIDE - 20)
    ring[inside, inside] = False
    for film, without, only in zip(FILMS, masked(FILMS, 20), alone(FILMS, 20), strict=True):
        assert (without[~ring] == film[~ring]).all()
        assert np.ptp(without[ring]) == 0
        assert (only[ring] == film[ring]).all()
        assert np.ptp(only[~ring]) == 0


def test_borders_are_swapped_with_the_other_label() -> None:
    made = swapped_borders(FILMS, LABELS, 20)
    assert (made[:, 20:-20, 20:-20] == FILMS[:, 20:-20, 20:-20]).all()
    for at, label in enumerate(LABELS):
        assert any((made[at, 0] == FILMS[other, 0]).all() for other in np.flatnonzero(label != LABELS))


def test_all_films_of_a_person_are_drawn_together() -> None:
    p, y = np.linspace(0, 1, 40), np.tile([0, 1], 20)
    apart = Films(np.empty((40, 1, 1), "u1"), y, tuple(str(each) for each in range(40)), ("IM",) * 40)
    together = Films(apart.pixels, y, tuple(str(each // 20) for each in range(40)), apart.series)
    wide, narrow = by_person(auroc, p, apart), by_person(auroc, p, together)
    assert wide.value == narrow.value == pytest.approx(auroc(p, y))
    assert narrow.high - narrow.low < wide.high - wide.low


def test_foreign_pictures_are_pictures() -> None:
    dice = np.random.default_rng(0)
    for _ in range(60):
        made = foreign(FILMS[0], FILMS[1], dice)
        assert made.shape == (SIDE, SIDE)
        assert made.dtype == np.float32
        assert 0 <= made.min() <= made.max() <= 1

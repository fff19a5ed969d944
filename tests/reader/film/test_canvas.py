"""To the square that the model sees, and from its cells back to the film's own pixels."""

from __future__ import annotations

import numpy as np
import pytest

from server.reader.film.attribution import attribution
from server.reader.film.canvas import RIM, SIDE, canvas, on_film, sample


def test_a_film_of_the_canvas_s_size_is_left_as_it_is() -> None:
    film = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    assert canvas(film) == pytest.approx(film, abs=1e-6)


@pytest.mark.parametrize("shape", [(100, 300), (1000, 700), (SIDE, 2 * SIDE)])
def test_grey_stays_grey_and_means_stay(shape: tuple[int, int]) -> None:
    film = np.random.default_rng(0).random(shape, np.float32)
    made = canvas(film)
    assert made.shape == (SIDE, SIDE)
    assert made.mean() == pytest.approx(film.mean(), abs=0.01)
    assert canvas(np.full(shape, 0.3, np.float32)) == pytest.approx(0.3, abs=1e-5)


def test_fine_stripes_become_grey_and_no_coarser_stripes() -> None:
    stripes = np.tile(np.arange(4 * SIDE) % 2, (50, 1)).astype(np.float32)
    assert canvas(stripes) == pytest.approx(0.5, abs=0.1)


def test_what_lies_left_on_the_film_lies_left_on_the_map() -> None:
    cells = np.zeros((6, 6), np.float32)
    cells[1, 4] = 1
    spread = on_film(cells, 450, 900)
    row, column = np.unravel_index(spread.argmax(), spread.shape)
    assert row / 450 == pytest.approx((RIM + (SIDE - 2 * RIM) * 1.5 / 6) / SIDE, abs=0.01)
    assert column / 900 == pytest.approx((RIM + (SIDE - 2 * RIM) * 4.5 / 6) / SIDE, abs=0.01)


class TestAttribution:
    CELLS = np.random.default_rng(1).normal(0, 3, (6, 6))

    def test_it_lies_on_the_film_s_own_grid_from_0_to_1(self) -> None:
        shown = attribution(self.CELLS, 1.2, -0.3, 301, 403)
        assert shown.shape == (301, 403)
        assert shown.dtype == np.float32
        assert 0 <= shown.min() <= shown.max() <= 1

    def test_the_same_cells_give_the_same_bytes(self) -> None:
        first, second = (attribution(self.CELLS.copy(), 1.2, -0.3, 301, 403).tobytes() for _ in range(2))
        assert first == second

    def test_the_rim_that_no_model_sees_is_nought(self) -> None:
        shown = attribution(np.full((6, 6), 9.0), 1, 0, SIDE, SIDE)
        assert not shown[: RIM - 1].any()
        assert not shown[:, -RIM + 1 :].any()
        assert shown[RIM:-RIM, RIM:-RIM].min() > 0.99

    def test_cells_that_speak_neither_way_are_even(self) -> None:
        assert attribution(np.zeros((6, 6)), 1, 0, 50, 50)[25, 25] == pytest.approx(0.5)


def test_the_sample_is_the_same_everywhere() -> None:
    assert sample().shape == (SIDE, SIDE)
    assert sample()[::74, ::74] == pytest.approx(sample().astype(np.float64)[::74, ::74])
    assert 0 <= sample().min() < sample().max() <= 1

"""What training exchanges between films, and by what recipes are chosen. Needs torch."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PIL", reason="Pillow (requirements-train.txt) is not installed")
pytest.importorskip("torch", reason="torch (requirements-train.txt) is not installed")

import torch

from server.reader.film.canvas import RIM, SIDE
from server.reader.training.film import fit, style
from server.reader.training.film.elsewhere import KINDS, hard
from server.reader.training.film.network import COARSE, FINE, Network, against_surroundings, even

FILMS = torch.from_numpy(np.random.default_rng(0).random((6, 1, 48, 48), np.float32))


def dice() -> np.random.Generator:
    return np.random.default_rng(3)


def test_a_film_takes_on_another_s_greys_in_its_own_order() -> None:
    darker = torch.cat([FILMS[:3], FILMS[3:] * 0.5])
    made = style._toned(darker, dice()).flatten(1)
    assert not torch.equal(made, darker.flatten(1))
    for old, new in zip(darker.flatten(1), made, strict=True):
        assert (new[old.argsort()].diff() >= -1e-6).all()


def test_a_film_keeps_its_phases_under_another_s_amplitudes() -> None:
    made = style._spectrum(FILMS * torch.linspace(0.5, 1, 6)[:, None, None, None], dice())
    phase, kept = torch.fft.rfft2(FILMS).angle()[..., 1:24], torch.fft.rfft2(made).angle()[..., 1:24]
    assert torch.cos(phase - kept).mean() > 0.99
    assert not torch.allclose(made, FILMS, atol=0.05)


def test_a_filter_leaves_brightness_and_contrast() -> None:
    made = style._filtered(FILMS, dice())
    assert torch.allclose(made.mean((2, 3)), FILMS.mean((2, 3)), atol=1e-3)
    assert torch.allclose(made.std((2, 3)), FILMS.std((2, 3)), atol=1e-2)
    assert not torch.allclose(made, FILMS, atol=0.05)


def test_no_film_is_restyled_with_a_share_of_nought() -> None:
    assert torch.equal(style.restyled(FILMS, 0.0, dice()), FILMS)


def test_surroundings_take_out_what_is_bright_from_place_to_place() -> None:
    slope = torch.linspace(-2, 2, 96)[None, None, :, None]
    films = torch.from_numpy(dice().standard_normal((2, 1, 96, 96), dtype=np.float32))
    inside = (..., slice(16, 80), slice(16, 80))
    apart = against_surroundings(films + slope, 12)[inside] - against_surroundings(films, 12)[inside]
    assert apart.abs().max() < 0.15
    assert slope.expand(2, 1, 96, 96)[inside].abs().max() > 1


@pytest.mark.parametrize(("side", "local"), [(COARSE, False), (COARSE, True), (FINE, True)])
def test_a_map_is_a_sixteenth_as_wide_as_what_the_network_sees(side: int, local: bool) -> None:
    with torch.inference_mode():
        made = Network(side, local=local).eval()(even(torch.rand(1, 1, side, side)))
    assert made.shape == (1, side // 16, side // 16)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_film_of_the_same_size(kind: str) -> None:
    films = torch.rand(2, 1, SIDE, SIDE)
    made = KINDS[kind](films, dice())
    assert made.shape == films.shape
    assert torch.isfinite(made).all()
    assert torch.equal(made, films) == (kind == "as it is")
    assert made[..., RIM:-RIM, RIM:-RIM].std() > 0.01


def test_the_worst_pair_is_one_of_a_kind_that_shifts_the_answer() -> None:
    y = np.array([0, 0, 1, 1])
    odds = np.array([-2.0, -1.0, 1.0, 2.0])
    steady = hard({"as it is": odds, "other": odds}, y)
    shifted = hard({"as it is": odds, "other": odds + 5}, y)
    assert (steady.plain, steady.alike, steady.crossed, steady.worst) == (1, 1, 1, 1)
    assert (shifted.plain, shifted.alike, shifted.worst) == (1, 1, 0)


def test_only_the_stages_that_are_not_kept_are_fitted_each_on_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[Network, fit.Stage]] = []

    def trained(start: Network, _films: object, stage: fit.Stage, *_: object) -> Network:
        asked.append((start, stage))
        return Network(stage.side, local=stage.local)

    monkeypatch.setattr(fit, "trained", trained)
    kept = fit.restored([Network(stage.side).state_dict() for stage in fit.STAGES[:2]])
    [made] = fit.stages(FILMS, 1, kept, lambda _, __: None)
    assert asked == [(kept[-1], fit.STAGES[2])]
    assert (made.side, made.local) == (fit.STAGES[2].side, fit.STAGES[2].local)
    assert len(list(fit.stages(FILMS, 1, [], lambda _, __: None))) == len(fit.STAGES)

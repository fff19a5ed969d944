"""The card of a reader of films, and how one can be wrong."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from server.errors import Category, Fault
from server.model import FilmContract, Span
from server.reader.cards import FILM_CALIBRATION, load_card
from tests.reader.build import CARD as TABULAR
from tests.reader.film.build import CARD, FOLDER

GOOD = (FOLDER / "card.toml").read_text("utf-8")
MOST = 20 * 1024**2


def test_it_says_which_films_it_takes() -> None:
    assert isinstance(CARD.film, FilmContract)
    assert CARD.film.modalities == ("CR", "DX")
    assert CARD.film.views == ("AP", "PA")
    assert CARD.contract.features == ()
    assert CARD.contract.age_years == Span(Decimal(1), Decimal("5.999"))
    assert set(CARD.calibration) == set(FILM_CALIBRATION)


def test_a_card_of_tables_has_no_film() -> None:
    assert TABULAR.film is None


def test_the_model_file_is_the_card_s_and_not_too_large() -> None:
    model = (FOLDER / CARD.model_file).read_bytes()
    assert hashlib.sha256(model).hexdigest() == CARD.model_digest
    assert len(model) <= MOST


def test_the_data_are_attributed() -> None:
    said = " ".join(CARD.limits)
    assert "Kermany" in said
    assert "CC BY 4.0" in said
    assert "10.17632/rscbjbr9sj.2" in said


@pytest.mark.parametrize(
    ("old", "new", "key", "allowed"),
    [
        ('kind = "film"', 'kind = "tabular"', "features", "Missing data"),
        ('kind = "film"', 'kind = "sound"', "kind", "tabular (or left out) or film"),
        ('kind = "film"\n', "", "film", "there is no such key"),
        ('file = "model.onnx"', 'file = "model.ubj"', "model.file", "ending in .onnx"),
        ('file = "model.onnx"', 'file = "../model.onnx"', "model.file", "plain name"),
        ('views = ["AP", "PA"]', "views = []", "film.views", "at least one text"),
        ('views = ["AP", "PA"]', 'views = "AP"', "film.views", "at least one text"),
        ('views = ["AP", "PA"]', 'views = ["AP"]\ndevices = []', "film.devices", "a list of { maker, model"),
        (
            'views = ["AP", "PA"]',
            'views = ["AP"]\ndevices = [{ name = "A" }]',
            "film.devices",
            "a list of { maker",
        ),
        ("{ low = 200, high = 5000 }", "{ low = 5000, high = 200 }", "film.pixels", "low under high"),
        ("scope_at_least = ", "scope = ", "calibration", "scope_at_least"),
        ("slope = ", "slope = -", "calibration.slope", "above zero"),
        ('code = "233604007"', 'code = "1"', "finding", "under present"),
    ],
)
def test_a_bad_card_is_refused_by_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, key: str, allowed: str
) -> None:
    assert old in GOOD
    path = tmp_path / CARD.question / "card.toml"
    path.parent.mkdir()
    path.write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(Fault) as caught:
        load_card(path)
    assert caught.value.category is Category.INCORRECT
    assert key in {issue.path for issue in caught.value.issues}
    assert allowed in str(caught.value)

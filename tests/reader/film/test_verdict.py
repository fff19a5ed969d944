"""From what the process tells to the read."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from server.errors import Category, Fault
from server.model import Answer, ResourceKey
from server.reader.film.outside import Outside
from server.reader.film.verdict import FilmObject, FilmRead, film_read, judged
from tests.reader.build import NOW
from tests.reader.film.build import CARD

FILM = FilmObject(b"one", ResourceKey("Binary", "a", 1))
OTHER = FilmObject(b"another", ResourceKey("Binary", "b", 1))
FITS: dict[str, Any] = {"outside": [], "lossy": True, "rows": 30, "columns": 40, "scope": 1e3}
LATERAL: dict[str, Any] = {"outside": ["VIEW"], "lossy": False, "rows": 30, "columns": 40, "scope": 1e3}


def scored(log_odds: float, told: dict[str, Any] = FITS) -> dict[str, Any]:
    return told | {"log_odds": log_odds, "cells": [[log_odds + 1, log_odds - 1]] * 2}


def read(*told: dict[str, Any], films: tuple[FilmObject, ...] = (FILM, OTHER)) -> FilmRead:
    found = [judged(each, CARD) for each in told]
    return film_read(CARD, films[: len(told)], None, found, NOW)


@pytest.mark.parametrize(("log_odds", "answer"), [(30, Answer.PRESENT), (-30, Answer.ABSENT)])
def test_an_answer_has_a_map_and_its_film(log_odds: float, answer: Answer) -> None:
    made = read(scored(log_odds))
    assert made.read.answer is answer
    assert made.read.reasons == ()
    assert made.film == FILM.source
    assert made.lossy
    assert made.attribution is not None
    assert made.attribution.shape == (30, 40)


def test_between_the_thresholds_it_declines_and_says_so() -> None:
    middle = (CARD.band.absent_at_most + CARD.band.present_at_least) / 2
    raw = (math.log(middle / (1 - middle)) - CARD.calibration["intercept"]) / CARD.calibration["slope"]
    made = read(scored(raw))
    assert made.read.answer is None
    assert made.read.probability == pytest.approx(middle)
    assert "does not answer" in made.read.reasons[0]


def test_a_lateral_film_beside_a_frontal_one_is_left_aside() -> None:
    made = read(scored(30, LATERAL), scored(-30))
    assert made.read.answer is Answer.ABSENT
    assert made.film == OTHER.source
    assert made.read.sources == (FILM.source, OTHER.source)


@pytest.mark.parametrize(
    ("told", "reasons"),
    [
        ([], (Outside.NO_FILM,)),
        ([scored(1, LATERAL)], (Outside.VIEW,)),
        ([scored(1, FITS | {"scope": -1e3})], (Outside.PIXELS,)),
        ([{"outside": ["NOT_DICOM"]}, {"outside": ["AGE", "NOT_DICOM"]}], (Outside.NOT_DICOM, Outside.AGE)),
        ([scored(1), scored(1)], (Outside.SEVERAL,)),
    ],
)
def test_declines_say_why_and_show_nothing(told: list[dict[str, Any]], reasons: tuple[Outside, ...]) -> None:
    made = read(*told)
    assert made.read.answer is None
    assert made.read.probability is None
    assert made.read.reasons == tuple(reason.value for reason in reasons)
    assert made.attribution is None
    assert made.film is None


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"log_odds": math.nan}, "not a number"),
        ({"scope": math.inf}, "not a number"),
        ({"cells": [[math.nan]]}, "not a number"),
        ({"cells": [[2.0]]}, "add up"),
    ],
)
def test_a_score_that_cannot_be_is_a_broken_model(change: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Fault, match=wrong) as caught:
        judged(scored(1.0) | change, CARD)
    assert caught.value.category is Category.BROKEN


def test_the_digest_is_that_of_the_films_in_any_order() -> None:
    one, two = (FILM, OTHER), (OTHER, FILM)
    first, second = (read(scored(1), scored(1), films=films).read.input_digest for films in (one, two))
    assert first == second != read(scored(1)).read.input_digest
    changed = (replace(FILM, content=b"changed"), OTHER)
    assert read(scored(1), scored(1), films=changed).read.input_digest != first

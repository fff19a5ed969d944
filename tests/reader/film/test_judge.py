"""What is said of one object; the model itself is made up here."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from server.model import Span
from server.reader.film.child import Told
from server.reader.film.judge import judge
from server.reader.film.outside import Outside
from tests.reader.film.build import CONTRACT, content, made, ramp

AGES = Span(Decimal(1), Decimal("5.999"))


def said(canvas: np.ndarray) -> Told:
    """Stands for a model."""
    return {"log_odds": float(canvas.mean()), "cells": [[float(canvas.mean())]], "scope": 1.0}


def told(data: bytes, born: date | None = None) -> Told:
    return judge(data, CONTRACT, AGES, born, said)


def test_a_film_that_fits_is_scored() -> None:
    found = told(content(made()))
    assert found["outside"] == []
    assert (found["rows"], found["columns"], found["lossy"]) == (16, 16, False)
    assert found["log_odds"] == pytest.approx(ramp().mean() / 255, abs=0.01)


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # the process is silent, see ``serve``
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Outside.NOT_DICOM),
        (b"%PDF-1.7", Outside.NOT_DICOM),
        (b"\0" * 128 + b"DICM" + b"\xff" * 64, Outside.MODALITY),
        (content(made())[:-200], Outside.DECODING),
        (content(made(PatientAge="045Y")), Outside.AGE),
        (content(made(np.full((16, 16), 7, "u1"))), Outside.FLAT),
        (content(made(((ramp() > 100) * 255).astype("u1"))), Outside.CLIPPED),
        (content(made(ramp("u1", 16)[:6])), Outside.ASPECT),
    ],
)
def test_anything_else_is_outside(data: bytes, reason: Outside) -> None:
    assert reason.name in told(data)["outside"]


def test_header_and_pixels_both_have_their_say() -> None:
    found = told(content(made(BitsAllocated=32, ViewPosition="LL")))
    assert found["outside"] == ["VIEW", "DEPTH"]


def test_what_the_case_knows_of_the_age_reaches_the_scope() -> None:
    assert told(content(made()), date(1970, 1, 1))["outside"] == ["AGE"]

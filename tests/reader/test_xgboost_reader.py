"""The model in its own process, with the real card and model file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.errors import Category, Fault
from server.model import Answer
from server.reader.process import ModelProcess, verified
from server.reader.resident import SELF_TEST_EVERY
from server.reader.scale import columns, probability
from server.reader.xgboost_reader import XgboostReader
from tests.reader.build import (
    BACTERIAL,
    CARD,
    FOLDER,
    NOW,
    OTHER_CARD,
    OTHER_FOLDER,
    UNSURE,
    VIRAL,
    inputs,
)


@pytest.fixture(
    scope="module", params=[(CARD, FOLDER), (OTHER_CARD, OTHER_FOLDER)], ids=["first model", "other model"]
)
def reader(request: pytest.FixtureRequest) -> Iterator[XgboostReader]:
    made = XgboostReader(*request.param)
    made.start()
    yield made
    made.close()


def pid(reader: XgboostReader) -> int:
    assert reader._model.process is not None
    assert reader._model.process.pid is not None
    return reader._model.process.pid


def ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(
    ("values", "said"), [(BACTERIAL, Answer.PRESENT), (VIRAL, Answer.ABSENT), (UNSURE, None)]
)
def test_patients_it_never_saw(reader: XgboostReader, values: dict[str, str], said: Answer | None) -> None:
    made = reader.read(inputs(values), NOW)
    assert made.answer is said
    assert made.baseline_log_odds is not None
    total = made.baseline_log_odds + sum(part.log_odds for part in made.contributions)
    assert probability(total) == pytest.approx(made.probability, abs=1e-3)


def test_the_same_inputs_give_the_same_read(reader: XgboostReader) -> None:
    assert reader.read(inputs(VIRAL), NOW) == reader.read(inputs(VIRAL), NOW)


@pytest.mark.parametrize(
    ("name", "lower", "higher", "sign"),
    [
        ("csf_wbc", "100", "4000", 1),
        ("csf_neut_pct", "5", "95", 1),
        ("csf_gluc", "10", "80", -1),
        ("csf_prot", "20", "400", 1),
    ],
)
def test_what_medicine_is_sure_of_holds(
    reader: XgboostReader, name: str, lower: str, higher: str, sign: int
) -> None:
    chances = [reader.read(inputs(UNSURE | {name: value}), NOW).probability or 0 for value in (lower, higher)]
    assert sign * (chances[1] - chances[0]) > 0


def test_gaps_are_refused(reader: XgboostReader) -> None:
    with pytest.raises(Fault, match="CSF glucose: no result was sent") as caught:
        reader.read(inputs({"csf_wbc": "100", "csf_neut_pct": "5"}), NOW)
    assert caught.value.category is Category.UNPROCESSABLE


def test_outside_it_declines_without_a_model() -> None:
    made = XgboostReader(CARD, FOLDER / "nowhere").read(inputs(VIRAL, years=90), NOW)
    assert made.declined
    assert made.reasons == ("the patient's age is outside the range the model is made for, 0.1 to 85 years",)


@pytest.mark.parametrize("damage", ["other", "gone"])
def test_another_file_never_loads(tmp_path: Path, damage: str) -> None:
    if damage == "other":
        content = bytearray((FOLDER / CARD.model_file).read_bytes())
        content[len(content) // 2] ^= 1
        (tmp_path / CARD.model_file).write_bytes(content)
    reader = XgboostReader(CARD, tmp_path)
    with pytest.raises(Fault) as caught:
        reader.read(inputs(VIRAL), NOW)
    assert caught.value.category is Category.BROKEN
    assert reader._model.process is None


def test_a_model_that_is_not_the_one_of_the_card_fails_the_self_test() -> None:
    card = replace(CARD, calibration={**CARD.calibration, "self_test_high": 0.0})
    reader = XgboostReader(card, FOLDER)
    with pytest.raises(Fault, match="self-test") as caught:
        reader.start()
    assert caught.value.category is Category.BROKEN
    assert reader._model.process is None


def test_the_self_test_is_repeated_every_hour(reader: XgboostReader, monkeypatch: pytest.MonkeyPatch) -> None:
    tested: list[ModelProcess] = []
    monkeypatch.setattr(reader._model, "_test", tested.append)
    monkeypatch.setattr(reader._model, "tested_at", NOW)
    for later in (timedelta(0), SELF_TEST_EVERY - timedelta(seconds=1), SELF_TEST_EVERY, SELF_TEST_EVERY):
        reader.read(inputs(VIRAL), NOW + later)
    assert len(tested) == 1


def test_a_dead_process_is_replaced(reader: XgboostReader) -> None:
    before = pid(reader)
    os.kill(before, signal.SIGKILL)
    assert reader._model.process is not None
    reader._model.process._process.join()
    assert reader.read(inputs(BACTERIAL), NOW).answer is Answer.PRESENT
    assert pid(reader) != before


def test_a_process_that_hangs_is_killed_and_replaced() -> None:
    reader = XgboostReader(CARD, FOLDER)
    reader.start()
    stuck = pid(reader)
    assert reader._model.process is not None
    reader._model.process._limit = timedelta(seconds=0.2)
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(Fault, match="in time") as caught:
        reader.read(inputs(BACTERIAL), NOW)
    assert caught.value.category is Category.UNAVAILABLE
    assert ended(stuck)
    assert reader.read(inputs(BACTERIAL), NOW).answer is Answer.PRESENT
    reader.close()


def test_bytes_that_are_no_model_end_only_their_own_process(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Fault) as caught:
        ModelProcess(b"not a model", columns(CARD))
    assert caught.value.category is Category.UNAVAILABLE
    capfd.readouterr()


def test_a_model_with_other_columns_is_not_used(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Fault):
        ModelProcess(verified(FOLDER / CARD.model_file, CARD.model_digest), ("other", "names"))
    assert "columns" in capfd.readouterr().err


def test_the_checked_bytes_are_the_loaded_ones(tmp_path: Path) -> None:
    """The file may change right after the check: what was checked is what is handed over."""
    path = tmp_path / CARD.model_file
    shutil.copy(FOLDER / CARD.model_file, path)
    content = verified(path, CARD.model_digest)
    path.write_bytes(b"swapped")
    assert content == (FOLDER / CARD.model_file).read_bytes()


def test_the_parent_does_not_load_xgboost() -> None:
    code = "import sys, server.reader.xgboost_reader; sys.exit(bool({'xgboost', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

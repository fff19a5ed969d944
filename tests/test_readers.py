"""The readers of one process: started when needed, or all at once; ended together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server import readers as module
from server.errors import Category, Fault
from server.readers import Readers
from tests.world import CARD

OTHER = replace(CARD, name="another")
SECOND = replace(CARD, name="of-another-question")


class Scripted:
    """Stands for the model's process."""

    made: list[Scripted]

    def __init__(self, card: Any, folder: Path) -> None:
        self.card, self.folder = card, folder
        self.running = 0
        self.made.append(self)

    def start(self) -> None:
        self.running += 1

    def close(self) -> None:
        self.running -= 1


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Scripted]:
    monkeypatch.setattr(Scripted, "made", [], raising=False)
    monkeypatch.setattr(module, "XgboostReader", Scripted)
    return Scripted.made


def test_a_reader_is_started_when_first_needed_and_once(made: list[Scripted], tmp_path: Path) -> None:
    readers = Readers(tmp_path, {"q1": CARD}, {"q1": OTHER}, bytes.fromhex)
    assert made == []
    assert readers(CARD.identity) is readers(CARD.identity)
    assert readers(OTHER.identity) is not readers(CARD.identity)
    assert [(each.folder, each.running) for each in made] == [
        (tmp_path / "q1", 1),
        (tmp_path / "q1" / "other", 1),
    ]


def test_a_start_loads_what_every_case_needs_and_leaves_other_models_to_the_first_assessment(
    made: list[Scripted], tmp_path: Path
) -> None:
    readers = Readers(tmp_path, {"q1": CARD, "q2": SECOND}, {"q1": OTHER}, bytes.fromhex)
    readers.start_first()
    assert [each.card for each in made] == [CARD, SECOND]
    assert [each.running for each in made] == [1, 1]


def test_readers_are_ended_together(made: list[Scripted], tmp_path: Path) -> None:
    readers = Readers(tmp_path, {"q1": CARD}, {"q1": OTHER}, bytes.fromhex)
    readers.start_first()
    readers(OTHER.identity)
    assert [each.running for each in made] == [1, 1]
    readers.close()
    assert [each.running for each in made] == [0, 0]


def test_a_reader_that_cannot_start_is_tried_again(
    made: list[Scripted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = Readers(tmp_path, {"q1": CARD}, {}, bytes.fromhex)

    def breaks(_self: Scripted) -> None:
        raise Fault(Category.BROKEN)

    with monkeypatch.context() as broken:
        broken.setattr(Scripted, "start", breaks)
        with pytest.raises(Fault):
            readers(CARD.identity)
    assert readers(CARD.identity).running == 1  # type: ignore[attr-defined]
    assert len(made) == 2

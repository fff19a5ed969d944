"""Putting the house together: it opens with everything in its place, or says what is not."""

from __future__ import annotations

import shutil
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server import wiring
from server.errors import Category, Fault
from server.model import Destination
from server.settings import Settings
from server.store.database import Database, prepare_folder
from server.store.migrate import migrate
from server.wiring import (
    House,
    Readers,
    audit_key,
    build,
    case_worker,
    delivery_lease,
    delivery_worker,
    desk,
    load_configuration,
)
from tests.world import CARD

BUILT_IN = Settings()


@pytest.fixture
def ready(tmp_path: Path) -> Settings:
    """Settings of a folder whose database has the present schema."""
    chosen = Settings(data=tmp_path / "data", max_entries=7, max_resource=8, max_body=9)
    prepare_folder(chosen.data)
    database = Database(chosen.database)
    migrate(database)
    database.close()
    return chosen


@pytest.fixture
def house(ready: Settings) -> Iterator[House]:
    opened = build(ready)
    yield opened
    opened.database.close()


def test_the_house_opens_on_embedded_defaults(house: House) -> None:
    assert house.cards.keys() == house.policies.keys() == {"bacterial-meningitis"}
    assert house.destinations == ()
    assert house.database.engine.url.database == str(house.settings.database)
    assert house.ledger.recent(1) == []


def test_a_database_without_schema_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="python -m server migrate") as refused:
        build(Settings(data=tmp_path / "new"))
    assert refused.value.category is Category.UNAVAILABLE


def test_a_card_without_a_policy_is_refused_by_name(tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    shutil.copytree(BUILT_IN.cards, cards)
    (cards / "bacterial-meningitis").rename(cards / "another-question")
    card = cards / "another-question" / "card.toml"
    card.write_text(
        card.read_text().replace('question = "bacterial-meningitis"', 'question = "another-question"')
    )
    with pytest.raises(Fault, match="has no policy for: another-question") as refused:
        load_configuration(Settings(cards=cards))
    assert refused.value.category is Category.INCORRECT


def test_the_door_keeps_the_limits_of_the_settings(house: House) -> None:
    made = desk(house)
    assert (made.max_entries, made.max_resource, made.max_bundle) == (7, 8, 9)
    assert made.base == house.settings.fhir_base


def destination(seconds: float) -> Destination:
    return Destination("x", "http://127.0.0.1:9", ("urn:x",), timedelta(seconds=seconds))


def test_a_delivery_is_held_for_longer_than_the_slowest_line_may_take() -> None:
    lease = timedelta(seconds=60)
    assert delivery_lease((), lease) == lease
    slow = delivery_lease((destination(5), destination(30)), lease)
    assert slow == delivery_lease((destination(30),), lease)
    assert slow > lease + timedelta(seconds=30)


def test_workers_work_on_the_house(house: House) -> None:
    assert not case_worker(house, pytest.fail).once()
    assert not delivery_worker(house).once()


# -- the audit lottery's key -------------------------------------------------------------------


def test_the_audit_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    prepare_folder(tmp_path)
    first = audit_key(tmp_path)
    assert len(first) == 32
    assert audit_key(tmp_path) == first
    [path] = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = tmp_path / "other"
    other.mkdir()
    assert audit_key(other) != first


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    together, found = threading.Barrier(8), []

    def start() -> None:
        together.wait(10)
        found.append(audit_key(tmp_path))

    starters = [threading.Thread(target=start) for _ in range(8)]
    for each in starters:
        each.start()
    for each in starters:
        each.join(10)
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["audit.key"]


# -- readers -----------------------------------------------------------------------------------


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
    monkeypatch.setattr(wiring, "XgboostReader", Scripted)
    return Scripted.made


def test_a_reader_is_started_when_first_needed_and_once(made: list[Scripted], tmp_path: Path) -> None:
    readers = Readers(tmp_path, {"q1": CARD, "q2": CARD})
    assert made == []
    assert readers("q1") is readers("q1")
    assert [(each.folder, each.running) for each in made] == [(tmp_path / "q1", 1)]


def test_all_readers_are_started_and_ended_together(made: list[Scripted], tmp_path: Path) -> None:
    readers = Readers(tmp_path, {"q1": CARD, "q2": CARD})
    readers.start_all()
    assert [each.running for each in made] == [1, 1]
    readers.close()
    assert [each.running for each in made] == [0, 0]


def test_a_reader_that_cannot_start_is_tried_again(
    made: list[Scripted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = Readers(tmp_path, {"q1": CARD})

    def breaks(_self: Scripted) -> None:
        raise Fault(Category.BROKEN)

    with monkeypatch.context() as broken:
        broken.setattr(Scripted, "start", breaks)
        with pytest.raises(Fault):
            readers("q1")
    assert readers("q1").running == 1  # type: ignore[attr-defined]
    assert len(made) == 2

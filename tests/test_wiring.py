"""Putting the house together: it opens with everything in its place, or says what is not."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from server.clock import now
from server.errors import Category, Fault
from server.fhir.smart.logins import Logins
from server.image_desk import pictured
from server.keys import audit_key
from server.leases import delivery_lease
from server.model import Destination
from server.settings import Settings
from server.store.database import Database, prepare_folder
from server.store.migrate import migrate, needed
from server.wiring import House, bring_up_to_date, build, desk
from server.workers import case_worker, delivery_worker

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
    assert house.cards.keys() == house.policies.keys() == {"bacterial-meningitis", "child-pneumonia"}
    assert house.destinations == ()
    assert house.database.engine.url.database == str(house.settings.database)
    assert house.ledger.recent(1) == []


def test_the_schema_is_made_and_then_left_alone(tmp_path: Path) -> None:
    chosen = Settings(data=tmp_path / "data")
    assert bring_up_to_date(chosen) == (None, needed())
    assert bring_up_to_date(chosen) == (needed(), needed())
    assert not (chosen.data / "second-reader.db-wal").exists(), "the last to close the database removes it"


def test_a_database_without_schema_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="python -m server migrate") as refused:
        build(Settings(data=tmp_path / "new"))
    assert refused.value.category is Category.UNAVAILABLE


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
    assert not delivery_worker(house, Logins(now)).once()


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


def test_auditors_are_told_of_a_search_that_finds_more_studies_than_one_query_can_name(house: House) -> None:
    assert pictured(house.shelf, [f"1.2.{number}" for number in range(5_000)]) == ()

"""What would keep a process from starting is found without starting it."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.errors import Fault
from server.groundwork import bring_up_to_date, demand_sound
from server.settings import Settings
from server.store.database import Database
from server.store.migrate import needed


@pytest.fixture
def data(tmp_path: Path) -> Path:
    bring_up_to_date(Settings(data=tmp_path / "data"))
    return tmp_path / "data"


def test_a_sound_folder_is_let_pass(data: Path) -> None:
    demand_sound(Settings(data=data))


@pytest.mark.parametrize(
    ("setting", "where", "sentence"),
    [
        ("data", "empty", "run: python -m server migrate"),
        ("cards", "none", "holds no card"),
        ("policies", "none", "does not exist"),
        ("destinations", "none.toml", "cannot be read"),
    ],
)
def test_what_is_in_the_way_is_told(
    data: Path, tmp_path: Path, setting: str, where: str, sentence: str
) -> None:
    with pytest.raises(Fault, match=sentence):
        demand_sound(Settings(**{"data": data, setting: tmp_path / where}))


def test_the_schema_is_made_and_then_left_alone(tmp_path: Path) -> None:
    chosen = Settings(data=tmp_path / "data")
    assert bring_up_to_date(chosen) == (None, needed())
    assert bring_up_to_date(chosen) == (needed(), needed())


def test_a_schema_of_a_version_to_come_is_not_touched(data: Path) -> None:
    database = Database(data / "second-reader.db")
    database.write(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(Fault, match="at revision 9999, which this version does not know"):
        bring_up_to_date(Settings(data=data))


def test_nothing_is_left_open(data: Path) -> None:
    demand_sound(Settings(data=data))
    bring_up_to_date(Settings(data=data))
    names = [each.name for each in data.iterdir()]
    assert not [name for name in names if name.endswith("-wal")], "the last to close the database removes it"

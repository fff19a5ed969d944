"""``check``: one line for each thing that could stop the server."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pysqlite3
import pytest

from server import checks
from server.checks import Line, run
from server.commands import main
from server.settings import Settings
from server.store.migrate import needed
from tests.certificates import Authority
from tests.postgres import Cluster


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path / "data"))


def lines() -> dict[str, Line]:
    return {each.what: each for each in run()}


def migrate() -> None:
    main(["migrate"], standalone_mode=False)


def test_a_sound_installation_passes_every_line(tmp_path: Path) -> None:
    found = lines()
    assert [each for each in found.values() if not each.good] == []
    assert " under bacterial-meningitis@" in found["cards and policies"].detail
    assert found["cards and policies"].detail.endswith(", abm-forest@1.0.0 for assessments")
    assert found["cards and policies"].detail.count("(of any device: its card names none)") == 1
    assert found["destinations"].detail == "none"
    assert found["data folder"].detail == str(tmp_path / "data")
    new = f"; {tmp_path / 'data' / 'second-reader.db'} is not there yet, 'migrate' or 'up' makes it"
    assert found["database"].detail.endswith(f"journal_mode=WAL, synchronous=FULL{new}")


def test_the_schema_is_told() -> None:
    migrate()
    assert f"schema {needed()} (this version needs {needed()})" in lines()["database"].detail


def test_every_pinned_requirement_that_is_looked_at_is_one() -> None:
    requirements = (Path(__file__).parents[1] / "requirements.txt").read_text()
    pinned = {line.partition("==")[0] for line in requirements.splitlines() if "==" in line}
    assert set(checks._DEPENDENCIES) <= pinned


def test_a_missing_dependency_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_DEPENDENCIES", ("flask", "no-such-distribution"))
    found = lines()
    assert found["flask"].good
    assert found["no-such-distribution"] == Line(
        False, "no-such-distribution", "not installed; pip install -r requirements.txt"
    )


def test_an_unsafe_sqlite_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pysqlite3, "sqlite_version_info", (3, 40, 1))
    assert "needed: 3.51.3 or newer" in lines()["database"].detail
    assert not lines()["database"].good


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("CARDS", "{folder}/none", "cards and policies"),
        ("POLICIES", "{folder}/none", "cards and policies"),
        ("DESTINATIONS", "{folder}/none.toml", "destinations"),
        ("DATA", "/dev/null/data", "data folder"),
        ("PORT", "http", "settings"),
        ("TLS_KEY", "{folder}/none.key", "settings"),
    ],
)
def test_what_is_in_the_way_is_told_on_its_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, line: str
) -> None:
    monkeypatch.setenv(f"SECOND_READER_{variable}", value.format(folder=tmp_path))
    wrong = [each.what for each in run() if not each.good]
    assert wrong == [line]


def test_the_certificate_is_told_with_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines()["TLS"].detail == "none: the door speaks plain HTTP"
    authority = Authority(tmp_path)
    for name, path in zip(("CERTIFICATE", "KEY"), authority.signs("door"), strict=True):
        monkeypatch.setenv(f"SECOND_READER_TLS_{name}", str(path))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert lines()["TLS"].detail.startswith(f"the certificate holds until {tomorrow:%Y-%m-%d} ")
    assert "base https://" in lines()["settings"].detail
    monkeypatch.setenv("SECOND_READER_TLS_CLIENT_CA", str(authority.file))
    assert lines()["TLS"].detail.endswith(" UTC, client certificates are demanded")
    authority.signs("door", days=-1)
    assert not lines()["TLS"].good
    assert "TLS_CERTIFICATE is out of date since" in lines()["TLS"].detail


def test_the_dicom_ports_are_told_and_until_when_their_certificate_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lines()["dicom"].detail.startswith("listening on 127.0.0.1:11112, to this machine")
    authority = Authority(tmp_path)
    monkeypatch.setenv("SECOND_READER_DICOM_TLS_PORT", "2762")
    for name, path in zip(("CERTIFICATE", "KEY"), authority.signs("door"), strict=True):
        monkeypatch.setenv(f"SECOND_READER_DICOM_TLS_{name}", str(path))
    told = "listening on 127.0.0.1:11112 and 2762 by TLS (the certificate holds until "
    assert lines()["dicom"].detail.startswith(told)
    monkeypatch.setenv("SECOND_READER_DICOM_PORT", "0")
    assert lines()["dicom"].detail.startswith("listening on 127.0.0.1:2762 by TLS (")
    authority.signs("door", days=-1)
    assert "SECOND_READER_DICOM_TLS_CERTIFICATE is out of date since" in lines()["dicom"].detail


def test_the_ports_and_links_of_the_hl7_v2_door_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_READER_MLLP_PORT", "0")
    assert lines()["mllp"].detail == "no port: there is no HL7 v2 door"
    monkeypatch.delenv("SECOND_READER_MLLP_PORT")
    assert lines()["mllp"].detail == "listening on 127.0.0.1:2575, to this machine; nobody is told apart"
    links = tmp_path / "links.toml"
    links.write_text('[[link]]\nname = "ris"\nsender = {}\naddresses = ["10.0.0.1"]\n')
    monkeypatch.setenv("SECOND_READER_MLLP_LINKS", str(links))
    assert lines()["mllp"].detail == "listening on 127.0.0.1:2575, to ris"
    monkeypatch.setenv("SECOND_READER_MLLP_TLS_PORT", "2576")
    for name, path in zip(("CERTIFICATE", "KEY"), Authority(tmp_path).signs("door"), strict=True):
        monkeypatch.setenv(f"SECOND_READER_MLLP_TLS_{name}", str(path))
    told = "listening on 127.0.0.1:2575 and 2576 by TLS (the certificate holds until "
    assert lines()["mllp"].detail.startswith(told)
    links.write_text("[[link]]")
    assert not lines()["mllp"].good


def test_without_settings_nothing_that_depends_on_them_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_READER_PORT", "http")
    assert "data folder" not in lines()


def test_a_database_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "second-reader.db").mkdir()
    assert not lines()["database"].good


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "second-reader.db").write_bytes(b"this is not a database" * 100)
    assert not lines()["database"].good


def test_a_postgresql_is_told_with_its_version_durability_and_schema(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_READER_DATABASE_URL", postgres.url_with_password("store"))
    told = lines()["database"]
    assert told.good
    assert re.fullmatch(
        r"PostgreSQL 1[0-9.]+, database store at 127\.0\.0\.1, synchronous_commit=on, fsync=on, "
        r"full_page_writes=on; schema ([0-9]{4}) \(this version needs \1\)",
        told.detail,
    )


@pytest.mark.parametrize("what", ["password", "nobody there", "database", "durability"])
def test_a_postgresql_that_cannot_be_used_is_told_with_the_reason(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    url, words = {
        "password": (postgres.url_with_password("store", "hidden"), "password authentication failed"),
        "nobody there": ("postgresql://me:hidden@127.0.0.1:1/store", "refused"),
        "database": (postgres.url("nowhere"), 'database "nowhere" does not exist'),
        "durability": (f"{postgres.url('store')}&options=-csynchronous_commit%3Doff", "set it to on"),
    }[what]
    monkeypatch.setenv("SECOND_READER_DATABASE_URL", url)
    told = lines()
    assert [each.what for each in told.values() if not each.good] == ["database"]
    assert words in told["database"].detail
    assert "hidden" not in str(told)


def test_another_model_than_the_cards_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(Settings().cards, tmp_path / "cards")
    (tmp_path / "cards" / "bacterial-meningitis" / "model.ubj").write_bytes(b"another")
    monkeypatch.setenv("SECOND_READER_CARDS", str(tmp_path / "cards"))
    assert "the SHA-256 differs" in lines()["cards and policies"].detail
    assert [each.what for each in run() if not each.good] == ["cards and policies"]

"""``python -m server import``: what a person sees of it, and where the names of files go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydicom.data import get_testdata_files

from server import importing
from server.commands import main
from server.dicom.files.found import Became
from server.errors import Fault
from server.settings import load
from server.wiring import build
from tests.dicom import wire
from tests.dicom.encoded import ct
from tests.dicom.web.messages import part10
from tests.flow.processes import PROJECT, until

Run = Callable[..., Result]
HOSTILE = PROJECT.parent / "shared" / "data" / "dicom-hostile" / "corpus.tar.xz"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path / "data"))
    CliRunner().invoke(main, ["migrate"])
    return tmp_path / "data"


@pytest.fixture
def run(data: Path) -> Run:
    def command(*words: object) -> Result:
        result = CliRunner().invoke(main, ["import", *map(str, words)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return command


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    made = tmp_path / "disc"
    made.mkdir()
    return made


def held(data: Path) -> int:
    house = build(load({"SECOND_READER_DATA": str(data)}))
    try:
        study = house.images.study("1.2.826.0.1.3680043.8.498.2")
        return len(study.objects) if study is not None else 0
    finally:
        house.close()


def test_it_says_what_came_and_ends_with_0(run: Run, disc: Path, data: Path) -> None:
    (disc / "a").write_bytes(part10())
    (disc / "autorun.inf").write_text("[autorun]")
    told = run(disc)
    assert told.exit_code == 0
    assert told.output.splitlines() == [
        f"not DICOM: {disc}/autorun.inf: after 128 bytes there is no DICM (PS3.10 7.1)",
        "1 new, 1 not DICOM",
    ]
    assert run(disc).output.splitlines()[-1] == "1 already here, 1 not DICOM"
    assert held(data) == 1


def test_it_ends_with_1_when_something_was_refused(run: Run, disc: Path) -> None:
    (disc / "a").write_bytes(part10()[:-1])
    told = run(disc)
    assert (told.exit_code, told.output.splitlines()[-1]) == (1, "1 refused")


def test_two_contents_of_one_uid_are_told(run: Run, disc: Path) -> None:
    (disc / "a").write_bytes(part10())
    (disc / "b").write_bytes(part10(ct(pixels=514)))
    told = run(disc)
    assert told.exit_code == 0
    assert f"same UID, other bytes: {disc}/b: both are kept, and a person must decide" in told.output


def test_the_report_has_a_line_for_each_file_and_is_for_its_owner_alone(
    run: Run, disc: Path, tmp_path: Path
) -> None:
    (disc / "a").write_bytes(part10())
    (disc / os.fsdecode(b"M\xfcller\x1b[2J")).write_bytes(b"")
    report = tmp_path / "report.jsonl"
    told = run("--report", report, disc)
    lines = [json.loads(each) for each in report.read_text().splitlines()]
    assert [(each["became"], each["why"]) for each in lines] == [("not DICOM", "it is empty"), ("new", "")]
    assert report.stat().st_mode & 0o777 == 0o600
    assert "\x1b" not in told.output, "what a terminal obeys is shown, not sent"
    with pytest.raises(Fault, match="name a new file"):
        run("--report", report, disc)


def test_names_of_files_are_in_no_log_and_no_table(disc: Path, data: Path) -> None:
    (disc / "MUELLER_ADA").write_bytes(part10())
    (disc / "MUELLER_ADA_2").write_bytes(part10()[:-1])
    told = subprocess.run(
        [sys.executable, "-m", "server", "import", str(disc)], cwd=PROJECT, capture_output=True, check=False
    )
    assert told.returncode == 1
    assert b"MUELLER" in told.stdout
    assert b"MUELLER" not in told.stderr
    assert not [each for each in data.rglob("*") if each.is_file() and b"MUELLER_ADA" in each.read_bytes()]


def test_ctrl_c_ends_it_with_one_sentence_and_what_came_is_kept(disc: Path, data: Path) -> None:
    for number in range(2_000):
        instance = wire.INSTANCE + b".%d" % number
        (disc / f"{number:05}").write_bytes(part10(ct(instance), instance))
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "import", str(disc)],
        cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: any(_files(data)), 60.0, "something is kept")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (
        130,
        "interrupted: what is counted here is kept; the same command goes on\n",
    )
    assert out == f"{held(data)} new\n"
    assert len(list(_files(data))) == held(data)
    assert not list((data / "staging").iterdir())


def _files(data: Path) -> list[Path]:
    return [each for each in (data / "vault").rglob("*") if each.is_file()]


def test_a_disk_without_room_stops_it(run: Run, disc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (disc / "a").write_bytes(part10())
    monkeypatch.setattr("server.dicom.receive.staging.Staging.has_room", lambda _: False)
    told = run(disc)
    assert told.exit_code == 2
    assert "stopped: there is no room for objects on this disk; the same command goes on" in told.output


def test_progress_is_told_in_lines_where_there_is_no_terminal(
    run: Run, disc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_WORD_SECONDS", 0.0)
    (disc / "a").write_bytes(part10())
    (disc / "b").write_bytes(b"text")
    assert "1 of 2: 1 new\n2 of 2: 1 new, 1 not DICOM\n" in run(disc).output


def test_on_a_terminal_there_is_a_bar_and_a_table(
    run: Run, disc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    (disc / "[red]a").write_bytes(part10()[:-1])
    told = run(disc)
    assert "[red]a" in told.output
    assert "longer than what there is of it" in told.output


def test_every_file_of_pydicom_is_kept_or_told_why(run: Run, tmp_path: Path) -> None:
    root = Path(get_testdata_files("CT_small.dcm")[0]).parent
    told = run("--report", tmp_path / "report", root)
    lines = [json.loads(each) for each in (tmp_path / "report").read_text().splitlines()]
    assert told.exit_code == 1
    assert all(each["why"] for each in lines if each["became"] in ("refused", "missing", "not DICOM"))
    kept = [each for each in lines if each["became"] in ("new", Became.HERE, Became.BESIDE)]
    assert len(kept) > 100
    foreign = [Path(each["file"]).name for each in lines if each["became"] == "not DICOM"]
    assert [each for each in foreign if each.endswith(".dcm")] == ["no_meta.dcm"], "it begins with a blank"


def test_hostile_files_are_kept_or_refused_and_nothing_is_left(run: Run, tmp_path: Path, data: Path) -> None:
    if not HOSTILE.is_file():
        pytest.skip(f"no {HOSTILE.name} beside the project (../shared/data/dicom-hostile)")
    with tarfile.open(HOSTILE) as archive:
        archive.extractall(tmp_path / "hostile", filter="data")
    told = run("--report", tmp_path / "report", tmp_path / "hostile")
    lines = [json.loads(each) for each in (tmp_path / "report").read_text().splitlines()]
    assert told.exit_code == 1
    assert len(lines) == sum(1 for each in (tmp_path / "hostile").rglob("*") if each.is_file())
    assert not list((data / "staging").iterdir())

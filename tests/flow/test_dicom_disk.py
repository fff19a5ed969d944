"""A full disk is answered and survived; what was acknowledged is there after the power has failed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.dicom import wire
from tests.dicom.door import Speaker
from tests.dicom.encoded import ct
from tests.flow.disk import Disk, NotPossible
from tests.flow.listener import Listener, listening
from tests.flow.modality import data_set
from tests.flow.processes import until


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    place = tmp_path / "small"
    place.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small disk cannot be mounted here: it needs root")
    options = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if subprocess.run(options, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_d112_a_full_disk_is_answered_and_survived(small: Path, tmp_path: Path) -> None:
    filler = small / "filler"
    filler.write_bytes(bytes(4_000_000))
    with listening(small / "data", tmp_path) as listener:
        with listener.associated() as speaker:
            statuses = []
            while not statuses or statuses[-1] == 0:
                instance = wire.INSTANCE + b".%d" % len(statuses)
                data = ct(instance, pixels=700_000)
                statuses.append(speaker.store(data, command=wire.store(instance=instance))[0])
                assert len(statuses) < 20
            assert statuses[-1] == 0xA700
            until(lambda: not listener.staged(), 5.0, "nothing is left in the staging folder")
            # Of the one that was refused the bytes may be there, when it was the index that had no room.
            assert _indexed(small / "data") == len(statuses) - 1
            assert len(listener.files()) - len(statuses) in (-1, 0)
            assert speaker.echo() == 0
            filler.unlink()
            assert speaker.store(data, command=wire.store(instance=instance))[0] == 0
        until(lambda: _associates(listener), 10.0, "new associations are taken again")


def _indexed(data: Path) -> int:
    with closing(sqlite3.connect(f"file:{data / 'second-reader.db'}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM image").fetchone()[0])


def _associates(listener: Listener) -> bool:
    with Speaker(listener.port) as speaker:
        speaker.send(wire.request())
        return speaker.read()[0] == 0x02


@pytest.mark.campaign
def test_what_was_acknowledged_is_there_after_a_power_cut(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    try:
        with Disk(tmp_path) as disk:
            for cut in range(max(1, request.config.getoption("cuts") // 3)):
                _cut(disk, tmp_path / f"cut-{cut}", cut)
    except NotPossible as reason:
        pytest.skip(f"no power to cut on this machine: {reason}")


def _cut(disk: Disk, folder: Path, cut: int) -> None:
    folder.mkdir()
    with listening(disk.mount_point / f"data-{cut}", folder) as listener:
        sent = []
        with listener.associated() as speaker:
            for number in range(40):
                instance = wire.INSTANCE + b".%d.%d" % (cut + 1, number + 1)
                sent.append(ct(instance, pixels=3_000_000 if number % 10 == 9 else 9_000))
                assert speaker.store(sent[-1], command=wire.store(instance=instance))[0] == 0
        disk.cut()
    disk.power_on()
    kept = {data_set(each) for each in listener.files()}
    assert kept == set(sent)

"""The vault: bytes are whole and flushed under their digest before anyone relies on them."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.store.vault import Vault

CONTENT = b"a study, say" * 1_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
KILLED = """
import os, pathlib, sys
from server.store.vault import Vault
vault = Vault(pathlib.Path(sys.argv[1]))
def stop(*_):
    os._exit(9)
if sys.argv[2] == "fsync":
    os.fsync = stop
else:
    pathlib.Path.rename = stop
vault.put(b"a study, say" * 1000)
"""


def files(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to the disk, in order, as it is done."""
    told: list[str] = []
    fsync, rename, mkdir = os.fsync, Path.rename, Path.mkdir

    def watched_fsync(handle: int) -> None:
        whole = Path(f"/proc/self/fd/{handle}").resolve()
        told.append(f"fsync {'folder ' + whole.name if stat.S_ISDIR(os.fstat(handle).st_mode) else 'file'}")
        fsync(handle)

    def watched_rename(path: Path, target: Path) -> Path:
        assert path.read_bytes() == CONTENT, "the file is whole before it gets its name"
        told.append(f"rename from {path.parent.name}")
        return rename(path, target)

    def watched_mkdir(path: Path, *args: object, **more: object) -> None:
        told.append(f"mkdir {path.name}")
        mkdir(path, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "rename", watched_rename)
    monkeypatch.setattr(Path, "mkdir", watched_mkdir)
    return told


def test_the_order_that_survives_a_power_cut(tmp_path: Path, steps: list[str]) -> None:
    vault = Vault(tmp_path)
    steps.clear()
    assert vault.put(CONTENT) == DIGEST
    assert steps == [
        "fsync file",
        "rename from staging",
        f"fsync folder {DIGEST[:2]}",
    ]


def test_the_folders_of_the_vault_are_made_and_flushed_once(tmp_path: Path, steps: list[str]) -> None:
    Vault(tmp_path)
    assert steps[-2:] == ["mkdir ff", "fsync folder vault"]
    assert len({each for each in steps if each.startswith("mkdir")}) == 258
    steps.clear()
    Vault(tmp_path)
    assert steps[-1] == "fsync folder vault"
    assert "mkdir 00" not in steps


def test_bytes_that_are_there_are_not_written_again_but_their_name_is_flushed(
    tmp_path: Path, steps: list[str]
) -> None:
    vault = Vault(tmp_path)
    vault.put(CONTENT)
    steps.clear()
    assert vault.put(CONTENT) == DIGEST
    assert steps == [f"fsync folder {DIGEST[:2]}"]
    assert files(tmp_path) == [f"vault/{DIGEST[:2]}/{DIGEST}"]


def test_bytes_come_back(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    for content in (CONTENT, b"", b"other"):
        assert vault.get(vault.put(content)) == content
    with pytest.raises(FileNotFoundError):
        vault.get("0" * 64)


@pytest.mark.parametrize("at", ["fsync", "rename"])
def test_killed_in_the_middle_leaves_nothing_that_could_be_taken_for_whole(tmp_path: Path, at: str) -> None:
    Vault(tmp_path)
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, at], check=False)
    assert done.returncode == 9
    left = files(tmp_path)
    assert all(each.startswith("staging/") for each in left)
    with pytest.raises(FileNotFoundError):
        Vault(tmp_path).get(DIGEST)
    assert Vault(tmp_path).put(CONTENT) == DIGEST
    assert Vault(tmp_path).get(DIGEST) == CONTENT


def test_a_full_disk_leaves_no_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(tmp_path)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        vault.put(CONTENT)
    assert [each for each in files(tmp_path) if each.startswith("vault/")] == []


def test_sweep_removes_what_dead_processes_left_and_nothing_in_use(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.put(CONTENT)
    dead, alive = tmp_path / "staging" / "dead", tmp_path / "staging" / "alive"
    for each in (dead, alive):
        each.write_bytes(b"half")
    hour_ago = time.time() - 3_600
    os.utime(dead, (hour_ago, hour_ago))
    os.utime(tmp_path / "vault" / DIGEST[:2] / DIGEST, (hour_ago, hour_ago))
    assert vault.sweep() == 1
    assert files(tmp_path) == ["staging/alive", f"vault/{DIGEST[:2]}/{DIGEST}"]
    assert vault.sweep() == 0


def test_folders_are_their_owners_alone(tmp_path: Path) -> None:
    Vault(tmp_path).put(CONTENT)
    folders = [each for each in tmp_path.rglob("*") if each.is_dir()]
    assert {stat.S_IMODE(each.stat().st_mode) for each in folders} == {0o700}

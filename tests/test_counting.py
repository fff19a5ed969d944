"""Counts of several listeners: added up, told in a file, and never named by what came."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.counting import BUCKETS, Counts, read, write
from server.dicom.receive.counts import FILE, NAMES
from server.tally import Tally

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")


@pytest.fixture
def counts() -> Iterator[Counts]:
    made = Counts(NAMES, 2)
    yield made
    made.close()


def test_parts_are_added_up_over_processes(counts: Counts) -> None:
    child = os.fork()
    if not child:
        part = counts.part(1)
        part.add("objects stored", 3)
        part.took(0.02)
        os._exit(0)
    os.waitpid(child, 0)
    with_ours = Tally(counts.part(0))
    with_ours.count("objects", "stored")
    with_ours.took(99.0)
    told = counts.told(1.0, 4)
    assert (told.counts["objects stored"], told.seats, sum(told.counts.values())) == (4, 4, 4)
    assert told.times[BUCKETS.index(0.025)] == told.times[-1] == 1
    assert told.seconds == pytest.approx(99.02)
    del with_ours


def test_who_takes_a_part_over_goes_on_from_there(counts: Counts) -> None:
    counts.part(0).add("bytes", 2**40)
    counts.part(0).add("bytes")
    assert counts.told(0, 0).counts["bytes"] == 2**40 + 1


def test_what_is_not_known_is_not_counted(counts: Counts) -> None:
    Tally(counts.part(0)).count("objects failed", "MüllerError")
    assert not sum(counts.told(0, 0).counts.values())
    assert all(each.isascii() for each in NAMES)


def test_the_file_is_read_as_it_was_written(counts: Counts, tmp_path: Path) -> None:
    assert read(tmp_path, FILE) is None
    counts.part(1).add("objects stored")
    told = counts.told(7.5, 1)
    write(tmp_path, FILE, told)
    assert read(tmp_path, FILE) == told
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("content", ["", "{}", '{"at": 1}'])
def test_another_file_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert read(tmp_path, FILE) is None

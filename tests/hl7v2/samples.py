"""The real-shaped messages that lie beside the checkout, where they do."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

FOLDER = next(
    (
        each / "shared" / "data" / "hl7v2" / "messages"
        for each in Path(__file__).resolve().parents
        if (each / "shared" / "data" / "hl7v2" / "messages").is_dir()
    ),
    None,
)
MESSAGES = pytest.mark.skipif(FOLDER is None, reason="the messages of ../shared/data/hl7v2 are not here")


TABLE = Path(__file__).with_name("samples.tsv")


def rows() -> list[dict[str, str]]:
    """What becomes of each: file, kind, verdict, place, notes and why."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def taken() -> list[tuple[str, str]]:
    """Files and structures."""
    return [(each["file"], each["structure"]) for each in rows() if each["answer"] == "AA"]


def payload(name: str) -> bytes:
    assert FOLDER is not None
    return (FOLDER / name).read_bytes()

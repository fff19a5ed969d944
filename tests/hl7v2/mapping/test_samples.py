"""The sample messages that this door takes: a story of each, and every resource of it valid."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from server.fhir.parse import parse
from server.fhir.validate import check
from server.fhir.write import dump
from server.hl7v2.link import Link, Named
from server.hl7v2.mapping.drafts import Story
from server.hl7v2.mapping.story import story
from server.hl7v2.reading import message
from server.hl7v2.refusal import Refusal
from tests.hl7v2.mapping.telling import NOW

MESSAGES = Path(__file__).resolve().parents[4] / "shared/data/hl7v2/messages"
MADE = Path(__file__).with_name("samples.tsv")
pytestmark = pytest.mark.skipif(not MESSAGES.is_dir(), reason="the sample messages are not at ../shared/data")
LINK = Link("hospital", Named("", ""), (), character_set="UNICODE UTF-8")


def stories() -> dict[str, Story]:
    """Of those that are taken."""
    told = ((path.stem, _told(path)) for path in sorted(MESSAGES.glob("*.hl7")))
    return {name: each for name, each in told if each is not None}


def _told(path: Path) -> Story | None:
    try:
        return story(message(path.read_bytes(), LINK), LINK, NOW)
    except Refusal:
        return None


def test_every_resource_of_every_sample_is_valid() -> None:
    found = stories()
    for told in found.values():
        for draft in told.drafts:
            check(parse(dump(draft.resource)), draft.type)
    assert len(found) == 30


def test_what_is_made_of_each_is_as_listed() -> None:
    """Renewed by hand: a change here changes what hospitals find."""
    made = {
        name: ", ".join(
            f"{count} {type_}" for type_, count in sorted(Counter(d.type for d in told.drafts).items())
        )
        for name, told in stories().items()
    }
    with MADE.open(encoding="utf-8", newline="") as text:
        listed = {row["message"]: row["made"] for row in csv.DictReader(text, delimiter="\t")}
    assert made == listed


_TERMS = frozenset({"FHIR", "OBR", "ORC", "URL,", "UID,", "XCN", "NDL", "Y", "N,"})
_PLACE = re.compile(r"[A-Z0-9]{3}(\[\d+\])?-\d+|PID|[A-Z][A-Za-z]+")


def test_no_remark_and_no_doubt_quotes_a_message() -> None:
    """They go to the log and the console: words of ours and places only."""
    for told in stories().values():
        for each in (*told.notes, *told.doubts):
            *words, place = each.split()
            assert _PLACE.fullmatch(place), each
            assert all(word in _TERMS or word.islower() for word in words), each

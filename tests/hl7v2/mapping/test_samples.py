"""The sample messages that this door takes: a story of each, and every resource of it valid."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from server.fhir.parse import parse
from server.fhir.validate import check
from server.fhir.write import dump
from server.hl7v2.link import Link, Named
from server.hl7v2.mapping.drafts import Story
from server.hl7v2.mapping.story import story
from tests.hl7v2.mapping.telling import NOW
from tests.hl7v2.splitter import split

MESSAGES = Path(__file__).resolve().parents[4] / "shared/data/hl7v2/messages"
MADE = Path(__file__).with_name("samples.tsv")
pytestmark = pytest.mark.skipif(not MESSAGES.is_dir(), reason="the sample messages are not at ../shared/data")
LINK = Link("hospital", Named("", ""), ())
TAKEN = frozenset(
    {
        *(f"ADT^A{event}" for event in ("01", "03", "04", "08", "11", "13", "28", "31", "34", "40", "47")),
        "MDM^T02", "OMI^O23", "OML^O21", "ORM^O01", "ORU^R01", "REF^I12", "REF^I13", "REF^I14",
    }
)  # fmt: skip


def stories() -> dict[str, Story]:
    return {
        path.stem: told for path in sorted(MESSAGES.glob("*.hl7")) if (told := _told(path)).event in TAKEN
    }


def _told(path: Path) -> Story:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return story(split(text), LINK, NOW)


def test_every_resource_of_every_sample_is_valid() -> None:
    found = stories()
    for told in found.values():
        for draft in told.drafts:
            check(parse(dump(draft.resource)), draft.type)
    assert len(found) >= 33


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


def test_no_remark_and_no_doubt_quotes_a_message() -> None:
    """Remarks go to the log and the console: words of ours and places only."""
    for path in sorted(MESSAGES.glob("*.hl7")):
        told = _told(path)
        for remark in (*told.notes, *told.doubts):
            words, _, place = remark.rpartition(" ")
            assert place in ("PID", "MSH-4") or place[:3].isalnum(), remark
            assert all(
                each.isascii() and (each.islower() or not each.isalpha() or each in KNOWN)
                for each in words.split()
            ), remark


KNOWN = frozenset({"FHIR", "OBR", "ORC", "URL,", "UID,", "XCN", "NDL", "Y", "N,", "URL", "UID"})

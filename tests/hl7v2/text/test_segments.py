"""Bytes to segments: delimiters, character sets, ends of lines, and how much of anything there may be."""

from __future__ import annotations

import time

import pytest

from server.hl7v2.message import NULL
from server.hl7v2.refusal import Refusal
from server.hl7v2.text.head import read_head
from server.hl7v2.text.segments import MOST_SEGMENTS, Lines, read_segments
from tests.hl7v2.written import PID, observed, result, written


def lines(payload: bytes, default: str = "ASCII", strict: bool = False) -> Lines:
    return read_segments(payload, read_head(payload), default, strict)


def test_fields_repetitions_components_and_subcomponents() -> None:
    found = lines(written(f"PID|1||A^^^H&1.2&ISO^MR~B||DOE^JANE^^^^^L||{NULL}")).segments[1]
    assert (found.name, found.line, found.sequence) == ("PID", 2, 1)
    assert [each.text() for each in found.repetitions(3)] == ["A", "B"]
    assert (found.text(3, 4, 2), found.first(3).part(4).text(3)) == ("1.2", "ISO")
    assert found.text(5, 2) == "JANE"
    assert (found.text(6), found.is_null(7), found.text(7), found.text(8)) == ("", True, "", "")


def test_msh_counts_its_separator() -> None:
    found = lines(written(PID)).segments[0]
    assert (found.text(1), found.text(2), found.text(3), found.text(9, 2)) == ("|", "^~\\&", "RIS", "R01")


def test_escapes_are_decoded_after_the_text_was_parted() -> None:
    found = lines(written(r"NTE|1||a\F\b\R\c|d")).segments[1]
    assert (found.text(3), found.text(4), len(found.repetitions(3))) == ("a|b~c", "d", 1)


@pytest.mark.parametrize(("end", "note"), [
    ("\r", ()), ("\n", ("line-feed",)), ("\r\n", ("carriage-return-line-feed",)),
])  # fmt: skip
def test_the_first_end_of_a_line_is_that_of_all(end: str, note: tuple[str, ...]) -> None:
    found = lines(written(PID, "NTE|1||x", end=end))
    assert [each.name for each in found.segments] == ["MSH", "PID", "NTE"]
    assert found.notes == note


def test_a_line_feed_within_a_message_of_carriage_returns_is_text() -> None:
    found = lines(written(PID, "NTE|1||one\ntwo"))
    assert found.segments[2].text(3) == "one\ntwo"


def test_the_lines_keep_their_numbers_and_the_names_their_order() -> None:
    found = lines(written(PID, "", "NTE|1", "NTE|2"))
    assert [(each.name, each.line, each.sequence) for each in found.segments[2:]] == [
        ("NTE", 4, 1),
        ("NTE", 5, 2),
    ]
    assert found.notes == ("empty-line",)


NAMES = [
    ("", "ASCII", "DOE"), ("8859/1", "", "D\u00d6E"), ("8859/2", "", "D\u0150E"),
    ("8859/5", "", "\u0414\u041e"), ("8859/7", "", "\u0394\u0391"), ("8859/9", "", "\u0130"),
    ("8859/15", "", "\u0160\u20ac"), ("UNICODE UTF-8", "", "D\u00d6\u5c71"),
    ("GB 18030-2000", "", "\u5f20\u4e09"), ("KS X 1001", "", "\uae40"), ("BIG-5", "", "\u529f\u8a31"),
    ("~ISO IR87", "", "\u5c71\u672c"), ("~ISO IR87~ISO IR159", "", "\u5c71\u4e02"),
    ("", "8859/1", "D\u00d6E"), ("", "WINDOWS-1252", "\u201cD\u201d"), ("", "UNICODE UTF-8", "D\u00d6E"),
]  # fmt: skip
CODECS = {
    "KS X 1001": "euc_kr", "GB 18030-2000": "gb18030", "BIG-5": "big5", "UNICODE UTF-8": "utf-8",
    "WINDOWS-1252": "cp1252", "ASCII": "ascii",
}  # fmt: skip


@pytest.mark.parametrize(("said", "default", "name"), NAMES)
def test_every_character_set(said: str, default: str, name: str) -> None:
    codec = CODECS.get(said or default) or (said or default).replace("8859/", "iso8859_")
    codec = "iso2022_jp_ext" if "ISO IR" in said else codec
    text = rf"MSH|^~\&|RIS|HOSP|SR|GW|2026||ORU^R01|1|P|2.5||||||{said}" + f"\rPID|1||A||{name}^X\r"
    found = lines(text.encode(codec), default)
    assert (found.segments[1].text(5), found.segments[1].text(5, 2)) == (name, "X"), (
        "the second byte of a character may look like a separator"
    )


def test_names_are_composed() -> None:
    payload = written(PID.replace("DOE", "Mu\u0308ller"))
    assert lines(payload, "UNICODE UTF-8").segments[1].text(5) == "M\u00fcller"


@pytest.mark.parametrize(("payload", "reason"), [
    (written(*["NTE|1"] * (MOST_SEGMENTS + 1)), "too-large"),
    (written(*["NTE|1"] * 5 * MOST_SEGMENTS), "too-large"),
    (written("", *[""] * 200_000), "too-large"),
    (result(observed("~" * 100_000, "TX")), "too-large"),
    (result(observed("^" * 100_000, "TX")), "too-large"),
    (written("NTE|" + "x|" * 600_000), "too-large"),
    (written(*["NTE" + "|x~" * 15_000] * 20), "too-large"),
    (result(observed("a" + "\u0301" * 1000, "TX")), "combining-marks"),
])  # fmt: skip
def test_too_much_of_anything_is_refused_at_once(payload: bytes, reason: str) -> None:
    begin = time.process_time()
    with pytest.raises(Refusal) as refused:
        lines(payload, "UNICODE UTF-8")
    assert refused.value.reason == reason
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("text", [
    "x" * 10_000_000, "\\" * 10_000_000, "\\.br\\" * 2_000_000, "\\X0" * 3_000_000, "\\X" + "00" * 5_000_000,
    "\\X000\\" * 1_500_000, "\\.sp99\\" * 1_000_000,
], ids=lambda text: text[:8])  # fmt: skip
def test_a_long_text_takes_time_by_its_length(text: str) -> None:
    """10 MB in less than two seconds on a quiet machine; here the bound is one that no square would keep."""
    begin = time.process_time()
    assert lines(result(observed(text, "TX"))).segments[3].name == "OBX"
    assert time.process_time() - begin < 10


@pytest.mark.parametrize("line", ["obx|1", "OB|1", "1BX|1", "OBXX|1", "\u00d6BX|1", "OBX^1"])
def test_what_is_no_segment_is_refused(line: str) -> None:
    with pytest.raises(Refusal) as refused:
        lines(written(PID, line), "UNICODE UTF-8")
    assert refused.value.reason == "segment-name"


@pytest.mark.parametrize("payload", [
    written(PID, end="\n"), b"\xef\xbb\xbf" + written(PID), written(PID, "", "NTE|1"), written(PID)[:-1],
])  # fmt: skip
def test_a_strict_link_overlooks_nothing(payload: bytes) -> None:
    assert lines(payload).notes
    with pytest.raises(Refusal) as refused:
        lines(payload, strict=True)
    assert refused.value.reason == "strict"

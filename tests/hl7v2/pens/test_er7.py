"""Separators, control characters and character sets in what we write."""

from __future__ import annotations

import pytest

from server.hl7v2.pens.characters import decoded, encoded
from server.hl7v2.pens.er7 import header, lines, parts, segment, subparts, text
from server.receivers import CHARACTER_SETS as CONFIGURED


def test_separators_in_a_value_are_escaped() -> None:
    assert text("a|b^c&d~e\\f") == "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f"


@pytest.mark.parametrize("sign", ["\r", "\n", "\x0b", "\x1c", "\x00", "\u2028"])
def test_nothing_in_a_value_ends_a_segment_or_a_frame(sign: str) -> None:
    assert text(f"a{sign}b") == "a b"


def test_what_is_empty_at_the_end_is_left_out() -> None:
    assert parts("a", "", "") == "a"
    assert subparts("", "b", "") == "&b"
    assert segment("OBX", {1: "1", 3: "x", 5: ""}) == "OBX|1||x"
    assert header({3: "US", 9: "ORU"}) == "MSH|^~\\&|US||||||ORU"


def test_lines_of_a_text_repeat() -> None:
    assert lines("one\n\ntwo~2") == "one~two\\R\\2"


HEAD = "MSH|^~\\&|US||||||ORU|1|P|2.5.1||||||{}\rPID|1||||Čapek^Žofie Æ 漢\r"


@pytest.mark.parametrize(
    ("character_set", "said", "name"),
    [
        ("UNICODE UTF-8", "UNICODE UTF-8", "Čapek^Žofie Æ 漢"),
        ("8859/1", "8859/1", "Capek^Zofie Æ ?"),
        ("8859/2", "8859/2", "Čapek^Žofie ? ?"),
        ("ASCII", "", "Capek^Zofie ? ?"),
    ],
)
def test_a_sign_that_the_set_lacks_is_written_without_its_marks(
    character_set: str, said: str, name: str
) -> None:
    written = encoded(HEAD.format(said), character_set)
    assert decoded(written) == HEAD.format(said).replace("Čapek^Žofie Æ 漢", name)


def test_letters_with_marks_are_written_whole() -> None:
    assert encoded("Ca\u0308", "8859/1") == b"C\xe4"


def test_every_set_that_can_be_configured_can_be_written() -> None:
    for each in CONFIGURED:
        assert encoded("MSH", each) == b"MSH"

"""Somebody else's eyes: hl7apy reads what we write, by its own tables of the version."""

from __future__ import annotations

from typing import Any

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message, parse_segment

STRICT = VALIDATION_LEVEL.STRICT
"""It is parsed strictly, too: a segment or field that the version does not have is an error."""


def read(content: bytes, character_set: str = "utf-8") -> Any:
    """The message, found valid: structure, cardinalities, data types.

    hl7apy 1.3.5 puts every OBX of an ORU of 2.8 into COMMON_ORDER.ORDER_DOCUMENT, and finds its own doing
    wrong: such a one is read by the structure of 2.7, and segment by segment by the tables of 2.8. It takes
    each OBX-5 for an ST, which ends after 199 characters: a text is shown to it as far as that. Its table of
    TQ1 in 2.7 is broken: there it does not see one.
    """
    text = "\r".join(map(_clipped, content.decode(character_set).split("\r")))
    assert text.endswith("\r")
    assert "\n" not in text
    version = text.split("\r", 1)[0].split("|")[11]
    if version == "2.8" and "||ORU^" in text:
        assert all(parse_segment(each, version, None, STRICT).validate() for each in text.split("\r") if each)
        text = text.replace("|2.8|", "|2.7|", 1)
    if version == "2.7":
        text = "".join(f"{each}\r" for each in text.split("\r") if each and not each.startswith("TQ1|"))
    message = parse_message(text, validation_level=STRICT, find_groups=True)
    assert message.validate()
    return message


def fields(content: bytes, name: str) -> list[list[str]]:
    """Every segment of a name, split at its bars; index 0 is the name, and of MSH index 1 is MSH-2."""
    return [each.split("|") for each in content.decode("utf-8").split("\r") if each.startswith(f"{name}|")]


def _clipped(line: str) -> str:
    parts = line.split("|")
    if parts[0] == "OBX" and parts[2] in ("TX", "FT"):
        parts[5] = parts[5][:199]
    return "|".join(parts)

"""What parts a message: MSH-1 and MSH-2 (HL7 v2.8 sections 2.5.4, 2.14.9.1 and 2.14.9.2)."""

from __future__ import annotations

from dataclasses import dataclass

from server.hl7v2.refusal import Code, Place, rejected


@dataclass(frozen=True, slots=True)
class Delimiters:
    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    sub: str = "&"
    truncation: str = "#"

    @property
    def encoding(self) -> str:
        """MSH-2, without the truncation character (which came with 2.7)."""
        return self.component + self.repetition + self.escape + self.sub


def of(field: str, encoding: str) -> Delimiters:
    """``field`` is the character after ``MSH``, ``encoding`` what stands between it and the next."""
    if not _parts(field):
        raise rejected(
            Code.DATA_TYPE,
            "field-separator",
            "MSH-1 must be one printable ASCII character that is no letter, digit or space; usual is |",
            Place("MSH", field=1),
        )
    if len(encoding) not in (4, 5) or not all(map(_parts, encoding)) or _twice(field + encoding):
        raise rejected(
            Code.DATA_TYPE,
            "encoding-characters",
            "MSH-2 must be four, or from 2.7 on five, different characters that are no letters, digits, "
            "spaces or the field separator; usual is ^~\\&",
            Place("MSH", field=2),
        )
    return Delimiters(field, encoding[0], encoding[1], encoding[2], encoding[3], encoding[4:] or "#")


def _parts(character: str) -> bool:
    return "!" <= character <= "~" and not character.isalnum()


def _twice(characters: str) -> bool:
    return len(set(characters)) != len(characters)

"""What is one string to a search (R4 search.html#string)."""

from __future__ import annotations

import pytest

from server.store.folding import fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Eve", "EVE"),
        ("Zo\u00eb", "zoe"),
        ("Stra\u00dfe", "STRASSE"),
        ("\u212bngstrom", "angstrom"),
        ("\uff21nna", "anna"),
        ("\u2102arla", "carla"),
        ("\u3386", "mb"),
        ("a \t\r\n b", "a b"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other) == other.casefold()


def test_no_letter_is_left_a_capital() -> None:
    """PostgreSQL tells capitals from small letters, SQLite's LIKE does not."""
    letters = [chr(each) for each in range(0x110000) if not 0xD800 <= each < 0xE000]
    assert [each for each in letters if any(c.isascii() and c.isupper() for c in fold(each))] == []

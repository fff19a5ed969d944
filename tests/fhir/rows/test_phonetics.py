from __future__ import annotations

import pytest

from server.fhir.rows.phonetics import keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Robert", ("R163",)),
        ("Rupert", ("R163",)),
        ("Rubin", ("R150",)),
        ("Ashcraft", ("A261",)),
        ("Tymczak", ("T522",)),
        ("Pfister", ("P236",)),
        ("Honeyman", ("H555",)),
        ("Lee", ("L000",)),
        ("Müller", ("M460",)),
        ("van der Berg", ("V500", "D600", "B620")),
        ("O'Neil", ("O540",)),
        ("Smith-Jones", ("S530", "J520")),
        ("李", ("李",)),
        ("Иван", ("иван",)),
        ("123 !", ()),
        ("", ()),
    ],
)
def test_keys(text, expected):
    """The first seven are NARA's own examples, but Lee."""
    assert keys(text) == expected

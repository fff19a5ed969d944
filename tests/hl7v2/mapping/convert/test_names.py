"""Names, addresses, contacts, attachments and texts."""

from __future__ import annotations

from typing import Any

import pytest

from server.hl7v2.mapping.convert import addresses, attachments, contacts, names, text
from tests.hl7v2.mapping.convert.values import made


def test_a_name_is_composed_as_unicode_has_it() -> None:
    assert made(names.name, "Mu\u0308ller^Jo")[0]["family"] == "M\u00fcller"


def test_a_use_alone_is_no_name_and_no_address() -> None:
    assert made(names.name, "^^^^^^L") == (None, ())
    assert made(addresses.address, "^^^^^^H") == (None, ())


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [
        ("555^PRN^PH", {"system": "phone", "value": "555", "use": "home"}),
        ("555", {"system": "phone", "value": "555", "use": "work"}),
        ("555^PRN^CP", {"system": "phone", "value": "555", "use": "mobile"}),
        ("^NET^Internet^a@b.example", {"system": "email", "value": "a@b.example"}),
        ("^^^a@b.example", {"system": "email", "value": "a@b.example", "use": "work"}),
        ("unknown", {"system": "other", "value": "unknown", "use": "work"}),
        ("^PRN^PH", None),
    ],
)
def test_a_contact_has_a_system_and_a_value(sent: str, becomes: Any) -> None:
    assert made(contacts.contact("work"), sent)[0] == becomes


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ("^^^^49^30^123^9", "+49 30 123 X9"),
        ("^^^^^30^123", "30 123"),
        ("^^^^49^30", None),
        ("^^^^^^123", "123"),
    ],
)
def test_a_number_in_parts_is_put_together(sent: str, value: str | None) -> None:
    found, _ = made(contacts.contact(), sent)
    assert (found or {}).get("value") == value


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [
        ("A^AP^PDF^Base64^QUJD", {"contentType": "application/pdf", "data": "QUJD"}),
        ("A^IM^JPEG^Base64^QUJD", {"contentType": "image/jpeg", "data": "QUJD"}),
        ("A^text^csv^A^ABC", {"contentType": "text/csv", "data": "QUJD"}),
        ("A^AP^Octet-stream^Hex^414243", {"contentType": "application/octet-stream", "data": "QUJD"}),
        (r"A^AP^application/pdf^Base64^QU\.br\JD", {"contentType": "application/pdf", "data": "QUJD"}),
        ("A^AP^PDF^Base64^Q", None),
        ("A^AP^PDF^Base64^*/*=", None),
        ("A^AP^PDF^Hex^4", None),
        ("A^AP^PDF^Base64", None),
        ("A^AP^PDF^Base64^ ", None),
    ],
)
def test_a_file_is_taken_as_it_is_encoded(sent: str, becomes: Any) -> None:
    found, notes = made(attachments.embedded, sent)
    assert found == becomes
    assert notes == (() if becomes else ("attachment cannot be read, left out ZZZ-1",))


def test_a_pointer_is_a_url_or_nothing() -> None:
    assert made(attachments.pointer, "https://a.example/x^A^Image^PNG")[0] == {
        "url": "https://a.example/x",
        "contentType": "image/png",
    }
    assert made(attachments.pointer, r"E\share\x.pdf") == (None, ("pointer is no URL, left out ZZZ-1",))
    assert made(attachments.pointer, "javascript:alert(1)")[0] is None


def test_a_text_has_lines_and_no_control_characters() -> None:
    assert made(text.string, "a\x07b\u2028c") == ("ab\u2028c", ("control characters left out ZZZ-1",))
    assert text.clean("a\r\nb\rc ") == "a\nb\nc"


def test_separators_that_were_not_escaped_are_part_of_the_text() -> None:
    assert made(text.whole, "3^4&5^^") == ("3^4&5", ("component separators taken as text ZZZ-1",))


def test_a_text_longer_than_fhir_has_is_left_out() -> None:
    assert made(text.string, "x" * (2**20 + 1)) == (None, ("longer than a FHIR string, left out ZZZ-1",))

"""The file of destinations: read whole, refused by key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from server.destinations import load_destinations
from server.errors import Category, Fault
from server.model import Destination

EHR = """
[[destination]]
name = "ehr"
base = "https://ehr.example/fhir/"
identifier_systems = ["https://ehr.example/task"]
"""
RIS = EHR.replace("ehr", "ris")


def refusal(tmp_path: Path, text: str) -> Fault:
    path = tmp_path / "destinations.toml"
    path.write_text(text)
    with pytest.raises(Fault) as refused:
        load_destinations(path)
    assert refused.value.category is Category.INCORRECT
    assert str(path) in str(refused.value)
    return refused.value


def test_no_file_means_no_destination() -> None:
    assert load_destinations(None) == ()


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text(EHR + RIS + "timeout_seconds = 2.5\n")
    assert load_destinations(path) == (
        Destination("ehr", "https://ehr.example/fhir", ("https://ehr.example/task",), timedelta(seconds=30)),
        Destination("ris", "https://ris.example/fhir", ("https://ris.example/task",), timedelta(seconds=2.5)),
    )


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('name = "ehr"', "", "destination.0.name", "required"),
        ('name = "ehr"', 'name = "The EHR"', "destination.0.name", "allowed: lower-case letters"),
        ('name = "ehr"', 'name = ""', "destination.0.name", "allowed: lower-case letters"),
        ("https://ehr.example/fhir/", "ehr.example/fhir", "destination.0.base", "allowed: an http(s) URL"),
        ("https://ehr.example/fhir/", "https://user@ehr.example", "destination.0.base", "without user"),
        ("https://ehr.example/fhir/", "https://ehr.example/fhir?x=1", "destination.0.base", "query"),
        ("https://ehr.example/fhir/", "file:///etc/passwd", "destination.0.base", "allowed: an http(s) URL"),
        ('["https://ehr.example/task"]', "[]", "destination.0.identifier_systems", "Shorter than"),
        ('["https://ehr.example/task"]', '[""]', "destination.0.identifier_systems.0", "Shorter than"),
        ('name = "ehr"', 'name = "ehr"\ntimeout_seconds = 0', "destination.0.timeout_seconds", "greater"),
        ('name = "ehr"', 'name = "ehr"\ntimeout_seconds = 301', "destination.0.timeout_seconds", "less"),
        ('name = "ehr"', 'name = "ehr"\ntoken = "x"', "destination.0.token", "Unknown field"),
        ("[[destination]]", "[[destinations]]", "destination", "required"),
    ],
)
def test_a_wrong_file_is_refused_with_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, key: str, said: str
) -> None:
    assert old in EHR
    issues = [each.text for each in refusal(tmp_path, EHR.replace(old, new)).issues]
    assert any(f": {key}: " in text and said in text for text in issues), issues


@pytest.mark.parametrize(
    "second",
    [EHR, EHR.replace('"ehr"', '"other"'), RIS.replace('"ris"', '"ehr"')],
    ids=["both", "system", "name"],
)
def test_names_and_systems_belong_to_one_destination(tmp_path: Path, second: str) -> None:
    assert "must each belong to one destination" in str(refusal(tmp_path, EHR + second))


@pytest.mark.parametrize("text", ["destination = [", "name = 'a'\nname = 'b'", "\x00"])
def test_what_is_not_toml_is_refused(tmp_path: Path, text: str) -> None:
    assert "is not TOML" in str(refusal(tmp_path, text))


def test_what_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "destinations.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(Fault, match="is not TOML"):
        load_destinations(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="cannot be read: No such file"):
        load_destinations(tmp_path / "missing.toml")


def test_what_stands_where_a_file_is_not_toml_is_not_quoted(tmp_path: Path) -> None:
    told = str(refusal(tmp_path, "a = {'s3cret' = 1, 's3cret' = 2}"))
    assert "s3cret" not in told
    assert "at line 1, column" in told

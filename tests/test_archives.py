"""The [[pacs]] tables: read whole, refused by key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.destinations import load_destinations, load_pacs
from server.errors import Category, Fault
from server.model import Asking, Destination, DicomNode, Fetching, Login, PacsDestination, PacsKind, Trust

EHR = """
[[destination]]
name = "ehr"
base = "https://ehr.example/fhir"
identifier_systems = ["https://ehr.example/task"]
"""
PACS = """
[[pacs]]
name = "pacs"
serves = ["ehr"]
accepts = ["sr", "map"]
ae = "PACS"
host = "pacs.example"
port = 11112
calling_ae = "SECONDREADER"
"""
WEB = """
[[pacs]]
name = "web"
serves = ["ehr"]
accepts = ["capture", "kos"]
stow = "https://pacs.example/dicom-web/"
"""
LOGIN = 'client_id = "second-reader"\nprivate_key = "pacs.jwk.json"\nscopes = "system/*"\n'
NODE = DicomNode("PACS", "pacs.example", 11112, "SECONDREADER", timedelta(hours=6))
READ = PacsDestination("pacs", ("ehr",), frozenset({PacsKind.SR, PacsKind.MAP}), timedelta(seconds=30), NODE)


def read(tmp_path: Path, text: str) -> tuple[PacsDestination, ...]:
    path = tmp_path / "destinations.toml"
    path.write_text(text)
    assert [each.name for each in load_destinations(path)] == ["ehr"]
    return load_pacs(path)


def test_no_file_and_no_table_mean_no_archive(tmp_path: Path) -> None:
    assert load_pacs(None) == ()
    assert read(tmp_path, EHR) == ()


def test_a_table_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, EHR + PACS) == (READ,)


@pytest.mark.parametrize(
    ("more", "node"),
    [
        ('commitment = "none"', replace(NODE, commitment_within=None)),
        (
            'commitment = "ask"\ncommitment_timeout = "P1D"',
            replace(NODE, commitment_within=timedelta(days=1)),
        ),
        ("tls = true", replace(NODE, trust=Trust())),
        ("tls = false", NODE),
    ],
)
def test_how_much_of_its_word_we_want_and_how(tmp_path: Path, more: str, node: DicomNode) -> None:
    assert read(tmp_path, EHR + PACS + more) == (replace(READ, at=node),)


def test_certificates_mean_tls_and_are_named_from_where_the_file_lies(tmp_path: Path) -> None:
    [found] = read(tmp_path, EHR + PACS + 'ca = "ca.pem"\ncertificate = "/etc/us.pem"\n')
    assert found.at == replace(NODE, trust=Trust(str(tmp_path / "ca.pem"), "/etc/us.pem"))


def test_one_by_the_web_has_what_a_destination_has(tmp_path: Path) -> None:
    [found] = read(tmp_path, EHR + WEB + LOGIN + "timeout_seconds = 5\n")
    login = Login("second-reader", str(tmp_path / "pacs.jwk.json"), "system/*")
    seconds = timedelta(seconds=5)
    at = Destination("web", "https://pacs.example/dicom-web", (), seconds, login)
    kinds = frozenset({PacsKind.CAPTURE, PacsKind.KEY_OBJECTS})
    assert found == PacsDestination("web", ("ehr",), kinds, seconds, at)


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('name = "pacs"\n', "", "name", "required"),
        ('["ehr"]', "[]", "serves", "one or more"),
        ('["ehr"]', '["ris"]', "serves", "the name of a [[destination]]"),
        ('["sr", "map"]', '["ct"]', "accepts.0", "allowed: capture, kos, map, sr"),
        ('["sr", "map"]', "[]", "accepts", "one or more"),
        ('ae = "PACS"', 'ae = "SEVENTEEN LETTERS"', "ae", "1 to 16 ASCII"),
        ('ae = "PACS"', 'ae = " PACS"', "ae", "1 to 16 ASCII"),
        ('ae = "PACS"', "ae = 'PA\\CS'", "ae", "without backslash"),
        ('calling_ae = "SECONDREADER"', 'calling_ae = ""', "calling_ae", "1 to 16 ASCII"),
        (
            'calling_ae = "SECONDREADER"',
            "",
            "calling_ae",
            "allowed: ae, host, port, calling_ae; or stow",
        ),
        ('"pacs.example"', '"pacs.example:104"', "host", "a host name or an IP address"),
        ('"pacs.example"', '"http://pacs.example"', "host", "a host name or an IP address"),
        ("11112", "0", "port", "Must be greater"),
        ("11112", "70000", "port", "less than"),
        ("11112", '"11112"', "port", "integer"),
        ("port = 11112", 'port = 11112\ncommitment = "maybe"', "commitment", "allowed: ask, none"),
        ("port = 11112", 'port = 11112\ncommitment_timeout = "6h"', "commitment_timeout", "ISO 8601"),
        ("port = 11112", 'port = 11112\nstow = "https://a.example"', "ae", "not beside stow"),
        ("port = 11112", 'port = 11112\ntls = false\nca = "ca.pem"', "tls", "no certificates"),
        ("port = 11112", 'port = 11112\ntls = "yes"', "tls", "boolean"),
        ("port = 11112", "port = 11112\n" + LOGIN, "stow", "the stow is none"),
        ("port = 11112", "port = 11112\nsilent = true", "silent", "Unknown field"),
        ("port = 11112", 'port = 11112\nask = "qido"', "ask", "dimse beside ae, host and port"),
        ("port = 11112", 'port = 11112\nask = "maybe"', "ask", "allowed: dimse, qido"),
        ("port = 11112", 'port = 11112\nfetch = "move"', "fetch", "allowed, with ask"),
        ("port = 11112", 'port = 11112\nask = "dimse"\nfetch = "wado"', "fetch", "move or get beside ae"),
    ],
)
def test_a_wrong_table_is_refused_with_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, key: str, said: str
) -> None:
    assert old in PACS
    path = tmp_path / "destinations.toml"
    path.write_text(EHR + PACS.replace(old, new))
    with pytest.raises(Fault) as refused:
        load_pacs(path)
    assert refused.value.category is Category.INCORRECT
    issues = [each.text for each in refused.value.issues]
    assert any(f"{path}: pacs.0.{key}: " in text and said in text for text in issues), issues


def test_one_that_is_only_asked(tmp_path: Path) -> None:
    asked = PACS.replace('["sr", "map"]', "[]") + 'ask = "dimse"\nfetch = "get"\n'
    said = {"accepts": frozenset(), "ask": Asking.DIMSE, "fetch": Fetching.GET}
    assert read(tmp_path, EHR + asked) == (replace(READ, **said),)
    [web] = read(tmp_path, EHR + WEB + 'ask = "qido"\nfetch = "wado"\n')
    assert (web.ask, web.fetch) == (Asking.QIDO, Fetching.WADO)


@pytest.mark.parametrize("name", ["ehr", "web"])
def test_a_name_belongs_to_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text(EHR + WEB + PACS.replace('"pacs"', f'"{name}"'))
    with pytest.raises(Fault, match="must each belong to one destination"):
        load_pacs(path)

"""The [[hl7v2]] tables: read whole, refused by key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.checks import run
from server.destinations import load_destinations, load_receivers
from server.errors import Category, Fault
from server.model import AckMode, AssignedBy, Hl7Destination, Hl7Kind, Hl7Terms, Trust
from server.wiring import sound_destinations
from tests.certificates import Authority

EHR = """
[[destination]]
name = "ehr"
base = "https://ehr.example/fhir"
identifier_systems = ["https://ehr.example/task"]
"""
RIS = """
[[hl7v2]]
name = "ris"
serves = ["ehr"]
accepts = ["oru"]
host = "ris.example"
port = 2575
receiving_application = "RIS"
"""
AUTHORITY = """
[[hl7v2.authority]]
system = "https://ehr.example/patient"
namespace = "HOSP"
universal_id = "1.2.3"
universal_id_type = "ISO"
[[hl7v2.authority]]
system = "https://ehr.example/task"
namespace = "EHR"
"""
TERMS = Hl7Terms(("SECONDREAD", ""), ("RIS", ""))
READ = Hl7Destination(
    "ris", ("ehr",), (), frozenset({Hl7Kind.ORU}), "ris.example", 2575, timedelta(seconds=30), TERMS
)


def read(tmp_path: Path, text: str) -> tuple[Hl7Destination, ...]:
    path = tmp_path / "destinations.toml"
    path.write_text(text)
    return load_receivers(path)


def test_no_file_and_no_table_mean_nobody(tmp_path: Path) -> None:
    assert load_receivers(None) == ()
    assert read(tmp_path, EHR) == ()


def test_a_table_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, EHR + RIS) == (READ,)


def test_all_that_can_be_agreed(tmp_path: Path) -> None:
    more = """
accepts = ["oru", "ref"]
sending_application = "READER"
sending_facility = "HOSPITAL A"
receiving_facility = "RAD"
version = "2.3.1"
character_set = "8859/1"
processing = "T"
mode = "original"
probability = true
timeout_seconds = 2.5
"""
    [found] = read(tmp_path, EHR + RIS.replace('accepts = ["oru"]\n', more) + AUTHORITY)
    assert found == replace(
        READ,
        accepts=frozenset({Hl7Kind.ORU, Hl7Kind.REF}),
        timeout=timedelta(seconds=2.5),
        terms=Hl7Terms(
            ("READER", "HOSPITAL A"),
            ("RIS", "RAD"),
            version="2.3.1",
            character_set="8859/1",
            processing="T",
            mode=AckMode.ORIGINAL,
            probability=True,
            authorities=(
                AssignedBy("https://ehr.example/patient", "HOSP", "1.2.3", "ISO"),
                AssignedBy("https://ehr.example/task", "EHR"),
            ),
        ),
    )


def test_a_system_of_its_own_needs_no_fhir_server(tmp_path: Path) -> None:
    alone = RIS.replace('serves = ["ehr"]', 'identifier_systems = ["https://ris.example/order"]')
    assert read(tmp_path, alone) == (
        replace(READ, serves=(), identifier_systems=("https://ris.example/order",)),
    )
    assert load_destinations(tmp_path / "destinations.toml") == ()


def test_an_archive_may_serve_it(tmp_path: Path) -> None:
    alone = RIS.replace('serves = ["ehr"]', 'identifier_systems = ["https://ris.example/order"]')
    pacs = '[[pacs]]\nname = "pacs"\nserves = ["ris"]\naccepts = ["sr"]\nstow = "https://pacs.example"\n'
    assert len(read(tmp_path, alone + pacs)) == 1


@pytest.mark.parametrize(
    ("more", "trust"),
    [
        ("tls = true", Trust()),
        ("tls = false", None),
        ('ca = "ca.pem"\ncertificate = "/etc/us.pem"', Trust("{folder}/ca.pem", "/etc/us.pem")),
    ],
)
def test_certificates_mean_tls_and_are_named_from_where_the_file_lies(
    tmp_path: Path, more: str, trust: Trust | None
) -> None:
    [found] = read(tmp_path, EHR + RIS + more)
    if trust is not None:
        trust = replace(trust, ca=trust.ca.format(folder=tmp_path))
    assert found.trust == trust


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('name = "ris"', "", "hl7v2.0.name", "required"),
        ('serves = ["ehr"]', "", "hl7v2.0.serves", "needed: serves, or identifier_systems"),
        ('["oru"]', "[]", "hl7v2.0.accepts", "allowed: one or more"),
        ('["oru"]', '["sr"]', "hl7v2.0.accepts.0", "allowed: oru, ref, oml"),
        ('["oru"]', '["ref", "oml"]', "hl7v2.0.accepts", "allowed: ref or oml"),
        ('["oru"]', '["oml"]\nversion = "2.4"', "hl7v2.0.accepts", "from 2.5 on"),
        ("ris.example", "mllp://ris.example", "hl7v2.0.host", "allowed: a host name"),
        ("2575", "0", "hl7v2.0.port", "greater"),
        ('"RIS"', '"R|S"', "hl7v2.0.receiving_application", "printable ASCII"),
        ("port = 2575", 'port = 2575\nversion = "2.9"', "hl7v2.0.version", "allowed: 2.3.1"),
        ("port = 2575", 'port = 2575\ncharacter_set = "UTF-8"', "hl7v2.0.character_set", "UNICODE UTF-8"),
        ("port = 2575", 'port = 2575\nmode = "both"', "hl7v2.0.mode", "allowed: original, enhanced"),
        ("port = 2575", 'port = 2575\nprocessing = "X"', "hl7v2.0.processing", "allowed: P, T, D"),
        (
            "port = 2575",
            'port = 2575\nmode = "original"\napplication_answer = true',
            "hl7v2.0.application_answer",
            "in enhanced mode",
        ),
        ("port = 2575", 'port = 2575\ntls = false\nca = "x"', "hl7v2.0.tls", "or no certificates"),
        (
            "port = 2575",
            'port = 2575\nclient_id = "x"\nprivate_key = "k"\nscopes = "s"',
            "hl7v2.0.client_id",
            "MLLP knows no login",
        ),
        ("port = 2575", 'port = 2575\npassword = "x"', "hl7v2.0.password", "Unknown field"),
        ('namespace = "EHR"', "", "hl7v2.0.authority.1.namespace", "needed: namespace"),
        (
            'universal_id_type = "ISO"',
            "",
            "hl7v2.0.authority.0.universal_id_type",
            "given together",
        ),
        ('"ISO"', '"OID"', "hl7v2.0.authority.0.universal_id_type", "allowed: DNS"),
        ('["ehr"]', '["nobody"]', "hl7v2.0.serves", "allowed: the name of a [[destination]]"),
        ('name = "ris"', 'name = "ehr"', "must each belong to one", ""),
        (
            'serves = ["ehr"]',
            'identifier_systems = ["https://ehr.example/task"]',
            "must each belong to one",
            "",
        ),
    ],
)
def test_a_wrong_table_is_refused_with_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, key: str, said: str
) -> None:
    text = RIS + AUTHORITY
    assert old in text
    with pytest.raises(Fault) as refused:
        read(tmp_path, EHR + text.replace(old, new, 1))
    assert refused.value.category is Category.INCORRECT
    issues = [each.text for each in refused.value.issues]
    assert any(key in each and said in each for each in issues), issues


def test_a_certificate_that_cannot_be_used_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text(EHR + RIS + 'ca = "gone.pem"\n')
    with pytest.raises(Fault, match="destination ris: ca"):
        sound_destinations(path)
    Authority(tmp_path, "gone")
    assert [each.name for each in sound_destinations(path)[2]] == ["ris"]


def test_check_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text(EHR + RIS)
    monkeypatch.setenv("SECOND_READER_DESTINATIONS", str(path))
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path / "data"))
    [told] = [each.detail for each in run() if each.what == "destinations"]
    assert told.endswith(", ris (HL7 v2)")

"""The links file: every field of a link can be said; a bad file names file, key and what is allowed."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path

import pytest

from server.errors import Category, Fault
from server.hl7v2.link import Asked, Authority, Bare, Link, LocalCode, Meaning, Named, Reused
from server.hl7v2.links import demand_known, links_file, load_links

SHORT = """
[[link]]
name = "lab"
sender = {application = "LIS", facility = "DEMO"}
addresses = ["10.1.2.3"]
"""
FULL = (
    SHORT
    + """
[[link]]
name = "ris"
sender = {application = "RIS"}
receiver = {application = "SECONDREAD", facility = "HOSP"}
addresses = ["10.1.2.0/24", "fd00::/8"]
certificates = ["FINGERPRINT"]
processing = ["P", "T"]
messages = ["ORM^O01", "ORU^R01"]
character_set = "8859/1"
strict = true
reused_control_id = "refuse"
batches = true
answers_to = "ris"
order_system = "urn:oid:1.2.1"
filler_system = "urn:oid:1.2.2"
accession_system = "urn:oid:1.2.3"
patient_system = "urn:oid:1.2.4"
bare_patient_ids = "ours"
provider_system = "urn:oid:1.2.5"
null_deletes = ["PID-11", "PID-13"]
zone = "Europe/Vienna"

[[link.authority]]
namespace = "HOSP"
universal_id = "1.2.3"
system = "urn:oid:1.2.3"

[[link.asks]]
question = "child-pneumonia"
codes = [{code = "XRCH", system = "99RIS"}, {code = "XRTH"}]

[[link.meaning]]
local = {code = "WBC", system = "99LAB"}
system = "http://loinc.org"
code = "6690-2"
display = "Leukocytes"
"""
).replace("FINGERPRINT", ":".join(["AB"] * 32))
RIS = Link(
    name="ris",
    sender=Named("RIS"),
    addresses=(ip_network("10.1.2.0/24"), ip_network("fd00::/8")),
    certificates=frozenset({"ab" * 32}),
    receiver=Named("SECONDREAD", "HOSP"),
    processing=frozenset("PT"),
    messages=frozenset({"ORM^O01", "ORU^R01"}),
    character_set="8859/1",
    strict=True,
    reused_control_id=Reused.REFUSE,
    batches=True,
    answers_to="ris",
    order_system="urn:oid:1.2.1",
    filler_system="urn:oid:1.2.2",
    accession_system="urn:oid:1.2.3",
    patient_system="urn:oid:1.2.4",
    bare_patient_ids=Bare.OURS,
    provider_system="urn:oid:1.2.5",
    authorities=(Authority("HOSP", "1.2.3", "urn:oid:1.2.3"),),
    null_deletes=frozenset({"PID-11", "PID-13"}),
    asks=(Asked("child-pneumonia", (LocalCode("XRCH", "99RIS"), LocalCode("XRTH", ""))),),
    meanings=(Meaning(LocalCode("WBC", "99LAB"), "http://loinc.org", "6690-2", "Leukocytes"),),
    zone="Europe/Vienna",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "links.toml"
    path.write_text(FULL)
    return path


def test_what_is_said_is_read_and_what_is_not_has_its_default(path: Path) -> None:
    found = load_links(path)
    assert list(found) == ["lab", "ris"]
    assert found["ris"] == RIS
    assert found["lab"] == Link("lab", Named("LIS", "DEMO"), (ip_network("10.1.2.3"),))
    unsaid = [
        each.name for each in fields(Link) if getattr(RIS, each.name) == getattr(found["lab"], each.name)
    ]
    assert unsaid == [], "the file above says every field otherwise than it is by default"


def test_without_a_file_only_this_machine_is_listened_to() -> None:
    (found,) = load_links(None).values()
    assert found == Link("anybody", Named(), (ip_network("127.0.0.0/8"), ip_network("::1")))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "lab"', 'name = ""', "link.0.name: allowed: 1 to 40 letters"),
        ('name = "lab"', 'name = "a b"', "link.0.name: allowed: 1 to 40 letters"),
        ('name = "lab"', 'name = "ris"', "each name stands in one [[link]]"),
        ('name = "lab"', "", "link.0.name: "),
        ('sender = {application = "LIS", facility = "DEMO"}', "", "link.0.sender: "),
        ('application = "LIS"', "program = 'LIS'", "link.0.sender.program: "),
        ('application = "LIS"', 'application = "L\\u0001"', "link.0.sender.application: allowed: up to 227"),
        ('application = "LIS"', 'application = "L|S"', "link.0.sender.application: allowed: up to 227"),
        ('["10.1.2.3"]', "[]", "link.0.addresses: allowed: one or more"),
        ('"10.1.2.3"', '"10.1.2.3/8"', "link.0.addresses: allowed: addresses and networks"),
        ('"10.1.2.3"', '"secret.example"', "link.0.addresses: allowed: addresses and networks"),
        ('certificates = ["AB', 'certificates = ["SECRET', "link.1.certificates.0: allowed: the SHA-256"),
        ('processing = ["P", "T"]', 'processing = ["X"]', "link.1.processing.0: allowed: D, P, T"),
        ('processing = ["P", "T"]', "processing = []", "link.1.processing: allowed: one or more"),
        ('"ORM^O01"', '"ORM_O01"', "link.1.messages.0: allowed: message types such as ADT^A08"),
        ('"8859/1"', '"latin1"', "link.1.character_set: allowed: 8859/1, 8859/15, "),
        ("strict = true", 'strict = "yes"', "link.1.strict: "),
        ('"refuse"', '"ignore"', "link.1.reused_control_id: Must be one of: process, refuse."),
        ('"urn:oid:1.2.1"', '"1.2.1"', "link.1.order_system: allowed: a URI"),
        ('patient_system = "urn:oid:1.2.4"', "", "link.1.bare_patient_ids: allowed: ours where"),
        ('"ours"', '"guess"', "link.1.bare_patient_ids: Must be one of: hold, ours."),
        ('"PID-11"', '"PID.11"', "link.1.null_deletes.0: allowed: fields such as PID-11"),
        ("Europe/Vienna", "Europe/Wien", "link.1.zone: allowed: a time zone of IANA's database"),
        ("Europe/Vienna", "../../etc/passwd", "link.1.zone: allowed: a time zone of IANA's database"),
        ("Europe/Vienna", "Europe", "link.1.zone: allowed: a time zone of IANA's database"),
        ('namespace = "HOSP"\nuniversal_id = "1.2.3"', "", "link.1.authority.0.namespace: allowed: "),
        ("[[link.authority]]", "[link.authority]", "link.1.authority: allowed: one [[link.authority]] table"),
        ("codes = [{code", "codes = [{cod", "link.1.asks.0.codes.0."),
        ('question = "child-pneumonia"', "", "link.1.asks.0.question: "),
        ('"http://loinc.org"', '"LN"', "link.1.meaning.0.system: allowed: a URI"),
        ("[[link]]", "[[links]]", "links: "),
        ("[[link]]", "[[link", "is not TOML"),
    ],
)  # fmt: skip
def test_a_bad_file_names_key_and_what_is_allowed(path: Path, old: str, new: str, told: str) -> None:
    assert old in FULL
    path.write_text(FULL.replace(old, new))
    with pytest.raises(Fault) as caught:
        load_links(path)
    assert caught.value.category is Category.INCORRECT
    assert str(path) in str(caught.value)
    assert told in str(caught.value)
    for value in ("SECRET", "secret", "Wien", "passwd", "latin1"):
        assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "certificate", "sound"),
    [
        ("10.1.2.0/30", "", False),
        ("10.1.3.0/24", "", True),
        ("fd00::1", "", True),
        ("10.1.2.3", "cd" * 32, False),
    ],
)
def test_links_of_one_sender_must_be_told_apart(
    path: Path, address: str, certificate: str, *, sound: bool
) -> None:
    shown = f'certificates = ["{certificate}"]' if certificate else ""
    other = SHORT.replace("lab", "lab-2").replace("10.1.2.3", address) + shown
    path.write_text(SHORT + other)
    if sound:
        assert len(load_links(path)) == 2
        return
    with pytest.raises(Fault, match="two links with one sender"):
        load_links(path)


def test_certificates_tell_links_apart(path: Path) -> None:
    one = SHORT + f'certificates = ["{"ab" * 32}"]\n'
    path.write_text(one + one.replace("lab", "lab-2").replace("ab" * 32, "cd" * 32))
    assert len(load_links(path)) == 2


def test_a_changed_file_is_read_again_and_a_bad_one_is_told(path: Path) -> None:
    told: list[str] = []
    file = links_file(path, ("child-pneumonia", "bacterial-meningitis"), ("ris",), told.append)
    assert list(file.current()) == ["lab", "ris"]
    path.write_text(SHORT)
    assert list(file.current()) == ["lab"]
    path.write_text("[[link")
    os.utime(path, ns=(1, 1))
    assert list(file.current()) == ["lab"]
    assert list(file.current()) == ["lab"]
    path.unlink()
    assert list(file.current()) == ["lab"]
    assert ["is not TOML" in each or "cannot be read" in each for each in told] == [True, True]


def test_the_example_of_the_documentation_is_a_links_file(path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "hl7v2.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    path.write_text(example)
    (found,) = load_links(path).values()
    assert (found.name, found.zone, len(found.authorities)) == ("ris", "Europe/Vienna", 1)
    unsaid = {each.name for each in fields(Link) if each.name not in example}
    named_beside_another = {"filler_system", "accession_system"}
    assert unsaid == named_beside_another | {"authorities", "meanings"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            '[[link.asks]]\nquestion = "nobody"\ncodes = [{code = "1"}]\n',
            "asks.question: allowed: film, values",
        ),
        ('answers_to = "nowhere"\n', "answers_to: allowed: ris-out"),
    ],
)
def test_who_is_asked_and_who_is_told_must_be_there(tmp_path: Path, more: str, said: str) -> None:
    path = tmp_path / "links.toml"
    path.write_text(f'[[link]]\nname = "ris"\nsender = {{}}\naddresses = ["127.0.0.1"]\n{more}')
    with pytest.raises(Fault, match=said):
        demand_known(path, ("values", "film"), ("ris-out",))
    demand_known(None, (), ())

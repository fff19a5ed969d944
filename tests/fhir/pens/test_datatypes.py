from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from server.fhir.pens.datatypes import coding, concept, logical, token
from server.model import Coding


@pytest.mark.parametrize(
    ("system", "value", "written"),
    [
        ("https://ehr.example/task", "T-1", "identifier=https://ehr.example/task%7CT-1"),
        ("urn:oid:1.2", "a b&c=d#e+f", "identifier=urn:oid:1.2%7Ca%20b%26c%3Dd%23e%2Bf"),
        ("urn:x", "a,b|c$d\\e", "identifier=urn:x%7Ca%5C%2Cb%5C%7Cc%5C%24d%5C%5Ce"),
        ("urn:x", "é", "identifier=urn:x%7C%C3%A9"),
    ],
)
def test_a_token_says_what_it_means_in_a_url(system, value, written):
    assert token("identifier", system, value) == written


def test_a_token_reads_back_as_one_condition():
    assert parse_qs(token("_tag", "https://a.example/x", "1&2")) == {"_tag": ["https://a.example/x|1&2"]}


def test_empty_parts_are_left_out():
    assert coding(Coding("s", "c")) == {"system": "s", "code": "c"}
    assert concept(text="words") == {"text": "words"}
    assert concept(Coding("s", "c")) == {"coding": [{"system": "s", "code": "c"}]}


def test_only_system_and_value_of_an_identifier_travel():
    known_as = {"system": "s", "value": "v", "assigner": {"reference": "Organization/1"}, "use": "usual"}
    assert logical("Patient", known_as) == {"type": "Patient", "identifier": {"system": "s", "value": "v"}}
    assert logical("Patient", {"value": "v"}) == {"type": "Patient", "identifier": {"value": "v"}}

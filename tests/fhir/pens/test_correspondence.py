from __future__ import annotations

import pytest

from server.fhir.pens.correspondence import mint
from server.model import ResourceKey


def test_minting_is_the_same_in_every_release():
    """These values stand at receivers: a change here would deliver everything a second time."""
    assert str(mint("c1", "opinion")) == "9ab3e191-970e-5d75-a606-dab67cfba421"


def test_every_thing_of_every_case_has_its_own_identifier():
    cases, things = ("c1", "c2"), ("opinion", "opinion-report", "referral-task/1", "referral-task/2")
    assert len({mint(case, thing) for case in cases for thing in things}) == len(cases) * len(things)


def test_an_entry_and_its_identifier_share_the_minted_value(letter):
    assert letter.urn("opinion") == f"urn:uuid:{letter.minted('opinion')}"
    assert letter.label("s", "opinion") == {"system": "s", "value": letter.minted("opinion")}


@pytest.mark.parametrize(
    ("key", "display", "value"),
    [
        ("Observation/o1", "", "O-1"),
        ("Observation/o1/_history/3", "", "O-1"),
        ("Patient/any", "", "M-7"),
    ],
)
def test_what_the_receiver_knows_is_named(letter, key, display, value):
    reference = letter.reference(key, display)
    assert reference["identifier"]["value"] == value
    assert reference["type"] == key.partition("/")[0]


def test_what_the_receiver_does_not_know_is_described_or_left_out(letter):
    assert letter.reference("Observation/o2") is None
    assert letter.reference("Practitioner/9", "Dr. Example") == {
        "type": "Practitioner",
        "display": "Dr. Example",
    }
    keys = (ResourceKey("Observation", "o1", 2), ResourceKey("Observation", "o2"))
    assert [each["identifier"]["value"] for each in letter.references(keys)] == ["O-1"]

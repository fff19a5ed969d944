from __future__ import annotations

import pytest

from conformance.peers.search import fits, parse
from conformance.peers.wire import Refused

OBSERVATION = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "meta": {"tag": [{"system": "urn:t", "code": "a,b"}]},
    "identifier": [{"system": "urn:lab", "value": "7"}, {"value": "bare"}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "2342-4"}]},
    "subject": {"reference": "Patient/p1"},
}
LOGICAL = {"resourceType": "DiagnosticReport", "subject": {"identifier": {"system": "urn:mrn", "value": "1"}}}
KNOWN = {"Patient/p1": [("urn:mrn", "1")], "Patient/p2": [("urn:mrn", "2")]}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("identifier=urn:lab|7", True),
        ("identifier=urn:lab|8", False),
        ("identifier=urn:other|7", False),
        ("identifier=7", True),
        ("identifier=urn:lab|", True),
        ("identifier=urn:none|", False),
        ("identifier=|bare", True),
        ("identifier=|7", False),
        ("identifier=urn:lab|8,urn:lab|7", True),
        ("identifier=urn:lab|7&identifier=urn:lab|8", False),
        ("_tag=urn:t|a\\,b", True),
        ("_id=o1", True),
        ("_id=o2", False),
        ("status=registered,final", True),
        ("code=http://loinc.org|2342-4", True),
        ("subject=Patient/p1", True),
        ("subject=p1", True),
        ("patient=p1", True),
        ("patient=p", False),
        ("subject=http://a.example/fhir/Patient/p1", True),
        ("subject=Patient/p2", False),
        ("subject:identifier=urn:mrn|1", False),
        ("identifier=urn%3Alab%7C7&_count=10", True),
    ],
)
def test_what_a_query_finds(query, found):
    assert fits(OBSERVATION, parse(query), lambda key: KNOWN.get(key, ())) is found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("subject:identifier=urn:mrn|1", True),
        ("subject:identifier=urn:mrn|2", False),
        ("subject=Patient/p1", True),
        ("subject=Patient/p2", False),
    ],
)
def test_a_logical_reference_is_found_by_what_it_names(query, found):
    assert fits(LOGICAL, parse(query), lambda key: KNOWN.get(key, ())) is found


@pytest.mark.parametrize("query", ["name=x", "identifier:of-type=x", "identifier=", "_lastUpdated=gt2026"])
def test_a_parameter_that_is_not_offered_is_refused_and_never_ignored(query):
    with pytest.raises(Refused) as refused:
        parse(query)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("value", "met"),
    [
        ("gt2026-01-05T08:00:00+00:00", True),
        ("gt2026-01-05T10:00:00+00:00", False),
        ("2026-01-05T09:00:00Z", True),
        ("2026-01-05T09:00:01Z", False),
        ("2026-01-05", True),
        ("1850-01-01", False),
    ],
)
def test_when_it_was_last_written(value: str, met: bool) -> None:
    here = {"resourceType": "Patient", "meta": {"lastUpdated": "2026-01-05T09:00:00+00:00"}}
    assert fits(here, parse(f"_lastUpdated={value.replace('+', '%2B')}"), lambda _: ()) is met

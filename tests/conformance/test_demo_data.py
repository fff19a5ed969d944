from __future__ import annotations

import csv
from datetime import UTC, datetime

import pytest

from conformance.demo import directory
from conformance.demo.cases import load
from conformance.peers.request import entries, observation
from conformance.peers.rule import judge

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
SCRIPT = load()


def test_there_are_eight_and_each_is_told_once():
    assert [each.key for each in SCRIPT.stories] == [
        "agreement", "missed", "over-called", "declined", "late-value", "ehr-down", "late-signature",
        "refused-ai",
    ]  # fmt: skip
    assert [each.key for each in SCRIPT.stories if each.signs_later] == ["late-signature"]
    assert [each.key for each in SCRIPT.stories if each.refuses_ai] == ["refused-ai"]
    assert [each.key for each in SCRIPT.stories if each.later] == ["late-value"]
    assert [each.key for each in SCRIPT.stories if each.ehr_down_seconds] == ["ehr-down"]
    assert [each.key for each in SCRIPT.stories if each.first_offer_declined] == ["over-called"]


@pytest.mark.parametrize("story", SCRIPT.stories, ids=lambda each: each.key)
class TestEachStory:
    def test_it_uses_known_findings_and_states(self, story):
        assert story.says in SCRIPT.findings
        assert story.ai in (("",) if story.refuses_ai else ("present", "absent", "declined"))
        assert set(story.ends) <= {"closed-concordant", "closed-upheld", "closed-amended"}
        assert set(story.priorities) <= {"routine", "urgent", "asap", "stat"}

    def test_every_reference_of_its_request_leads_to_an_earlier_resource(self, story):
        seen = set()
        for each in entries(SCRIPT.request(story, "r", NOW), "https://ehr.example"):
            assert _references(each.resource) <= seen
            assert each.full_url not in seen
            seen.add(each.full_url)

    def test_two_runs_share_no_identifier_but_those_of_the_clinicians(self, story):
        one, two = (
            {(e.resource["resourceType"], e.condition) for e in entries(SCRIPT.request(story, run, NOW), "u")}
            for run in ("1", "2")
        )
        assert {type_ for type_, _ in one & two} == {"Organization", "Practitioner", "PractitionerRole"}

    def test_its_ending_follows_from_the_specialists_rule(self, story):
        values = {lab.name: lab.value for lab in (*story.labs, *story.later)}
        bacterial = story.specialist_says == "bacterial" if story.specialist_says else judge(values).bacterial
        agrees = bacterial == (story.says == "bacterial")
        referred = story.ai in ("declined", "") or (story.ai == "present") != (story.says == "bacterial")
        if referred:
            assert ("closed-upheld" if agrees else "closed-amended") in story.ends
        else:
            assert "closed-concordant" in story.ends


def _references(value):
    if isinstance(value, list):
        return {each for one in value for each in _references(one)}
    if isinstance(value, dict):
        own = {value["reference"]} if "reference" in value else set()
        return own | {each for one in value.values() for each in _references(one)}
    return set()


def test_the_request_has_what_the_door_asks_for():
    made = {
        e.resource["resourceType"]: e.resource
        for e in entries(SCRIPT.request(SCRIPT.stories[0], "r", NOW), "u")
    }
    task, report, patient = made["Task"], made["DiagnosticReport"], made["Patient"]
    assert task["restriction"]["period"]["end"] == "2026-01-06T09:00:00.000+00:00"
    assert {each["type"]["coding"][0]["code"] for each in task["input"]} == {
        "clinical-question",
        "primary-report",
    }
    assert report["issued"] < task["authoredOn"]
    assert report["resultsInterpreter"]
    assert patient["birthDate"] == "2009-01-05"


def test_a_late_value_has_the_same_identifier_as_if_it_had_come_in_time():
    story = SCRIPT.stories[4]
    request = SCRIPT.request(story, "r", NOW)
    late = observation(story.later[0], request, "u")
    assert late.condition == "identifier=u/observation|r-late-value-csf_gluc"
    assert late.full_url not in {each.full_url for each in entries(request, "u")}


def test_the_directory_is_a_dozen_or_more_and_each_role_is_made_once():
    made = directory.entries()
    with directory.DIRECTORY.open(newline="") as file:
        rows = list(csv.DictReader(file))
    roles = [each.resource for each in made if each.resource["resourceType"] == "PractitionerRole"]
    assert len(roles) == len(rows) >= 12
    assert len({each.full_url for each in made}) == len(made)
    assert [each["active"] for each in roles] == [row["active"] == "true" for row in rows]
    assert ["organization" in each for each in roles] == [bool(row["organisation_id"]) for row in rows]


ROW = dict.fromkeys(("role_id", "practitioner_id", "family", "given", "organisation_id", "organisation"), "x")


def one_role(tmp_path, **cells):
    row = (
        ROW | {"specialty_code": "1;2", "active": "true", "turnaround_hours": "", "not_available": ""} | cells
    )
    path = tmp_path / "directory.csv"
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, row)
        table.writeheader()
        table.writerow(row)
    return directory.entries(path)[-1].resource


@pytest.mark.parametrize(
    ("cell", "during"),
    [
        ("2026-01-01T00:00Z/", [{"start": "2026-01-01T00:00:00Z"}]),
        ("/2026-01-01T00:00Z", [{"end": "2026-01-01T00:00:00Z"}]),
        (
            "2026-01-01T00:00:00+01:00/2026-02-01",
            [{"start": "2026-01-01T00:00:00+01:00", "end": "2026-02-01"}],
        ),
        ("2026-01-01/; 2026-03-01/", [{"start": "2026-01-01"}, {"start": "2026-03-01"}]),
    ],
)
def test_absences_become_periods(tmp_path, cell, during):
    role = one_role(tmp_path, not_available=cell)
    assert [each["during"] for each in role["notAvailable"]] == during


def test_cells_become_elements(tmp_path):
    role = one_role(tmp_path, active="false", turnaround_hours="0.75")
    assert role["active"] is False
    assert str(role["extension"][0]["valueDuration"]["value"]) == "0.75"
    assert [each["coding"][0]["code"] for each in role["specialty"]] == ["1", "2"]
    assert "notAvailable" not in role
    assert "extension" not in one_role(tmp_path)


def test_posting_the_directory_twice_gives_the_same_roles(second_reader, reader):
    once, twice = directory.post(second_reader), directory.post(second_reader)
    assert once == twice
    assert "Testina Quill" in once.values()
    assert reader.shelf.ledger()["doubles"] == []

"""The directory from a table: the same resources that a FHIR client would PUT, and as often as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.directory import dump_directory, load_directory
from server.errors import Category, Fault
from tests.world import VIRAL, World, send_case

DEMO = Path(__file__).parents[1] / "conformance" / "demo" / "directory.csv"
HEAD = (
    "role_id,practitioner_id,family,given,organisation_id,organisation,"
    "specialty_code,active,turnaround_hours,not_available\n"
)
QUILL = "r-quill,p-quill,Quill,Testina,o-harbour,Harbour Institute,394807007;408454008,true,0.5,\n"
REED = (
    "r-reed,p-reed,Reed,Imagina,,,394807007,false,,"
    "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z;2026-02-01T00:00:00Z/\n"
)


def load(world: World, text: str) -> int:
    return load_directory(world.house, text, world.watch())


def test_a_specialist_becomes_three_resources(world: World) -> None:
    assert load(world, HEAD + QUILL) == 1
    role = world.get("PractitionerRole/r-quill")
    assert role["active"] is True
    assert role["practitioner"] == {"reference": "Practitioner/p-quill"}
    assert role["organization"] == {"reference": "Organization/o-harbour"}
    assert [each["coding"][0]["code"] for each in role["specialty"]] == ["394807007", "408454008"]
    [turnaround] = role["extension"]
    assert (turnaround["valueDuration"]["value"], turnaround["valueDuration"]["code"]) == (0.5, "h")
    assert world.get("Practitioner/p-quill")["name"] == [{"family": "Quill", "given": ["Testina"]}]
    assert world.get("Organization/o-harbour")["name"] == "Harbour Institute"


def test_what_is_not_known_is_left_out(world: World) -> None:
    load(world, HEAD + REED)
    role = world.get("PractitionerRole/r-reed")
    assert role["active"] is False
    assert "organization" not in role
    assert "extension" not in role
    assert [each["during"] for each in role["notAvailable"]] == [
        {"start": "2026-01-01T00:00:00.000Z", "end": "2026-01-02T00:00:00.000Z"},
        {"start": "2026-02-01T00:00:00.000Z"},
    ]


def test_loading_again_updates_what_changed(world: World) -> None:
    load(world, HEAD + QUILL + REED)
    load(world, HEAD + QUILL.replace(",true,", ",false,") + REED)
    role = world.get("PractitionerRole/r-quill")
    assert (role["active"], role["meta"]["versionId"]) == (False, "2")
    assert world.get("PractitionerRole")["total"] == 2


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1"),
        (HEAD + QUILL.replace("true", "perhaps"), "line 2"),
        (HEAD + QUILL + REED.replace("Reed,Imagina", ","), "line 3"),
        (HEAD + QUILL + QUILL, "line 3"),
    ],
    ids=["empty", "a wrong cell", "a missing name", "a role twice"],
)
def test_a_wrong_table_is_refused_whole_by_line(world: World, text: str, where: str) -> None:
    with pytest.raises(Fault, match=where) as refused:
        load(world, text)
    assert refused.value.category is Category.INCORRECT
    assert world.get("PractitionerRole")["total"] == 0


def test_the_demonstrations_directory_loads_and_its_specialists_are_asked(world: World) -> None:
    text = DEMO.read_text(encoding="utf-8")
    assert load(world, text) == len(text.splitlines()) - 1
    assert world.get("PractitionerRole")["total"] >= 12
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "offered"


MORE = HEAD.replace("\n", ",qualifications,languages,service_languages,reports_to,track_record\n")
CROWN = "r-crown,p-crown,Crown,Fabula,o-harbour,Harbour Institute,394807007,true,,,,,,nobody,\n"
FULL = (
    QUILL.replace(
        "\n", ",urn:board|id|CH-ZH|2020-01-01T00:00:00.000Z/2027-01-01T00:00:00.000Z;urn:board|md||,"
    )
    + "de;fr,it,p-crown,bacterial-meningitis|120|45/50\n"
)


def test_what_is_exported_is_what_was_loaded(world: World) -> None:
    load(world, MORE + CROWN + FULL)
    text, left_out = dump_directory(world.house)
    assert (text, left_out) == (MORE + CROWN + FULL, 0)
    load(world, text)
    assert dump_directory(world.house) == (text, 0)


def test_who_has_no_place_in_the_table_is_counted(world: World) -> None:
    world.post({"resourceType": "PractitionerRole", "specialty": [{"text": "words"}]})
    assert dump_directory(world.house) == (MORE, 1)

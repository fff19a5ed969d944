"""What comes beside the matches: each once, on and on, within bounds, and nothing that may not be seen."""

from __future__ import annotations

from typing import Any

import pytest

from server.fhir.included import Included
from server.fhir.query.asker import Asker, everything
from server.fhir.query.includes import Include
from server.query import ALWAYS, Ids, Not, Test
from tests.fhir.query.asking import BASE, NOW
from tests.fhir.shelf import Shelf


def ref(target: str) -> dict[str, str]:
    return {"reference": target}


def organization(id_: str, part_of: str) -> dict[str, Any]:
    return {"resourceType": "Organization", "id": id_, "partOf": ref(f"Organization/{part_of}")}


SHELF = Shelf(
    {"resourceType": "Patient", "id": "p", "managingOrganization": ref("Organization/a")},
    organization("a", "b"),
    organization("b", "c"),
    organization("c", "a"),  # a ring
    {"resourceType": "Observation", "id": "o1", "subject": ref("Patient/p"),
     "hasMember": [ref("Observation/o2")]},
    {"resourceType": "Observation", "id": "o2", "subject": ref("Patient/p"), "device": ref("Device/d")},
    {"resourceType": "Device", "id": "d"},
    {"resourceType": "Task", "id": "t", "for": ref("Patient/p"), "focus": ref("Observation/o1"),
     "owner": ref("https://away.example/Organization/a"), "partOf": [ref("Task/gone")]},
)  # fmt: skip


def beside(
    matches: list[str], *includes: Include, most: int = 100, visible: Any = everything
) -> tuple[list[str], bool]:
    found = [SHELF.read(*each.split("/")) for each in matches]
    included = Included(SHELF, Asker(BASE, NOW, visible), most)
    included.follow([each for each in found if each], includes)
    return [f"{each.type}/{each.id}" for each in included.found], included.cut


ITERATED = Include("Organization", "partof", iterate=True)
OWN = Include("Patient", "organization")


@pytest.mark.parametrize(
    ("matches", "includes", "expected"),
    [
        (["Task/t"], [], []),
        (["Task/t"], [Include("Task", "subject")], ["Patient/p"]),
        (["Task/t"], [Include("Task", "subject"), Include("Task", "patient")], ["Patient/p"]),
        (["Task/t"], [Include("Task", "focus", "Observation")], ["Observation/o1"]),
        (["Task/t"], [Include("Task", "focus", "Device")], []),
        (["Task/t"], [Include("Task", "owner"), Include("Task", "part-of")], []),
        (["Task/t"], [Include("Task", "subject"), OWN], ["Patient/p"]),
        (["Patient/p"], [OWN, Include("Organization", "partof")], ["Organization/a"]),
        (["Patient/p"], [OWN, ITERATED], ["Organization/a", "Organization/b", "Organization/c"]),
        (["Organization/a"], [ITERATED], ["Organization/b", "Organization/c"]),
        (["Patient/p"], [Include("Observation", "subject", back=True)], ["Observation/o1", "Observation/o2"]),
        (["Patient/p"], [Include("Observation", "subject", "Device", back=True)], []),
        (["Observation/o1", "Patient/p"], [Include("Observation", "subject", back=True)], ["Observation/o2"]),
        (["Patient/p"],
         [Include("Task", "subject", back=True), Include("Task", "focus", iterate=True),
          Include("Observation", "has-member", iterate=True), Include("Observation", "device", iterate=True)],
         ["Task/t", "Observation/o1", "Observation/o2", "Device/d"]),
        (["Device/d"],
         [Include("Observation", "device", back=True),
          Include("Observation", "has-member", back=True, iterate=True)],
         ["Observation/o2", "Observation/o1"]),
    ],
)  # fmt: skip
def test_what_is_included(matches, includes, expected):
    assert beside(matches, *includes) == (expected, False)


def test_a_bound_on_all_of_it():
    """F-093."""
    assert beside(["Patient/p"], OWN, ITERATED, most=2) == (["Organization/a", "Organization/b"], True)
    assert beside(["Patient/p"], OWN, ITERATED, most=3)[1] is False
    several = Include("Observation", "subject", back=True)
    assert beside(["Patient/p"], several, most=1) == (["Observation/o1"], True)
    assert beside(["Patient/p"], several, most=0) == ([], True)


def test_a_bound_on_how_far_it_goes_on():
    links = [organization(str(number), str(number + 1)) for number in range(30)]
    shelf = Shelf(*links, {"resourceType": "Organization", "id": "30"})
    included = Included(shelf, Asker(BASE, NOW), 100)
    first = shelf.read("Organization", "0")
    assert first is not None
    included.follow([first], [ITERATED])
    assert (len(included.found), included.cut) == (21, True)


def test_what_may_not_be_seen_is_not_included():
    def visible(type_: str) -> Test | None:
        return {"Organization": Not(Ids(("b",))), "Patient": ALWAYS}.get(type_)

    assert beside(["Patient/p"], OWN, ITERATED, visible=visible) == (["Organization/a"], False)
    assert beside(["Patient/p"], Include("Observation", "subject", back=True), visible=visible) == ([], False)

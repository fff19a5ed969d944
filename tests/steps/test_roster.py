"""The directory in memory: never older than the store, and read anew only where something has changed."""

from __future__ import annotations

from typing import Any

import pytest

from server.steps.roster import Roster
from tests.fhir.shelf import Shelf


def role(number: int, organisation: str = "o", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "id": f"r{number}",
        "practitioner": {"reference": f"Practitioner/p{number}"},
        "organization": {"reference": f"Organization/{organisation}"},
        **more,
    }


def doctor(number: int, family: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Practitioner", "id": f"p{number}", "name": [{"family": family}], **more}


def place(id_: str = "o", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Organization", "id": id_, "name": "X", **more}


class Counting(Shelf):
    """Counts what is read."""

    def __init__(self, *resources: dict[str, Any]) -> None:
        super().__init__(*resources)
        self.reads: list[str] = []

    def read(self, type_: str, id_: str, version: int | None = None) -> Any:
        self.reads.append(f"{type_}/{id_}")
        return super().read(type_, id_, version)


@pytest.fixture
def shelf() -> Counting:
    return Counting(place(), *(each for n in range(3) for each in (role(n), doctor(n, f"Quill{n}"))))


def names(roster: Roster) -> list[str]:
    return [each.name for each in roster()]


def test_it_is_read_once(shelf: Counting) -> None:
    roster = Roster(shelf)
    assert names(roster) == ["Quill0", "Quill1", "Quill2"]
    shelf.reads.clear()
    assert names(roster) == ["Quill0", "Quill1", "Quill2"]
    assert shelf.reads == []


def test_who_has_changed_is_read_anew_and_nobody_else(shelf: Counting) -> None:
    roster = Roster(shelf)
    roster()
    shelf.reads.clear()
    shelf.put(doctor(1, "Marrow"))
    assert names(roster) == ["Quill0", "Marrow", "Quill2"]
    assert set(shelf.reads) == {"PractitionerRole/r1", "Practitioner/p1", "Organization/o"}


def test_what_several_refer_to_changes_all_of_them(shelf: Counting) -> None:
    roster = Roster(shelf)
    assert all(each.organisation_active for each in roster())
    shelf.put(place(active=False))
    assert not any(each.organisation_active for each in roster())


def test_what_was_missing_and_comes_counts(shelf: Counting) -> None:
    shelf.put(role(7))
    roster = Roster(shelf)
    assert names(roster)[-1] == ""
    shelf.put(doctor(7, "Late"))
    assert names(roster)[-1] == "Late"


def test_who_is_deleted_is_gone_and_what_nobody_refers_to_changes_nothing(shelf: Counting) -> None:
    roster = Roster(shelf)
    roster()
    shelf.delete("PractitionerRole", "r0")
    assert names(roster) == ["Quill1", "Quill2"]
    shelf.reads.clear()
    shelf.put(place("another"))
    assert names(roster) == ["Quill1", "Quill2"]
    assert shelf.reads == []

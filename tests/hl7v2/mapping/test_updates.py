"""What a draft changes."""

from __future__ import annotations

import pytest

from server.hl7v2.mapping.drafts import Draft, Json
from server.hl7v2.mapping.updates import older, updated


def draft(
    resource: Json, owned: tuple[str, ...] = (), cleared: tuple[str, ...] = (), type_: str = "Patient"
) -> Draft:
    return Draft("x", type_, {"resourceType": type_, **resource}, (), cleared, owned)


def test_only_what_the_message_speaks_of_and_says_changes() -> None:
    stored = {"name": [1], "gender": "female", "active": True}
    found = updated(stored, draft({"name": [2], "active": False}, ("name", "gender")))
    assert found == {"name": [2], "gender": "female", "active": True}


def test_a_choice_is_replaced_whole() -> None:
    stored = {"deceasedBoolean": False, "deceased": 0, "valueString": "x"}
    found = updated(stored, draft({"deceasedDateTime": "2020"}, ("deceased[x]",)))
    assert found == {"deceasedDateTime": "2020", "valueString": "x"}


def test_what_stood_beside_a_primitive_goes_with_it() -> None:
    stored = {"birthDate": "1970-01-01", "_birthDate": {"extension": [1]}}
    assert updated(stored, draft({"birthDate": "1970-01-02"}, ("birthDate", "_birthDate"))) == {
        "birthDate": "1970-01-02"
    }


def test_null_deletes() -> None:
    stored = {"address": [1], "deceasedBoolean": True, "gender": "male"}
    assert updated(stored, draft({}, (), ("address", "deceased[x]"))) == {"gender": "male"}


def test_numbers_are_added_and_never_lost() -> None:
    stored = {"identifier": [{"system": "a", "value": "1", "use": "old"}]}
    said = [{"system": "a", "value": "1"}, {"system": "a", "value": "2"}]
    assert updated(stored, draft({"identifier": said}))["identifier"] == [stored["identifier"][0], said[1]]


@pytest.mark.parametrize(
    ("stored", "said", "stays"),
    [
        ("final", "preliminary", True), ("corrected", "registered", True), ("final", "unknown", True),
        ("final", "corrected", False), ("preliminary", "final", False), ("final", "entered-in-error", False),
        ("preliminary", "registered", False), ("entered-in-error", "final", True),
            ("corrected", "final", True), ("cancelled", "entered-in-error", False),
    ],
)  # fmt: skip
def test_what_is_final_is_not_made_preliminary_again(stored: str, said: str, stays: bool) -> None:
    new = draft({"status": said, "valueString": "new"}, ("status", "value[x]"), type_="Observation")
    old = {"status": stored, "valueString": "old"}
    assert older(old, new) is stays
    assert updated(old, new) == (old if stays else {"status": said, "valueString": "new"})


def test_an_order_has_no_such_rule() -> None:
    assert not older({"status": "final"}, draft({"status": "unknown"}, ("status",), type_="ServiceRequest"))


@pytest.mark.parametrize(
    ("stored", "said", "late"),
    [
        ("2026-01-05T08:10:00Z", "2026-01-05T08:00:00Z", True),
        ("2026-01-05T08:00:00Z", "2026-01-05T08:10:00Z", False),
    ],
)
@pytest.mark.parametrize("status", ["final", "corrected", "cancelled"])
def test_a_report_that_was_issued_earlier_came_late(
    stored: str, said: str, status: str, *, late: bool
) -> None:
    new = draft({"status": "final", "issued": said}, ("status",), type_="DiagnosticReport")
    assert older({"status": status, "issued": stored}, new) is late


def test_results_of_a_report_that_was_issued_later_are_said_anew() -> None:
    new = draft({"status": "final"}, ("status",), type_="Observation")
    assert not older({"status": "entered-in-error"}, new, later=True)


@pytest.mark.parametrize(
    ("stored", "said", "late"), [("revoked", "active", True), ("active", "revoked", False)]
)
def test_an_order_that_is_over_is_not_placed_again_by_an_old_message(
    stored: str, said: str, *, late: bool
) -> None:
    assert older({"status": stored}, draft({"status": said}, (), type_="ServiceRequest")) is late


def test_an_order_that_comes_after_its_result_stays_done_and_adds_what_it_alone_knows() -> None:
    done = {"status": "completed", "occurrenceDateTime": "2026-01-05", "identifier": [{"value": "T-1"}]}
    said = {
        "status": "active",
        "occurrencePeriod": {},
        "priority": "urgent",
        "identifier": [{"value": "uid"}],
    }
    late = draft(said, ("status", "occurrence[x]", "priority"), type_="ServiceRequest")
    assert not older(done, late)
    assert updated(done, late) == {
        **done, "priority": "urgent", "identifier": [{"value": "T-1"}, {"value": "uid"}],
    }  # fmt: skip


@pytest.mark.parametrize("status", ["revoked", "entered-in-error"])
def test_an_order_that_is_done_may_still_be_void(status: str) -> None:
    done, late = {"status": "completed"}, draft({"status": status}, ("status",), type_="ServiceRequest")
    assert updated(done, late) == {"status": status}

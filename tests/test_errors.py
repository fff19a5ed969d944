"""Faults: every reason is told, and whose fault it is."""

from __future__ import annotations

import pytest

from server.errors import Category, Fault, Issue, fault

OURS = {Category.BUSY, Category.UNAVAILABLE, Category.BROKEN}


@pytest.mark.parametrize("category", Category)
def test_whose_fault_it_is(category: Category) -> None:
    assert category.ours is (category in OURS)


def test_a_fault_tells_all_its_reasons_in_order() -> None:
    first, second = Issue("required", "a code is missing", "Task.code"), Issue("value", "a date is wrong")
    told = Fault(Category.UNPROCESSABLE, first, second)
    assert told.issues == (first, second)
    assert str(told) == "a code is missing; a date is wrong"


def test_a_fault_without_reasons_is_called_by_its_category() -> None:
    assert str(Fault(Category.TOO_LARGE)) == "too large"


def test_the_usual_fault_has_one_reason_about_the_whole_input() -> None:
    told = fault(Category.CONFLICT, "duplicate", "it is there already")
    assert told.category is Category.CONFLICT
    assert told.issues == (Issue("duplicate", "it is there already", ""),)
    assert fault(Category.CONFLICT, "duplicate", "x", "Task.id").issues[0].path == "Task.id"

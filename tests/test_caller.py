"""Scopes: which are read, which are refused, what they allow."""

from __future__ import annotations

import pytest

from server.caller import EVERYBODY, Caller, Deed, Scope, scopes_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("system/Task.rus", (Scope("Task", "rus"),)),
        ("system/*.cruds  system/Patient.r", (Scope("*", "cruds"), Scope("Patient", "r"))),
        ("system/Observation.rs?category=laboratory", (Scope("Observation", "rs", "category=laboratory"),)),
        ("system/Task.read", (Scope("Task", "rs"),)),
        ("system/Task.write", (Scope("Task", "cud"),)),
        ("system/Task.*", (Scope("Task", "cruds"),)),
    ],
)
def test_scopes_that_are_read(text: str, expected: tuple[Scope, ...]) -> None:
    assert scopes_of(text) == expected


@pytest.mark.parametrize(
    "word",
    [
        "system/Task.", "system/Task.dus", "system/Task.x", "system/Task", "Task.r", "patient/Task.r",
        "user/Task.r",
        "system/task.r", "system/Task.rr", "system/Task.r?", "system/Task.r?a\tb", "system/**.r", "launch",
        "system/Task.r?" + "a" * 501,
    ],
)  # fmt: skip
def test_scopes_that_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match="scope 2 is not of the form"):
        scopes_of(f"system/Patient.r {word}".replace("\t", "\x7f"))


def test_too_many_scopes_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 100"):
        scopes_of("system/Task.r " * 101)


def caller(text: str) -> Caller:
    return Caller("c", "c", scopes_of(text))


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("", ()),
        ("system/Patient.rs", ()),
        ("system/Task.c", ()),
        ("system/Task.rs", None),
        ("system/*.s", None),
        ("system/Task.s?status=requested system/Task.s?code=x", ("status=requested", "code=x")),
        ("system/Task.s?status=requested system/*.s", None),
    ],
)
def test_what_may_be_seen_of_a_type(text: str, only: tuple[str, ...] | None) -> None:
    assert caller(text).only("Task", Deed.SEARCH) == only
    assert caller(text).may("Task", Deed.SEARCH) is (only != ())


def test_everybody_may_everything() -> None:
    assert all(EVERYBODY.only(type_, deed) is None for type_ in ("Task", "AuditEvent") for deed in Deed)

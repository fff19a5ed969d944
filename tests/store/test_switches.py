"""The switch: thrown by one, however many throw it at once; the last word on a scope counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from server.changes import EVERYTHING, Act, thrown
from server.errors import Category, Fault, fault
from server.store.database import Database
from server.store.switches import SwitchStore
from tests.store.nouns import AT


@pytest.fixture
def switches(database: Database) -> SwitchStore:
    return SwitchStore(database)


def test_of_many_that_throw_it_at_once_one_does(switches: SwitchStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        tried = [pool.submit(switches.throw, "q", by, "odd", AT) for by in "abcd"]
        assert sorted(each.result(60) for each in tried) == [False] * 3 + [True]
    assert len(switches.words()) == 1


@pytest.mark.parametrize(("scope", "on"), [(EVERYTHING, True), ("q", True), ("another", False)])
def test_all_questions_or_one(switches: SwitchStore, scope: str, on: bool) -> None:
    switches.throw(scope, "Ada", "odd", AT)
    assert (switches.on("q") is not None) is on


def test_it_is_on_until_the_second_has_said_so(switches: SwitchStore) -> None:
    switches.throw("q", "Ada", "odd", AT, {"n": 1})
    assert switches.back("q", "Bo", "ok", AT, lambda _: Act.ASKED) is Act.ASKED
    assert switches.on("q") is not None
    assert thrown(switches.words())["q"].by == "Ada"
    switches.back("q", "Cy", "ok", AT, lambda _: Act.NORMAL)
    assert switches.on("q") is None
    assert thrown(switches.words()) == {}
    assert switches.throw("q", "Ada", "odd again", AT)


def test_thrown_again_after_somebody_asked_to_go_back_it_has_to_be_asked_for_again(
    switches: SwitchStore,
) -> None:
    switches.throw("q", "Ada", "odd", AT)
    switches.back("q", "Bo", "ok", AT, lambda _: Act.ASKED)
    assert not switches.throw("q", "stop rule", "figures", AT, {"n": 1}), "a rule finds it on"
    assert switches.throw("q", "Cy", "not ok", AT)
    assert switches.standing()["q"].act is Act.SAFE


def test_what_is_refused_leaves_no_word(switches: SwitchStore) -> None:
    def no(_: object) -> Act:
        raise fault(Category.CONFLICT, "business-rule", "no")

    with pytest.raises(Fault):
        switches.back("q", "Bo", "ok", AT, no)
    assert switches.words() == []

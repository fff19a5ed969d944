"""Policies are changed, and the switch is thrown, on the command line."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from server import policy_changes, settings
from server.checks import run as checked
from server.commands import main
from server.errors import Category, Fault
from server.settings import Settings
from server.standing_orders import of_policies, tell_differing
from server.wiring import build
from tests.test_policy_gate import gatekept
from tests.test_story_changes import OLD, QUESTION, SHIPPED, kept, text
from tests.test_story_gatekeeper import asked, prove
from tests.world import make_world

NEXT = text(version='"1.2.0"', rule='"P2"')
CASES = '{"first": "present", "model": "absent", "final": "absent"}\n' * 3


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A migrated folder; beside it ``policies``, from which it starts."""
    policies = tmp_path / "policies"
    policies.mkdir()
    for each in SHIPPED.parent.glob("*.toml"):
        (policies / each.name).write_text(each.read_text(encoding="utf-8"), encoding="utf-8")
    (policies / SHIPPED.name).write_text(OLD.text, encoding="utf-8")
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SECOND_READER_POLICIES", str(policies))
    CliRunner().invoke(main, ("migrate",), catch_exceptions=False)
    return tmp_path


def run(*words: Any) -> str:
    """Faults are raised, as ``__main__`` sees them."""
    result = CliRunner().invoke(main, ("policy", *map(str, words)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def refused(category: Category, *words: Any) -> str:
    with pytest.raises(Fault) as no:
        run(*words)
    assert no.value.category is category
    return str(no.value)


def file(site: Path, content: str = NEXT, name: str = "next.toml") -> Path:
    path = site / name
    path.write_text(content, encoding="utf-8")
    return path


def digest(content: str = NEXT) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def propose(site: Path, content: str = NEXT, by: str = "Ada", *more: Any) -> str:
    return run("propose", file(site, content), "--by", by, "--reason", "fewer referrals", *more)


def listed() -> list[dict[str, Any]]:
    told = json.loads(run("list", "--json"))
    return [each for each in told["policies"] if each["question"] == QUESTION]


def standings() -> dict[str, str]:
    return {each["version"]: each["standing"] for each in listed()}


def test_a_new_install_starts_with_its_files_in_force(site: Path) -> None:
    assert standings() == {"1.1.1": "in force"}
    assert "the first of its question" in run("list")


def test_two_people_change_a_policy_after_a_replay(site: Path) -> None:
    cases = file(site, CASES, "cases.jsonl")
    told = propose(site, NEXT, "Ada", "--cases", cases)
    assert "3 cases: a specialist asked in 3 (100.0%) before, 0 (0.0%) after" in told
    assert standings() == {"1.1.1": "in force", "1.2.0": "proposed"}
    assert "counts from now on" in run("approve", digest()[:8].upper(), "--by", "Bo")
    assert standings() == {"1.2.0": "in force", "1.1.1": "replaced"}
    [row] = [each for each in listed() if each["version"] == "1.2.0"]
    assert (row["proposedBy"], row["approvedBy"], row["reason"]) == ("Ada", "Bo", "fewer referrals")
    assert row["replay"]["set"] == hashlib.sha256(CASES.encode()).hexdigest()
    assert (row["replay"]["lost"], row["replay"]["of"]) == (3, "cases.jsonl")
    shown = run("show", digest()[:8])
    assert "3 in which a specialist has changed the first answer would not be asked any more" in shown
    assert shown.endswith(NEXT)
    assert run("show", digest(), "--text") == NEXT


@pytest.mark.parametrize("by", ["Ada", "  ada ", "ADA"])
def test_who_proposed_cannot_approve(site: Path, by: str) -> None:
    propose(site)
    assert "another person must" in refused(Category.FORBIDDEN, "approve", digest(), "--by", by)
    assert standings()["1.2.0"] == "proposed"


def test_what_is_approved_twice_by_one_is_approved_once_and_by_another_too_late(site: Path) -> None:
    propose(site)
    run("approve", digest(), "--by", "Bo")
    assert "is approved already" in run("approve", digest(), "--by", "bo")
    assert "approved by Bo before" in refused(Category.CONFLICT, "approve", digest(), "--by", "Cy")
    assert len(listed()) == 2


def test_a_date_is_waited_for_and_can_be_called_off(site: Path) -> None:
    propose(site)
    past, future = "2020-01-01T00:00:00Z", "2120-01-01T00:00:00+01:00"
    assert "never reaches back" in refused(
        Category.INCORRECT, "approve", digest(), "--by", "Bo", "--from", past
    )
    assert "a time with its zone" in run("approve", digest(), "--by", "Bo", "--from", "2120-01-01T00:00:00")
    assert "2119-12-31T23:00" in run("approve", digest(), "--by", "Bo", "--from", future)
    assert standings() == {"1.2.0": "waiting", "1.1.1": "in force"}
    other = text(version='"1.3.0"')
    said = refused(Category.CONFLICT, "propose", file(site, other), "--by", "Ada", "--reason", "x")
    assert "waits for its date" in said
    run("reject", digest(), "--by", "Cy", "--reason", "not now")
    assert standings() == {"1.2.0": "called off", "1.1.1": "in force"}
    assert "called off by Cy" in run("list")
    propose(site)
    run("approve", digest(), "--by", "Bo")
    assert [each["standing"] for each in listed()] == ["in force", "called off", "replaced"]


def test_a_rejected_proposal_is_listed_and_counts_never(site: Path) -> None:
    propose(site)
    run("reject", digest(), "--by", "Bo", "--reason", "too few audits")
    assert standings() == {"1.1.1": "in force", "1.2.0": "rejected"}
    assert "rejected by Bo before" in refused(Category.CONFLICT, "approve", digest(), "--by", "Cy")
    assert "only what is proposed" in refused(
        Category.CONFLICT, "reject", digest(), "--by", "Cy", "--reason", "x"
    )


def test_a_proposal_against_a_policy_that_was_replaced_is_outdated(site: Path) -> None:
    other = text(version='"1.3.0"')
    propose(site)
    propose(site, other)
    run("approve", digest(other), "--by", "Bo")
    assert standings()["1.2.0"] == "outdated"
    assert "propose it anew" in refused(Category.CONFLICT, "approve", digest(), "--by", "Bo")


@pytest.mark.parametrize(
    ("content", "category", "said"),
    [
        (OLD.text, Category.CONFLICT, "needs a higher version"),
        (NEXT.replace("1.2.0", "0.9.0"), Category.CONFLICT, "needs a higher version"),
        (NEXT.replace('rule = "P2"', 'rule = "P9"'), Category.INCORRECT, "key rule: must be one of: P0"),
        (NEXT.replace(QUESTION, "another"), Category.INCORRECT, "no policy of this question is in force"),
        ("rule", Category.INCORRECT, "is not TOML"),
    ],
)
def test_what_cannot_be_a_policy_is_not_proposed(
    site: Path, content: str, category: Category, said: str
) -> None:
    path = file(site, content)
    assert said in refused(category, "propose", path, "--by", "Ada", "--reason", "x")
    assert len(listed()) == 1


def test_the_same_file_is_proposed_once(site: Path) -> None:
    propose(site)
    said = refused(Category.CONFLICT, "propose", file(site), "--by", "Bo", "--reason", "x")
    assert "proposed already, by Ada" in said


@pytest.mark.parametrize("beginning", ["", "zz", "0"])
def test_a_digest_that_leads_to_no_proposal_is_not_found(site: Path, beginning: str) -> None:
    assert "digest begins so" in refused(Category.NOT_FOUND, "approve", beginning, "--by", "Bo")


def test_a_policy_that_does_not_go_with_a_new_card_stops_the_start_and_can_still_be_changed(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sure = "\n[confident]\nabsent_at_most = 0.02\npresent_at_least = 0.98\n"
    by_confidence = text(version='"1.2.0"', rule='"P4"').replace(
        'audit = "urgent"', 'confirmation = "urgent"\naudit = "urgent"'
    )
    propose(site, by_confidence + sure)
    run("approve", digest(by_confidence + sure), "--by", "Bo")
    cards = site / "cards"
    shutil.copytree(Settings().cards, cards)
    card = cards / QUESTION / "card.toml"
    card.write_text(re.sub(r"(?m)^absent_at_most = \S+", "absent_at_most = 0.01", card.read_text()))
    monkeypatch.setenv("SECOND_READER_CARDS", str(cards))
    with pytest.raises(Fault, match="must lie beyond the model's own thresholds"):
        build(settings.load())
    assert [each.what for each in checked() if not each.good] == ["policies in force"]
    surer = by_confidence.replace("1.2.0", "1.3.0") + sure.replace("0.02", "0.001")
    propose(site, surer)
    run("approve", digest(surer), "--by", "Bo")
    build(settings.load()).close()


# -- a gatekeeper, and readers who see the model --------------------------------------------------


def test_a_gatekeeper_is_replayed_at_its_worst(site: Path) -> None:
    below = '{"first": "present", "model": "absent", "probability": 0.001, "final": "present"}\n'
    cases = file(site, below + CASES, "cases.jsonl")
    told = propose(site, gatekept(rule_out_below=0.01), "Ada", "--cases", cases)
    assert "4 cases: a specialist asked in 4 (100.0%) before, 3 (75.0%) after" in told
    assert "  specialist: over-called -> ruled out, no human: 1" in told
    assert "no human reads 1 (25.0%) after; 1 of those ended as present: lost findings" in told
    [row] = [each for each in listed() if each["version"] == "1.2.0"]
    assert row["replay"]["noHuman"] == {"before": None, "after": {"cases": 1, "present": 1, "unknown": 3}}
    assert (row["replay"]["lost"], row["replay"]["sensitivity"]["after"]) == (0, 0)


def test_of_its_own_cases_those_that_were_ruled_out_are_told_to_be_left_out(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = make_world(tmp_path / "world")
    world = next(opened)
    world.house.rulings.changes.begin(kept(gatekept()), world.watch())
    monkeypatch.setattr(policy_changes, "build", lambda *_, **__: world.house)
    monkeypatch.setattr(policy_changes, "now", world.watch)
    prove(world)
    for number in range(3):
        asked(world, f"T-{number}")
    told = propose(site, text(version='"1.3.0"'))
    assert (
        "replayed on the cases resolved here, of the model in use:\n4 cases: a specialist asked in 0" in told
    )
    assert "no human reads 4 (100.0%) before; 0 of those ended as present" in told
    assert "not among these: 3 cases that ended here without a human, by a gatekeeper" in told
    [made] = world.house.rulings.changes.proposals()
    assert (made.figures["cases"], made.figures["ruledOut"]) == (4, 3)
    next(opened, None)


def test_who_has_not_seen_the_model_is_told_of_readers_who_would(site: Path) -> None:
    concurrent = f'pathway = "concurrent"\n{NEXT}'.replace("audit_fraction = 0.0", "audit_fraction = 0.05")
    told = propose(site, concurrent, "Ada", "--cases", file(site, CASES, "cases.jsonl"))
    assert "the first reader sees the model's answer in 3 after; what they answered here" in told


# -- a changed file ------------------------------------------------------------------------------


def test_a_changed_file_does_not_count_at_the_next_start_and_is_told(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("list")
    path = site / "policies" / SHIPPED.name
    path.write_text(NEXT, encoding="utf-8")
    house = build(_settings(site))
    assert house.policies[QUESTION].version == "1.1.1"
    health = of_policies(house, house.rulings.changes.counting(QUESTION)[0].from_at)
    assert health["policies"][QUESTION].startswith(f"{QUESTION}@1.1.1 ({OLD.digest[:12]}")
    assert health["policyFilesNotInForce"] == {
        QUESTION: f"python -m server policy propose {SHIPPED.name} --by NAME --reason TEXT"
    }
    [line] = [each for each in checked() if each.what == "policies in force"]
    assert line.good
    assert f"{SHIPPED.name} differs from it: python -m server policy propose {path}" in line.detail
    assert "is not the policy of bacterial-meningitis in force" in run("list")
    tell_differing(house)
    propose(site)
    run("approve", digest(), "--by", "Bo")
    assert "policyFilesNotInForce" not in of_policies(
        house, house.rulings.changes.counting(QUESTION)[0].from_at
    )
    house.close()


def _settings(site: Path) -> Settings:
    return Settings(data=site / "data", policies=site / "policies")


def test_what_is_in_force_needs_no_file_any_more(site: Path) -> None:
    run("list")
    path = site / "policies" / SHIPPED.name
    path.write_text(text(version='"3.0.0"'), encoding="utf-8")
    for _ in range(2):
        house = build(_settings(site))
        assert house.policies[QUESTION].version == "1.1.1"
        house.close()


# -- the switch ----------------------------------------------------------------------------------


def test_one_person_throws_the_switch_and_two_go_back(site: Path) -> None:
    assert "two humans read every case now" in run("safe", "--by", "Ada", "--reason", "odd scores")
    assert "already" in run("safe", "--by", "Bo", "--reason", "x")
    assert "until another person repeats" in run("normal", "--by", "Ada", "--reason", "mended")
    assert "another person must" in refused(
        Category.FORBIDDEN, "normal", "--by", " ADA", "--reason", "mended"
    )
    assert "switch, all questions: safe by Ada" in run("list")
    assert "two humans read every case of all questions" in [*checked()][-1].detail
    assert "decide again" in run("normal", "--by", "Bo", "--reason", "agreed")
    assert "is not thrown" in refused(Category.CONFLICT, "normal", "--by", "Bo", "--reason", "x")


def test_the_switch_may_be_for_one_kind_of_device(site: Path) -> None:
    told = run("safe", "--by", "Ada", "--reason", "odd", "--maker", "ACME Imaging", "--model", "DX 200")
    assert 'two humans read every case of device ["acme imaging", "dx 200", ""] now' in told
    assert 'switch, device ["acme imaging", "dx 200", ""]: safe by Ada' in run("list")
    assert 'two humans read every case of device ["acme imaging", "dx 200", ""]' in [*checked()][-1].detail
    run("normal", "--by", "Ada", "--reason", "mended", "--maker", "acme  imaging", "--model", "dx 200")
    told = run("normal", "--by", "Bo", "--reason", "agreed", "--maker", "ACME Imaging", "--model", "DX 200")
    assert "decide again" in told
    assert "by its --maker at least" in refused(
        Category.INCORRECT, "safe", "--by", "A", "--reason", "x", "--model", "DX 200"
    )
    assert "for a question or for a device" in refused(
        Category.INCORRECT, "safe", "--by", "A", "--reason", "x", "--maker", "B", "--question", QUESTION
    )


def test_the_switch_may_be_for_one_question(site: Path) -> None:
    run("safe", "--by", "Ada", "--reason", "odd", "--question", QUESTION)
    house = build(_settings(site))
    assert [house.rulings.switches.on(each) is not None for each in sorted(house.policies)] == [True, False]
    house.close()
    assert "there is no such question" in refused(
        Category.NOT_FOUND, "safe", "--by", "A", "--reason", "x", "--question", "another"
    )

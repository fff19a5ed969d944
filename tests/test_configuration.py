"""Cards and policies belong together: each question that is read has a policy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server.configuration import demand_models, load_configuration, load_other_models
from server.errors import Category, Fault
from server.model import Finding
from server.routing.independence import model_checks
from server.settings import Settings

BUILT_IN = Settings()


def test_a_card_without_a_policy_is_refused_by_name(tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    shutil.copytree(BUILT_IN.cards, cards)
    (cards / "bacterial-meningitis").rename(cards / "another-question")
    card = cards / "another-question" / "card.toml"
    card.write_text(
        card.read_text().replace('question = "bacterial-meningitis"', 'question = "another-question"')
    )
    with pytest.raises(Fault, match="has no policy for: another-question") as refused:
        load_configuration(Settings(cards=cards))
    assert refused.value.category is Category.INCORRECT


@pytest.mark.parametrize(("content", "said"), [(b"another", "the SHA-256 differs"), (None, "cannot be read")])
def test_a_model_that_is_not_the_one_of_its_card_is_named(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    cards = tmp_path / "cards"
    shutil.copytree(BUILT_IN.cards, cards)
    chosen = Settings(cards=cards)
    found, _ = load_configuration(chosen)
    demand_models(chosen, found, {})
    model = cards / "bacterial-meningitis" / "model.ubj"
    model.unlink()
    if content is not None:
        model.write_bytes(content)
    with pytest.raises(Fault, match=said) as refused:
        demand_models(chosen, found, {})
    assert refused.value.category is Category.BROKEN


@pytest.mark.parametrize(
    ("absent", "present", "refused"),
    [("0.001", "0.999", False), ("0.499", "0.999", True), ("0.001", "0.5", True)],
)
def test_sure_lies_beyond_what_the_model_answers_at_all(
    tmp_path: Path, absent: str, present: str, refused: bool
) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(BUILT_IN.policies, policies)
    file = policies / "bacterial-meningitis.toml"
    content = file.read_text().replace('rule = "P1"', 'rule = "P4"')
    content = content.replace('audit = "urgent"', 'confirmation = "urgent"\naudit = "urgent"')
    file.write_text(f"{content}\n[confident]\nabsent_at_most = {absent}\npresent_at_least = {present}\n")
    chosen = Settings(policies=policies)
    if not refused:
        load_configuration(chosen)
        return
    with pytest.raises(Fault, match="key confident: must lie beyond the model's own thresholds") as error:
        load_configuration(chosen)
    assert error.value.category is Category.INCORRECT


@pytest.mark.parametrize(("below", "refused"), [("0.01", False), ("0.499", True), ("0.9", True)])
def test_a_gatekeeper_rules_out_below_what_the_model_calls_absent(
    tmp_path: Path, below: str, refused: bool
) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(BUILT_IN.policies, policies)
    file = policies / "bacterial-meningitis.toml"
    content = file.read_text().replace('rule = "P1"', 'rule = "P1"\npathway = "gatekeeper"')
    gate = 'window = "90 d"\nat_most = 0.5\nreread = 0.05\nomitted_at_most = 0.01\n'
    file.write_text(f"{content}\n[gate]\nrule_out_below = {below}\n{gate}")
    chosen = Settings(policies=policies)
    if not refused:
        load_configuration(chosen)
        return
    with pytest.raises(Fault, match=r"key gate\.rule_out_below: must be below") as error:
        load_configuration(chosen)
    assert error.value.category is Category.INCORRECT


def beside(folder: Path, old: str, new: str) -> Settings:
    """The shipped cards, with another model for meningitis whose card differs from the first in one place."""
    cards = folder / "cards"
    shutil.copytree(BUILT_IN.cards, cards)
    first, other = cards / "bacterial-meningitis", cards / "bacterial-meningitis" / "other"
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(first, other)
    text = (first / "card.toml").read_text()
    assert old in text
    (other / "card.toml").write_text(text.replace(old, new, 1))
    return Settings(cards=cards)


def test_a_question_may_have_another_model(tmp_path: Path) -> None:
    chosen = beside(tmp_path, 'name = "abm-xgboost"', 'name = "another"')
    cards, _ = load_configuration(chosen)
    others = load_other_models(chosen, cards)
    assert [each.identity for each in others.values()] == ["another@1.0.0"]
    demand_models(chosen, cards, others)
    (chosen.cards / "bacterial-meningitis" / "other" / "model.ubj").unlink()
    with pytest.raises(Fault, match="cannot be read"):
        demand_models(chosen, cards, others)


def test_the_other_model_that_is_shipped_is_not_called_independent() -> None:
    """Of the same maker and the same data, and wrong on the same people."""
    cards, _ = load_configuration(BUILT_IN)
    others = load_other_models(BUILT_IN, cards)
    demand_models(BUILT_IN, cards, others)
    [(question, other)] = others.items()
    first = cards[question]
    found = {each.what: each for each in model_checks([first], other)}
    assert {what for what, each in found.items() if each.finding is Finding.SHARED} == {
        "vendor",
        "training source",
        "errors",
    }
    assert found["model family"].finding is Finding.DIFFERENT
    assert other.shared_errors is not None
    assert other.shared_errors.other == first.identity, "measured beside the version that is read first"
    assert "phi = 1.00, measured on 132 cases" in found["errors"].words


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "abm-xgboost"', 'name = "abm-xgboost"', "needs a name or version of its own"),
        ('question = "bacterial-meningitis"', 'question = "sepsis"', "the name of the folder"),
    ],
)
def test_another_model_that_cannot_stand_beside_the_first_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    chosen = beside(tmp_path, old, new)
    cards, _ = load_configuration(chosen)
    with pytest.raises(Fault, match=said) as refused:
        load_other_models(chosen, cards)
    assert refused.value.category is Category.INCORRECT

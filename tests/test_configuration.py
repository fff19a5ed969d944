"""Cards and policies belong together: each question that is read has a policy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server.configuration import demand_models, load_configuration
from server.errors import Category, Fault
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
    demand_models(chosen, found)
    model = cards / "bacterial-meningitis" / "model.ubj"
    model.unlink()
    if content is not None:
        model.write_bytes(content)
    with pytest.raises(Fault, match=said) as refused:
        demand_models(chosen, found)
    assert refused.value.category is Category.BROKEN

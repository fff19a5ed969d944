"""The training data, the figures, and that card and model file are what training makes."""

from __future__ import annotations

import csv
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb
from click.testing import CliRunner
from sklearn.metrics import roc_auc_score

from server.contract import AGE, weigh
from server.model import (
    Band,
    Card,
    Evidence,
    Measurement,
    ResourceKey,
    SharedErrors,
    Span,
    Subgroup,
)
from server.reader.process import verified
from server.reader.scale import self_tests
from server.reader.training.__main__ import main
from server.reader.training.families import BOOSTED, FOREST, Family
from server.reader.training.figures import auroc, ece, figure, line, metrics
from server.reader.training.groups import groups
from server.reader.training.measure import held_out as held_out_figures
from server.reader.training.measure import make, plan_of
from server.reader.training.model import margins
from server.reader.training.publish import MARK, OTHER_MARK, differences, rewrite
from server.reader.training.table import SOURCE, Table, development, final_test, held_out, load
from tests.reader.build import CARD, FOLDER, OTHER_CARD, OTHER_FOLDER

ROOT = Path(__file__).parents[2]
TABLE = load(CARD)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


BOTH = pytest.mark.parametrize(
    ("card", "folder", "family"),
    [(CARD, FOLDER, BOOSTED), (OTHER_CARD, OTHER_FOLDER, FOREST)],
    ids=["first model", "other model"],
)


def committed(card: Card, folder: Path) -> xgb.Booster:
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(verified(folder / card.model_file, card.model_digest)))
    return booster


def test_the_held_out_patients_stay_the_same() -> None:
    assert sorted(held_out(TABLE)) == [
        22, 34, 42, 52, 59, 69, 86, 95, 102, 108, 114, 136, 151, 158, 182, 212, 230, 245, 250, 257, 279, 309,
        317, 339, 364, 382, 389, 399, 403, 415, 419, 425, 433, 447, 452, 459, 488, 511, 512, 514, 532, 541,
        543, 566,
    ]  # fmt: skip


def test_no_held_out_patient_is_trained_on() -> None:
    used = development(TABLE)
    assert set(used.casenum) & held_out(TABLE) == set()
    assert len(used.y) + len(final_test(TABLE).y) == len(TABLE.y) - 1  # one lies outside the trained ranges
    assert int(final_test(TABLE).y.sum()) == 22


def test_everything_that_says_how_many_were_trained_on_says_the_same() -> None:
    """254 are not held out; the one outside the trained ranges is not trained on either."""
    trained = f"{len(development(TABLE).y)} patients"
    record = ROOT / "docs" / "decisions" / "0003-gram-stain.md"
    said = (
        CARD.limits[0],
        CARD.performance["population"],
        *map(Path.read_text, (ROOT / "README.md", record)),
    )
    assert [trained in text for text in said] == [True] * 4
    assert not any(f"on {number} patients of one hospital" in text for text in said for number in (254, 298))


def test_neither_outcome_nor_race_nor_sex_is_an_input() -> None:
    forbidden = {"gram", "csf_cult", "blood_cult", "abm", "race", "sex", "month", "year", "subset", "casenum"}
    assert forbidden & set(plan_of(CARD).names) == set()


def test_monotone_directions() -> None:
    assert plan_of(CARD).constraints == "(1,1,-1,1,0,1,0,0)"


def test_whom_the_evaluation_calls_served_the_contract_lets_through() -> None:
    """The figures are about exactly the patients that the server would put before the model."""
    with SOURCE.open(newline="", encoding="utf-8") as file:
        rows = {int(float(row["casenum"])): row for row in csv.DictReader(file)}
    for case, served in zip(TABLE.casenum, TABLE.served, strict=True):
        inputs = weigh(CARD.contract, evidence(rows[case]))
        broken = [gap for gap in inputs.gaps if gap.problem != "implausible"]  # emptied in training
        assert served == (not broken and not inputs.outside), case


def evidence(row: dict[str, str]) -> Evidence:
    born = NOW - timedelta(days=float(row["age"]) * 365.25 + 1) if row["age"] else None
    measurements = (
        Measurement(
            (each.codes[0],), Decimal(row[each.name]), each.unit, NOW, ResourceKey("Observation", each.name)
        )
        for each in CARD.contract.features
        if row[each.name]
    )
    return Evidence(tuple(measurements), None if born is None else born.date(), anchor=NOW)


@BOTH
def test_the_committed_model_is_what_training_makes(card: Card, folder: Path, family: Family) -> None:
    made = make(card, self_tests(card), family)
    assert margins(made.booster, TABLE.x) == pytest.approx(
        margins(committed(card, folder), TABLE.x), abs=1e-3
    )
    assert made.calibration == pytest.approx(card.calibration, abs=1e-3)


@BOTH
def test_the_card_tells_how_the_model_does_on_patients_it_never_saw(
    card: Card, folder: Path, family: Family
) -> None:
    booster = committed(card, folder)
    found = held_out_figures(card, lambda x: margins(booster, x), card.calibration)
    stated = {name: card.performance[name] for name in found}
    assert list(differences(stated, found)) == []


def test_the_other_model_is_of_another_kind() -> None:
    """Boosted trees come one after another; those of a forest are all of one round."""
    models = (committed(CARD, FOLDER), committed(OTHER_CARD, OTHER_FOLDER))
    assert [each.num_boosted_rounds() for each in models] == [150, 1]
    assert len(models[1].get_dump()) == 300


def test_missing_age_is_not_served() -> None:
    column = plan_of(CARD).names.index(AGE)
    assert not TABLE.served[np.isnan(TABLE.x[:, column])].any()


class TestFigures:
    P = np.array([0.02, 0.04, 0.3, 0.6, 0.8, 0.9])
    Y = np.array([0, 1, 0, 1, 1, 0])

    def test_auroc_is_that_of_scikit_learn(self) -> None:
        dice = np.random.default_rng(1)
        y, p = dice.integers(0, 2, 200), np.round(dice.random(200), 1)
        assert auroc(p, y) == pytest.approx(roc_auc_score(y, p))

    @pytest.mark.parametrize(
        ("name", "value"), [("sensitivity", 1 / 2), ("specificity", 1 / 2), ("declined", 2 / 6)]
    )
    def test_rates_are_among_the_answered(self, name: str, value: float) -> None:
        assert metrics(Band(0.05, 0.7))[name](self.P, self.Y) == pytest.approx(value)

    def test_ece_of_one_patient_in_each_bin(self) -> None:
        assert ece(self.P, self.Y) == pytest.approx(np.abs(self.P - self.Y).mean())

    def test_what_was_drawn_from_its_probabilities_has_slope_one_and_intercept_nought(self) -> None:
        dice = np.random.default_rng(2)
        p = dice.random(20000) * 0.98 + 0.01
        assert line(p, (dice.random(20000) < p).astype(int)) == pytest.approx((1, 0), abs=0.05)

    def test_the_interval_holds_the_figure(self) -> None:
        found = figure(auroc, self.P[None, :], self.Y, draws=50)
        assert found.low <= found.value <= found.high
        assert str(found).startswith("0.556 (")


@pytest.mark.parametrize(
    ("stated", "found", "differ"),
    [
        ("0.962 (0.934 to 0.986)", "0.963 (0.934 to 0.985)", False),
        ("0.962 (0.934 to 0.986)", "0.965 (0.934 to 0.986)", True),
        ("17 present, 1 absent", "16 present, 1 absent", True),
        ("17 present", "17 absent", True),
    ],
)
def test_figures_may_differ_by_rounding_only(stated: str, found: str, differ: bool) -> None:
    assert list(differences({"x": stated}, {"x": found})) == (["x"] if differ else [])


def test_a_figure_that_only_one_side_has_is_a_difference() -> None:
    assert list(differences({"a": "1"}, {"b": "1"})) == ["a", "b"]


def test_writing_a_card_leaves_the_part_for_people_alone(tmp_path) -> None:
    card = tmp_path / "card.toml"
    card.write_text(f"# by people\n{MARK}\n[model]\nold = 1\n", "utf-8")
    rewrite(card, "model.ubj", "ab", {"slope": 1.5}, {"auroc": "0.9", "of a kind": "1"})
    assert card.read_text("utf-8") == (
        f'# by people\n{MARK}\n\n[model]\nfile = "model.ubj"\ndigest = "ab"\n\n'
        '[calibration]\nslope = 1.500000\n\n[performance]\nauroc = "0.9"\n"of a kind" = "1"\n'
    )


def test_writing_a_card_writes_whom_figures_are_of(tmp_path) -> None:
    card = tmp_path / "card.toml"
    card.write_text(f"# by people\n{MARK}\n", "utf-8")
    group = Subgroup(
        "adults", 41, "0.9 (0.8 to 1.0)", "0.8 (0.7 to 0.9)", Span(Decimal(18), Decimal("64.999"))
    )
    rewrite(card, "model.ubj", "ab", {}, {}, subgroups=[group])
    [read] = tomllib.loads(card.read_text("utf-8"))["subgroups"]
    assert read == {
        "name": "adults", "people": 41, "sensitivity": "0.9 (0.8 to 1.0)", "specificity": "0.8 (0.7 to 0.9)",
        "age_years": {"low": 18, "high": 64.999},
    }  # fmt: skip


def test_writing_a_card_writes_how_far_errors_go_together(tmp_path) -> None:
    card = tmp_path / "card.toml"
    card.write_text(f"# by people\n{OTHER_MARK}\n", "utf-8")
    rewrite(card, "model.ubj", "ab", {}, {}, OTHER_MARK, shared=SharedErrors("first@1.0.0", 0.5, 132))
    read = tomllib.loads(card.read_text("utf-8"))
    assert read["shared_errors"] == {"other": "first@1.0.0", "phi": 0.5, "cases": 132}
    rewrite(card, "model.ubj", "ab", {}, {}, OTHER_MARK)
    assert "shared_errors" not in tomllib.loads(card.read_text("utf-8")), "where it is not defined"


def test_figures_of_some_ages_are_among_those_answered_and_leave_out_the_few() -> None:
    number = 40
    ages = np.repeat([3.0, 30.0], number)
    x = np.full((2 * number, len(CARD.contract.features) + 1), 1.0)
    x[:, -1] = ages
    y = np.tile([1, 0], number)
    chance = np.where(y == 1, 0.99, 0.01)
    chance[0], chance[2] = 0.01, 0.5  # a child with the disease is missed, another is not answered
    chance[ages == 30.0] = np.where(
        np.arange(number) < 18, chance[ages == 30.0], 0.5
    )  # nine of each answered
    everybody = np.ones(2 * number, dtype=bool)
    table = Table(tuple(range(2 * number)), x, y, everybody, everybody)
    [children] = groups(CARD, table, chance[None, :])
    assert (children.name, children.people) == ("children under 5", number)
    # 18 of 19, and 20 of 20; Wilson's intervals as R's prop.test(..., correct=FALSE) gives them
    assert children.sensitivity == "0.947 (0.754 to 0.991)"
    assert children.specificity == "1.000 (0.839 to 1.000)"


def test_the_command_line_explains_itself() -> None:
    said = CliRunner().invoke(main, ["--help"]).output
    assert all(command in said for command in ("train", "evaluate", "compare", "held-out"))


@pytest.mark.parametrize("command", ["train", "evaluate", "bands"])
def test_each_command_that_is_for_both_models_says_so(command: str) -> None:
    said = " ".join(CliRunner().invoke(main, [command, "--help"]).output.split())
    assert "--other The forest, which assesses where a patient asks for another model" in said

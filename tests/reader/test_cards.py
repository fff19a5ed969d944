"""Card files: the one that is served, and every way in which one can be wrong."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from server.errors import Category, Fault
from server.model import Span, Subgroup
from server.reader.cards import load_card, load_cards, load_others
from tests.reader.build import CARD, CARDS, FOLDER, OTHER_CARD, OTHER_FOLDER

GOOD = (FOLDER / "card.toml").read_text("utf-8")


def write(folder: Path, text: str, question: str = CARD.question) -> Path:
    path = folder / question / "card.toml"
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    return path


def test_the_card_names_the_model_file_beside_it() -> None:
    model = (FOLDER / CARD.model_file).read_bytes()
    assert hashlib.sha256(model).hexdigest() == CARD.model_digest


def test_the_card_reads_what_its_decision_record_allows() -> None:
    names = {feature.name for feature in CARD.contract.features}
    required = {feature.name for feature in CARD.contract.features if feature.required}
    assert required == {"csf_wbc", "csf_neut_pct", "csf_gluc"}
    assert names - required == {"csf_prot", "blood_wbc", "blood_band_pct", "blood_gluc"}


@pytest.mark.parametrize(
    ("code", "listed"),
    [
        ("95883001", "present"),
        ("58170007", "absent"),
        ("7180009", ""),
        ("G00.9", "present"),
        ("A87.9", "absent"),
        ("G03.9", ""),
        ("A17.0", ""),
    ],
)
def test_what_a_human_conclusion_means(code: str, listed: str) -> None:
    sets = {"present": CARD.present_codes, "absent": CARD.absent_codes}
    assert [name for name, codes in sets.items() if code in {each.code for each in codes}] == (
        [listed] if listed else []
    )


def test_cards_are_found_by_question() -> None:
    found = load_cards(CARDS)
    assert found.keys() == {"bacterial-meningitis", "child-pneumonia"}
    assert found["bacterial-meningitis"] == CARD


def test_other_models_are_found_by_question_and_are_no_first_ones() -> None:
    assert load_others(CARDS) == {"bacterial-meningitis": OTHER_CARD}
    assert OTHER_CARD.identity not in {each.identity for each in load_cards(CARDS).values()}
    model = (OTHER_FOLDER / OTHER_CARD.model_file).read_bytes()
    assert hashlib.sha256(model).hexdigest() == OTHER_CARD.model_digest


@pytest.mark.parametrize(
    "part", ["question", "finding", "report_code", "contract", "present_codes", "absent_codes"]
)
def test_both_models_answer_the_same_question_from_the_same_values(part: str) -> None:
    """What their errors are measured on together, and one may be asked for instead of the other."""
    assert getattr(OTHER_CARD, part) == getattr(CARD, part)


def test_every_card_tells_what_independence_is_checked_by() -> None:
    cards = (*load_cards(CARDS).values(), OTHER_CARD)
    assert all(each.family and each.trained_on for each in cards)
    assert OTHER_CARD.family != CARD.family


def test_a_folder_without_cards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"expected \*/card.toml") as caught:
        load_cards(tmp_path)
    assert caught.value.category is Category.INCORRECT


def test_a_card_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "question" / "card.toml").mkdir(parents=True)
    with pytest.raises(Fault, match=r"card\.toml.* cannot be read") as caught:
        load_cards(tmp_path)
    assert caught.value.category is Category.INCORRECT


def group(who: str, people: str = "120", found: str = "0.91 (0.86 to 0.95)") -> tuple[str, str]:
    """What is put in place of what, so that the card has one subgroup."""
    table = f"""[[subgroups]]
name = "women"
people = {people}
sensitivity = "{found}"
specificity = "0.88 (0.80 to 0.93)"
{who}
"""
    return "[performance]\n", f"{table}\n[performance]\n"


def test_a_card_may_have_figures_for_some_people_alone(tmp_path: Path) -> None:
    card = load_card(
        write(tmp_path, GOOD.replace(*group('sex = "female"\nage_years = { low = 18, high = 64 }')))
    )
    figures = ("0.91 (0.86 to 0.95)", "0.88 (0.80 to 0.93)")
    women = Subgroup("women", 120, *figures, age_years=Span(Decimal(18), Decimal(64)), sex="female")
    assert card.subgroups == (women, *CARD.subgroups)
    assert [each.name for each in CARD.subgroups] == ["children under 5", "adults of 18 to 64"]


@pytest.mark.parametrize(
    ("old", "new", "key", "allowed"),
    [
        ('version = "1.0.0"', 'version = "1"', "version", "three numbers"),
        ('version = "1.0.0"', "", "version", "three numbers"),
        ('version = "1.0.0"', 'version = "1.0.0"\ncolour = "red"', "colour", "no such key"),
        (*group('sex = "f"'), "subgroups.0.sex", "female, male, other, unknown"),
        (*group(""), "subgroups.0", "must say who they are: age_years, sex, or both"),
        (*group('sex = "male"', people="0"), "subgroups.0.people", "at least 1"),
        (*group('sex = "male"', people="1.5"), "subgroups.0.people", "at least 1"),
        (*group('sex = "male"', found="0.9"), "subgroups.0.sensitivity", "a share with its interval"),
        (*group("age_years = [1, 2]"), "subgroups.0.age_years", "low under high"),
        ("absent_at_most = 0.05", "absent_at_most = 0.0", "band.absent_at_most", "between 0 and 1"),
        ("absent_at_most = 0.05", "absent_at_most = 0.7", "band", "under present_at_least"),
        ('max_age = "48 h"', 'max_age = "2 d"', "features.0.max_age", "whole hours"),
        ("required = true", 'required = "yes"', "features.0.required", "true or false"),
        ('"/uL" = 1\n', '"/uL" = 0\n', "features.0.units", "above zero"),
        ('"/uL" = 1\n', '"/uL" = nan\n', "features.0.units", "above zero"),
        ('"/uL" = 1\n', '"/uL" = 2\n', "features.csf_wbc.unit", "factor 1"),
        (
            "{ low = 0, high = 40000 }",
            "{ low = 0, high = 400000 }",
            "features.csf_wbc.trained",
            "within plausible",
        ),
        ("{ low = 0, high = 40000 }", "{ low = 9, high = 9 }", "features.0.trained", "low under high"),
        ("{ low = 0, high = 40000 }", "[0, 40000]", "features.0.trained", "low and high"),
        ("codes = [\n", "codes = 3\nothers = [\n", "features.0.codes", "a list of { code, display } with"),
        ("codes = [\n", "others = [\n", "features.0.codes", "a list of { code, display } with"),
        ("[present]", "[present]\nx = 3", "present", "lists of { code, display }"),
        ('name = "csf_prot"', 'name = "csf_gluc"', "features", "twice"),
        ('code = "2880-3"', 'code = "2342-4"', "features", "twice"),
        ('code = "58170007"', 'code = "95883001"', "present", "under absent"),
        ('code = "95883001"', 'code = "1"', "finding", "under present"),
        ('file = "model.ubj"', 'file = "../model.ubj"', "model.file", "plain name"),
        ('file = "model.ubj"', 'file = "model.pkl"', "model.file", ".ubj or .json"),
        (CARD.model_digest, CARD.model_digest.upper(), "model.digest", "64 lower-case hex"),
        ("slope = ", "tilt = ", "calibration", "slope"),
        ("slope = ", "slope = -", "calibration.slope", "above zero"),
        ("slope = 1.062154", "slope = 0", "calibration.slope", "above zero"),
        ("slope = 1.062154", "slope = 1e-400", "calibration.slope", "above zero"),
        ("slope = 1.062154", "slope = 1e400", "calibration.slope.value", "must be a number"),
        ("slope = 1.062154", 'slope = "1.062154"', "calibration.slope.value", "must be a number"),
        ("intercept = 0.396595", "intercept = -1e400", "calibration.intercept.value", "must be a number"),
        ('question = "bacterial-meningitis"', 'question = "other"', "question", "the folder"),
        ('title = "', "title = ", "", "TOML"),
    ],
)
def test_a_bad_card_is_refused_by_file_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, key: str, allowed: str
) -> None:
    assert old in GOOD
    with pytest.raises(Fault) as caught:
        load_card(write(tmp_path, GOOD.replace(old, new, 1)))
    assert caught.value.category is Category.INCORRECT
    said = str(caught.value)
    assert said.startswith("bacterial-meningitis/card.toml: ")
    assert key in {issue.path for issue in caught.value.issues}
    assert allowed in said


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('version = "1.0.0"', "").replace('max_age = "24 h"', "max_age = 24")
    with pytest.raises(Fault) as caught:
        load_card(write(tmp_path, text))
    assert len(caught.value.issues) == 4

"""``report`` on a folder of its own: what people read, what is in the JSON, and what neither tells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from server.commands import main
from server.errors import Category, Fault
from server.settings import load
from server.store import lots
from server.store.policy_tables import gate, policy_text, result
from server.store.tables import cases
from server.wiring import build

Run = Callable[..., Result]
SHIPPED = Path(__file__).parents[1] / "server" / "routing" / "policies"
QUESTION, CARD = "bacterial-meningitis", "abm@1.0.0"
AT = datetime(2026, 3, 1, tzinfo=UTC)
Row = tuple[str | None, str | None, str | None, int]
"""First reader, model, specialist, and how many."""
P, A = "present", "absent"
USUAL: Sequence[Row] = (
    (None, A, A, 4), (P, P, None, 60), (A, P, P, 25), (A, P, A, 15), (P, A, P, 12), (P, A, A, 14),
    (A, A, None, 400), (A, None, A, 30),
)  # fmt: skip
HALF: Sequence[Row] = (
    (P, P, None, 8), (A, P, P, 2), (A, P, A, 2), (P, A, P, 2), (P, A, A, 2), (A, A, None, 22),
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Policies of the shipped ones, which a test may change before the first command."""
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SECOND_READER_POLICIES", str(tmp_path / "policies"))
    monkeypatch.setattr(lots, "SPREAD", 1)
    (tmp_path / "policies").mkdir()
    for each in SHIPPED.glob("*.toml"):
        (tmp_path / "policies" / each.name).write_text(each.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def amend(folder: Path, old: str, new: str) -> None:
    file = folder / "policies" / f"{QUESTION}.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def kept(text: str) -> str:
    """The digest of a policy that is in the store now, too."""
    house, digest = build(load()), hashlib.sha256(text.encode()).hexdigest()
    row = {"digest": digest, "question": QUESTION, "version": "2", "body": text, "kept_at": AT}
    house.database.write(lambda c: c.execute(insert(policy_text).values(**row)))
    house.close()
    return digest


def run(*words: str) -> Result:
    found = CliRunner().invoke(main, words)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def told(*words: str) -> dict[str, Any]:
    [found] = json.loads(run("report", "--json", *words).output)["reports"]
    assert isinstance(found, dict)
    return found


def put(
    rows: Sequence[Row],
    *,
    rule: str = "P1",
    at: datetime = AT,
    start: int = 0,
    policy: str | None = None,
    sexes: Sequence[str | None] = (None,),
) -> int:
    """So many resolved cases of as many people, of these sexes in turn; returns the next number."""
    run("migrate")
    house = build(load())
    number, cases_, results = start, list[dict[str, Any]](), list[dict[str, Any]]()
    for first, model, final, count in rows:
        for _ in range(count):
            cases_.append({**_case(number), "policy": policy})
            verdict = "declined" if model is None else "concordant" if first == model else "discordant"
            results.append(
                {
                    "case_id": f"c{number}", "question": QUESTION, "card": CARD, "at": at, "verdict": verdict,
                    "rule": rule, "first": first, "model": model, "priority": "routine", "final": final,
                    "probability": {P: 0.9, A: 0.1}.get(model or ""), "silence": None,
                    "sex": sexes[number % len(sexes)],
                }
            )  # fmt: skip
            number += 1
    house.database.write(lambda c: (c.execute(insert(cases), cases_), c.execute(insert(result), results)))
    house.close()
    return number


def _case(number: int, state: str = "closed", patient: int | None = None) -> dict[str, Any]:
    return {
        "id": f"c{number}", "question": QUESTION, "task_id": f"t{number}", "report": f"Report/{number}",
        "patient": f"Patient/{number if patient is None else patient}", "task_system": "urn:s",
        "task_value": str(number), "opened_at": AT, "state": state, "first": "locked", "ai": "released",
        "attempts": 0, "news": 0,
    }  # fmt: skip


def test_figures_of_a_usual_month(folder: Path) -> None:
    del folder
    put(USUAL)
    found = told("--baseline", "0.2")
    assert found["table"] == {
        "compared": 526, "agree": 460, "disagree": 66,
        "bothPresent": 60, "modelAlone": 40, "firstAlone": 26, "bothAbsent": 400,
    }  # fmt: skip
    agreement = found["agreement"]
    kappa = [round(agreement["kappa"][each], 3) for each in ("value", "low", "high")]
    assert kappa == [0.569, 0.477, 0.662]
    assert round(agreement["positive"]["value"], 4) == round(120 / 186, 4)
    assert round(agreement["negative"]["value"], 4) == round(800 / 866, 4)
    assert round(agreement["prevalence"]["value"], 4) == round(186 / 1052, 4)
    assert round(agreement["ac1"]["value"], 3) == 0.823
    for name in ("positive", "negative", "ac1", "prevalence"):
        assert agreement[name]["low"] < agreement[name]["value"] < agreement[name]["high"]
    assert sorted(found["notCompared"]["declinedBecause"].values()) == [0, 0, 30]
    assert found["audits"]["betterReader"]["test"] == "chi square"
    assert found["workload"]["saved"]["1"]["to"] == 1 - (1 + 66 / 526) / 2
    assert found["notCompared"]["declined"] == 30
    assert found["notCompared"]["firstUnusable"] == "fewer than 10"
    assert found["yield"]["all"]["count"] == 25 + 14
    assert round(found["catch"]["readsPerCatch"]["value"], 2) == 1.6
    assert found["accuracy"]["kind"] == "relative"
    assert found["accuracy"]["model"]["sensitivity"]["count"] == 25
    assert found["conditions"]["rarer"]["verdict"] == "holds"
    assert found["conditions"]["asGood"]["verdict"] == "not shown"
    assert found["firstReadersShown"] is False


def test_what_people_read(folder: Path) -> None:
    del folder
    put(USUAL)
    text = run("report").output
    assert f"{QUESTION}, model {CARD}" in text
    for words in ("Cohen's kappa", "AC1", "prevalence", "not given (--baseline)", "relative sensitivity"):
        assert words in text
    assert "87.5 % (84.3 % to 90.0 %; 460 of 526)" in text
    assert max(map(len, text.splitlines())) <= 110


def test_a_condition_that_fails_asks_for_the_medical_director(folder: Path) -> None:
    del folder
    put(((P, P, None, 60), (A, P, P, 12), (A, P, A, 60), (P, A, P, 70), (P, A, A, 10), (A, A, None, 400)))
    text = run("report", "--baseline", "0.01").output
    assert "Condition 1 fails: the medical director has to approve the policy anew." in text
    assert "Condition 2 fails: the medical director has to approve the policy anew." in text


def test_audits_make_it_more_than_relative(folder: Path) -> None:
    """Shipped: P1, an audit share of 5 %; 20 of 400 and 10 of 200 that agree were read."""
    del folder
    put(
        ((P, P, P, 13), (P, P, A, 10), (P, P, None, 177), (A, P, P, 25), (A, P, A, 15), (P, A, P, 12),
         (P, A, A, 14), (A, A, P, 1), (A, A, A, 19), (A, A, None, 384))
    )  # fmt: skip
    found = told()["accuracy"]
    assert found["kind"] == "corrected"
    lowest, highest = found["model"]["sensitivity"]["from"], found["model"]["sensitivity"]["to"]
    ill = 200 * 13 / 23 + 25 + 12
    assert round(highest, 6) == round((200 * 13 / 23 + 25) / ill, 6)
    assert round(lowest, 6) == round((200 * 13 / 23 + 25) / (ill + 404 * 9 / 20), 6)
    assert "as a number is not told" in run("report").output


def test_why_it_is_not(folder: Path) -> None:
    amend(folder, "audit_fraction = 0.05", "audit_fraction = 0.0")
    put(USUAL)
    assert "no audit share" in told()["accuracy"]["whyNotCorrected"]


def test_an_audit_share_that_has_changed_forbids_it_and_another_version_alone_does_not(folder: Path) -> None:
    text = (folder / "policies" / f"{QUESTION}.toml").read_text(encoding="utf-8")
    last = put(USUAL)
    put(((A, A, A, 20),), start=last, policy=kept(text + "\n# as it was"))
    assert "has changed" not in told()["accuracy"]["whyNotCorrected"]
    last = put(((A, A, A, 20),), start=last + 20, policy=kept(text.replace("on = 0.05", "on = 0.06")))
    assert "the audit share, has changed" in told()["accuracy"]["whyNotCorrected"]


def test_under_confidence_specialists_are_not_asked_by_lot(folder: Path) -> None:
    del folder
    put(USUAL, rule="P4")
    assert "under P4" in told()["accuracy"]["whyNotCorrected"]


def test_more_than_one_rule_and_a_switch_forbid_it(folder: Path) -> None:
    del folder
    last = put(USUAL)
    put(((A, A, A, 40),), rule="P0", start=last)
    assert "more than one rule" in told()["accuracy"]["whyNotCorrected"]
    run("policy", "safe", "--by", "Ada", "--reason", "drill")
    assert "more than one rule" in told()["accuracy"]["whyNotCorrected"]


def test_the_switch_forbids_it(folder: Path) -> None:
    del folder
    put(USUAL)
    run("policy", "safe", "--by", "Ada", "--reason", "drill")
    assert "switch" in told()["accuracy"]["whyNotCorrected"]


def test_concurrent_reading_is_said_beside_agreement(folder: Path) -> None:
    file = folder / "policies" / f"{QUESTION}.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text('pathway = "concurrent"\n' + text, encoding="utf-8")
    put(USUAL)
    assert told()["firstReadersShown"] is True
    assert "First answers were given with the model's answer known" in run("report").output


def test_days_include_the_last_one_and_the_zone_is_utc(folder: Path) -> None:
    del folder
    put(((A, A, None, 20),), at=AT + timedelta(hours=23, minutes=59))
    put(((P, P, None, 20),), at=AT + timedelta(days=1), start=20)
    assert told("--since", "2026-03-01", "--until", "2026-03-01")["counted"] == 20
    assert told("--since", "2026-03-01", "--until", "9999-12-31")["counted"] == 40
    assert "there is no result in the period" in run("report", "--until", "2026-02-28").output


def test_a_question_asked_anew_takes_its_lot_away_and_no_number_tells_of_it(folder: Path) -> None:
    del folder
    put(((A, A, None, 50), (P, P, None, 20)))
    before = told()["table"]["compared"]
    house = build(load())
    house.database.write(lambda c: c.execute(insert(cases).values(**_case(900, "ready", patient=3))))
    house.close()
    after = told()
    assert before - after["table"]["compared"] == 10
    assert after["leftOut"] == 10


def test_a_few_are_not_told(folder: Path) -> None:
    del folder
    put(((A, A, None, 9),))
    found = told()
    assert (found["counted"], found["leftOut"]) == (0, "fewer than 10")
    assert found["table"]["compared"] == "fewer than 10"
    put(((A, A, None, 1),), start=9)
    assert told()["table"] == {
        "compared": 10, "agree": "not told", "disagree": "fewer than 10", "bothPresent": "not told",
        "modelAlone": "not told", "firstAlone": "not told", "bothAbsent": "not told",
    }  # fmt: skip


def test_the_gatekeeper(folder: Path) -> None:
    del folder
    put(((A, A, None, 40), (P, A, P, 20)))
    house = build(load())
    out = [_case(number) for number in range(100, 140)]
    rows = [
        {"case_id": f"c{n}", "question": QUESTION, "card": CARD, "at": AT,
         "below": n < 40 or n >= 100, "ruled_out": n >= 100, "rule_out_below": 0.05, "scope": "routine",
         "read": n < 100, "found": 40 <= n < 60}
        for n in (*range(60), *range(100, 140))
    ]  # fmt: skip
    house.database.write(lambda c: (c.execute(insert(cases), out), c.execute(insert(gate), rows)))
    house.close()
    found = told()["gatekeeper"]
    assert (found["judged"], found["ruledOut"]["count"], found["readByHumans"]) == (100, 40, 40)
    assert found["found"]["count"] == "fewer than 10"
    assert found["omissionBound"]["from"] == 3 / 40
    assert found["omissionBound"]["to"] > 0.3
    assert "upper 95 % bound of what is missed" in run("report").output


def test_calibration_of_enough_known_cases(folder: Path) -> None:
    del folder
    put(((A, P, P, 90), (A, P, A, 10), (P, A, A, 90), (P, A, P, 10)))
    found = told()["calibration"]
    assert found.pop("slope") == {"value": 1.0, "low": 0.79, "high": 1.21}
    assert found.pop("intercept") == {"value": 0.0, "low": -0.46, "high": 0.46}
    assert found == {"casesAtLeast": 200, "ece": 0.0, "brier": 0.09, "relative": True}


@pytest.mark.parametrize(
    ("words", "category", "says"),
    [
        (("--question", "unheard-of"), Category.NOT_FOUND, "policy list"),
        (("--since", "2026-03-02", "--until", "2026-03-01"), Category.INCORRECT, "earlier day first"),
        (("--baseline", "nan"), Category.INCORRECT, "0 to 1"),
    ],
)
def test_what_is_refused(folder: Path, words: tuple[str, ...], category: Category, says: str) -> None:
    del folder
    put(((A, A, None, 10),))
    with pytest.raises(Fault, match=says) as refused:
        run("report", *words)
    assert refused.value.category is category


def test_by_groups(folder: Path) -> None:
    """Women and men alike, then men with more disagreement; of a few of no known sex nothing is told."""
    del folder
    put([each for _ in range(10) for each in HALF], sexes=("female", "male"))
    found = told("--by", "sex", "--by", "site")["groups"]
    assert found["sex"]["compared"] == [
        {"group": ["female"], "compared": 190}, {"group": ["male"], "compared": 190},
    ]  # fmt: skip
    assert found["sex"]["discordance"][0]["share"]["count"] == 40
    assert told()["table"]["compared"] == 190 + 190
    assert found["site"]["compared"] == "not told"
    text = run("report", "--by", "sex").output
    assert "by sex; others: in no group that is large enough, or not counted in one yet" in text
    assert "less that of all others" in text
    assert "request to first read; to delivery" in text
    assert max(map(len, text.splitlines())) <= 110
    assert "groups" not in told()


def test_groups_and_who_is_in_none_are_all_that_are_told(folder: Path) -> None:
    """The whole less its groups is a part that is told, or nothing."""
    del folder
    put([each for _ in range(5) for each in HALF], sexes=("female", "male", "male", "female", "other"))
    found = told("--by", "sex")
    compared = found["groups"]["sex"]["compared"]
    assert sum(each["compared"] for each in compared) == found["table"]["compared"] == 190
    for name in ("discordance", "yield"):
        parts = found["groups"]["sex"][name]
        if parts != "not told":
            whole = found["discordance" if name == "discordance" else "yield"]["all"]
            assert sum(each["share"]["count"] for each in parts) == whole["count"]

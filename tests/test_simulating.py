"""``policy simulate`` and ``policy costs`` on the command line; their digits: tests/routing/simulation."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from server.commands import main
from server.errors import Fault
from server.policy_commands import policy
from server.routing.rules import TABLE

READERS = ("--first", "0.6269/0.9293", "--model", "0.6542/0.9412", "--prevalence", "0.016")
ALIKE = (*READERS, "--human-correlation", "0.5", "--model-correlation", "0.25")
COSTS = (
    "--specialist", "0.85/0.90", "--model", "0.88/0.85", "--specialist-cost", "100", "--model-cost", "10",
    "--false-alarm", "150", "--miss",
)  # fmt: skip
SHIPPED = Path(__file__).parents[1] / "server/routing/policies/child-pneumonia.toml"


def run(*words: str) -> Result:
    """Faults are raised, as ``__main__`` sees them."""
    result = CliRunner().invoke(main, ("policy", *words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def rows(*words: str) -> dict[str, dict[str, float]]:
    return {each["way"]: each for each in json.loads(run("simulate", *words, "--json").output)}


@pytest.mark.parametrize("name", sorted(policy.commands))
def test_every_command_of_policies_explains_itself(name: str) -> None:
    told, command = run(name, "--help"), policy.commands[name]
    assert told.exit_code == 0
    assert command.help
    assert command.help.splitlines()[0].strip() in " ".join(told.output.split())
    for each in command.params:
        assert not isinstance(each, click.Option) or each.help, f"{each.name} has no help"


def test_cells_are_printed() -> None:
    assert len(run("cells").output.splitlines()) == len(TABLE) + 2


def test_a_simulation_is_told_as_a_table() -> None:
    told = run("simulate", *ALIKE, "--ruled-out", "0.636").output.splitlines()
    wanted = "P1 without audits               66.3     96.6     10.9      0.0    100.0     47.3     1.11"
    assert wanted.split() == next(each for each in told if each.startswith("P1")).split()
    assert next(each for each in told if each.startswith("full double")).split()[3:] == [
        "64.8", "95.8", "10.5", "0.0", "-", "0.0", "2.11",
    ]  # fmt: skip
    assert any(each.startswith("gatekeeper, 63.6 % ruled out") for each in told)
    assert any("1: 47.3 %, 2: 44.9 %" in each for each in told)


def test_saved_work_stands_beside_what_it_costs() -> None:
    for each in rows(*ALIKE).values():
        assert {"sensitivity", "specificity", "saved", "savedByWeight"} <= each.keys()


def test_without_a_file_the_policy_is_a_rule_and_an_audit_share() -> None:
    found = rows(*ALIKE, "--rule", "P2", "--audit", "0.1")
    assert found["this policy"]["audited"] == pytest.approx(0.1 * (1 - found["P2 without audits"]["asked"]))
    assert rows(*ALIKE)["this policy"]["asked"] == found["P1 without audits"]["asked"]


def test_a_policy_file_says_rule_and_audit_share_itself() -> None:
    assert rows(*ALIKE, "--policy", str(SHIPPED))["this policy"] == {
        **rows(*ALIKE, "--rule", "P1", "--audit", "0.05")["this policy"]
    }


def test_minutes_are_those_given() -> None:
    found = rows(*ALIKE, "--minutes", "2", "--specialist-minutes", "8")
    assert found["first reader alone"]["minutes"] == pytest.approx(2)
    assert found["P1 without audits"]["minutes"] == pytest.approx(2 + 8 * found["P1 without audits"]["asked"])
    assert f"{found['P1 without audits']['saved']:.3f}" == "0.407"


BANDS = '[[bands]]\nname = "pressing"\npriority = ["stat"]\npathway = "none"\n'


def test_a_band_counts_by_its_share(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(SHIPPED.read_text().replace("0.05", "0.0") + BANDS)
    found = rows(*ALIKE, "--policy", str(file), "--band", "pressing=0.2/0.016")
    plain, humans = found["P1 without audits"], found["no model, two humans"]
    for key in ("sensitivity", "specificity", "asked"):
        assert found["this policy"][key] == pytest.approx(0.8 * plain[key] + 0.2 * humans[key])
    ill = rows(*ALIKE, "--policy", str(file), "--band", "pressing=0.2/0.5")["this policy"]
    weighed = (0.8 * 0.016 * plain["sensitivity"] + 0.1 * humans["sensitivity"]) / (0.8 * 0.016 + 0.1)
    assert ill["sensitivity"] == pytest.approx(weighed)


GATE = """[gate]
rule_out_below = 0.02
window = "90 d"
at_most = 0.6
reread = 0.1
omitted_at_most = 0.005
"""


def written(tmp_path: Path, pathway: str, more: str = "") -> tuple[str, str]:
    file = tmp_path / "a.toml"
    file.write_text(f'pathway = "{pathway}"\n{SHIPPED.read_text()}\n{more}')
    return "--policy", str(file)


def test_a_gatekeeper_of_a_file_is_the_policy_s_own_row(tmp_path: Path) -> None:
    file = written(tmp_path, "gatekeeper", GATE)
    found = rows(*ALIKE, *file, "--ruled-out", "0.5")["this policy"]
    assert found["unread"] == pytest.approx(0.45)
    assert found["sensitivity"] < rows(*ALIKE, "--audit", "0.05")["this policy"]["sensitivity"]
    sentence = "this policy: no human reads 45.0%; every miss among those is in its sensitivity."
    assert found["notes"] == [sentence]
    assert sentence in run("simulate", *ALIKE, *file, "--ruled-out", "0.5").output.splitlines()
    with pytest.raises(Fault, match="a gatekeeper needs the share"):
        run("simulate", *ALIKE, *file)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((), ["taken as 0, the best case: --copied, --discounted."]),
        (("--copied", "0.3"), ["taken as 0, the best case: --discounted."]),
        (("--copied", "0", "--discounted", "0.1"), []),
    ],
)
def test_a_policy_that_shows_the_model_says_what_it_takes_for_granted(
    tmp_path: Path, given: tuple[str, ...], missing: list[str]
) -> None:
    found = rows(*ALIKE, *written(tmp_path, "concurrent"), *given)["this policy"]
    notes = [f"this policy shows first readers what the model says; {each}" for each in missing]
    assert found.pop("notes") == notes
    blind = rows(*ALIKE, "--audit", "0.05", *given)["this policy"]
    assert found == {key: each for key, each in blind.items() if key != "notes"}


def test_p4_asks_of_whom_the_model_is_sure() -> None:
    sure = ("--rule", "P4", "--surely-absent", "0.5", "--surely-present", "0.01")
    found = rows(*ALIKE, *sure)
    assert (
        found["this policy"]["asked"]
        < rows(*ALIKE, "--rule", "P4", "--surely-absent", "0.4")["this policy"]["asked"]
    )
    with pytest.raises(Fault, match="P4 needs the shares of cases in which the model is sure"):
        run("simulate", *ALIKE, "--rule", "P4")


def test_a_declining_model_makes_work() -> None:
    found = rows(*ALIKE, "--declined", "0.2")
    alone = rows(*ALIKE)["this policy"]["asked"]
    assert found["this policy"]["asked"] == pytest.approx(0.2 + 0.8 * alone)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--rule", "P1", "--policy", str(SHIPPED)), "--rule and --audit stand instead of --policy"),
        (("--band", "a=0.1/0.1"), "--band tells of the bands of a --policy"),
        (("--policy", str(SHIPPED), "--band", "a=0.1/0.1"), "its bands: none"),
        (("--human-correlation", "1"), "a correlation must be a number from 0 to 0.999"),
        (("--declined", "1"), "shares must be numbers from 0 to below 1"),
        (("--ruled-out", "1"), "the share ruled out must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_a_sentence(words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(Fault, match=sentence):
        run("simulate", *READERS, *words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--first", "0.7"), "must be two numbers between 0 and 1, such as 0.85/0.93"),
        (("--first", "0.7/1"), "must be two numbers between 0 and 1"),
        (("--first", "nan/0.5"), "must be two numbers between 0 and 1"),
        (("--prevalence", "1.1"), "0<=x<=1"),
        (("--minutes", "0"), "x>0"),
        (("--rule", "P7"), "is not one of"),
        (("--band", "pressing"), "must be a name and two numbers"),
    ],
)
def test_a_wrong_option_says_what_is_allowed(words: tuple[str, ...], sentence: str) -> None:
    told = run("simulate", *READERS, *words)
    assert told.exit_code == 2
    assert sentence in told.output


def test_a_band_by_probability_is_not_simulated(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    band = '[[bands]]\nname = "middle"\nprobability = [0.3, 0.7]\nrule = "P2"\n'
    file.write_text(SHIPPED.read_text() + band)
    with pytest.raises(Fault, match="with bands by probability cannot be simulated"):
        run("simulate", *READERS, "--policy", str(file))
    file.write_bytes(b"\xff")
    with pytest.raises(Fault, match=r"a\.toml is not a policy file in UTF-8"):
        run("simulate", *READERS, "--policy", str(file))


def test_costs_are_told_with_where_the_cheapest_changes() -> None:
    told = run("costs", *COSTS, "2000", "--prevalence", "0.01").output.splitlines()
    assert told == [
        "at 0.01: specialist only 117.8, gatekeeper 33.0, second opinion 145.3",
        "a second opinion costs no more than a gatekeeper from a prevalence of 0.2056 on",
    ]
    found = json.loads(run("costs", *COSTS, "2000", "--prevalence", "0.3", "--json").output)
    assert found["crossover"] == pytest.approx(0.2056, abs=5e-5)
    assert found["costs"][0]["gatekeeper"] == pytest.approx(199.7, abs=0.05)


def test_costs_of_a_harmless_miss_never_change_the_cheapest() -> None:
    assert run("costs", *COSTS, "1").output == (
        "at no prevalence does a second opinion begin to cost less than a gatekeeper\n"
    )


def test_a_replay_says_who_would_not_be_asked_any_more(tmp_path: Path) -> None:
    after, cases = tmp_path / "after.toml", tmp_path / "cases.jsonl"
    after.write_text(SHIPPED.read_text().replace('rule = "P1"', 'rule = "P2"'))
    cases.write_text('{"first": "present", "model": "absent", "final": "absent"}\n' * 3)
    words = ("replay", "--before", str(SHIPPED), "--after", str(after), "--cases", str(cases))
    assert run(*words).output.splitlines() == [
        "3 cases: a specialist asked in 3 (100.0%) before, 0 (0.0%) after",
        "3 cases would have ended otherwise",
        "  specialist: over-called -> ends: 3",
        (
            "3 in which a specialist has changed the first answer would not be asked any more; "
            "of 3 cases a specialist's answer is known"
        ),
        "sensitivity among these (relative, for others were not asked): not known, there is none",
        (
            "specificity among these (relative, for others were not asked): "
            "3 of 3, 100.0% (43.9% to 100.0%) before, 0 of 3, 0.0% (0.0% to 56.1%) after"
        ),
    ]
    told = json.loads(run(*words, "--json").output)
    assert told["moved"] == [{"before": "specialist: over-called", "after": "ends", "cases": 3}]
    assert (told["lost"], told["askedAfter"]) == (3, 0)

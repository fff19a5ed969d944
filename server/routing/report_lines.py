"""A report for people: aligned lines, each figure with its unit, its interval and what it is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.routing.audit_lines import audit_lines
from server.routing.fairness_lines import group_lines
from server.routing.outcome_lines import outcome_lines
from server.routing.printing import line, number, part, share
from server.routing.report import ENOUGH
from server.routing.turnaround_lines import turnaround_lines, wait_lines

Told = Mapping[str, Any]
_ACCURACY = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "right where it says present",
    "npv": "right where it says absent",
    "falseOmission": "wrong where it says absent",
}


def lines(told: Told) -> Iterator[str]:
    """Of one question and one model version."""
    yield f"{told['question']}, model {told['card']}"
    counted, left = told["counted"], told["leftOut"]
    yield line("people counted, one case each", f"{counted}, and groups of fewer than 10 that are not told")
    yield line("results of the period left out", f"{left}")
    parts = (_table, _apart, _agreement, _yield, _accuracy, audit_lines, _conditions, _calibration, _gate)
    for each in parts:
        yield from each(told)
    if "outcomes" in told:
        yield from outcome_lines(told)
    if "turnaround" in told:
        yield from turnaround_lines(told["turnaround"])
    for by, groups in told.get("groups", {}).items():
        yield from group_lines(by, groups)
        yield from wait_lines(told["waits"][by])


def _table(told: Told) -> Iterator[str]:
    table = told["table"]
    yield "first reader against model"
    yield line("both have answered", table["compared"])
    for name, words in (
        ("bothPresent", "both present"),
        ("modelAlone", "model present, first reader absent"),
        ("firstAlone", "first reader present, model absent"),
        ("bothAbsent", "both absent"),
        ("agree", "agree"),
        ("disagree", "disagree"),
    ):
        yield line(f"  {words}", table[name])


def _apart(told: Told) -> Iterator[str]:
    beside = told["notCompared"]
    yield line("first report without a usable code", beside["firstUnusable"])
    yield line("model declined, or was too late", beside["declined"])
    for why, count in beside["declinedBecause"].items():
        yield line(f"    {why}", count)
    yield line("  share of those where it was asked", share(beside["declinedShare"]))
    yield line("model was not asked", beside["notAsked"])


def _agreement(told: Told) -> Iterator[str]:
    found, apart = told["agreement"], told["discordance"]
    yield "agreement"
    if told["firstReadersShown"]:
        yield (
            "  First answers were given with the model's answer known (concurrent reading): agreement and\n"
            "  kappa are no figures of two independent readers, and little disagreement is no merit."
        )
    yield line("observed agreement", share(found["all"]))
    yield line("  positive agreement", share(found["positive"]))
    yield line("  negative agreement", share(found["negative"]))
    yield line("Cohen's kappa", number(found["kappa"], 3))
    yield line("  AC1 (does not fall with rarity)", number(found["ac1"], 3))
    yield line("  prevalence (mean of both readers)", share(found["prevalence"]))
    yield line("disagreement rate", share(apart["all"]))
    yield line("  model alone says present", share(apart["modelAlone"]))
    yield line("  first reader alone says present", share(apart["firstAlone"]))


def _yield(told: Told) -> Iterator[str]:
    found, catch = told["yield"], told["catch"]
    yield "what disagreement has come to, where a specialist has read"
    yield line("specialist sides with the model", share(found["all"]))
    yield line("  where the model alone said present", share(found["modelAlone"]))
    yield line("  where the first reader alone did", share(found["firstAlone"]))
    yield line("confirmed model-alone findings per 1,000", number(catch["perThousand"], 1))
    yield line("specialist reads for one of them", number(catch["readsPerCatch"], 1))


def _accuracy(told: Told) -> Iterator[str]:
    found = told["accuracy"]
    if found["kind"] == "corrected":
        yield "sensitivity and specificity among all counted cases (by the audits, Begg and Greenes)"
    else:
        yield "relative sensitivity and specificity: among disputed cases that a specialist has read"
        yield f"  not corrected: {found['whyNotCorrected']}"
    for reader, words in (("model", "model"), ("first", "first reader")):
        of = found[reader]
        for name, says in _ACCURACY.items():
            if name in of or name in ("sensitivity", "specificity"):
                yield line(f"  {words}, {says}", share(of[name]) if isinstance(of, Mapping) else of)


def _conditions(told: Told) -> Iterator[str]:
    rarer, good = told["conditions"]["rarer"], told["conditions"]["asGood"]
    base = rarer["baseline"]
    yield "two conditions for letting a disagreement stand for a second opinion (Kempt and Nagel)"
    yield line("1. disagreement is rarer than usual", rarer["verdict"])
    yield line("  disagreement rate", share(rarer["disagreement"]))
    yield line(
        "  requested second opinions that differed", "not given (--baseline)" if base is None else part(base)
    )
    yield line("2. the model is as good as a second human", good["verdict"])
    yield line("  right where it and the first reader differ", share(good["modelRightWhereTheyDiffer"]))
    yield (
        "  Rests on disputed cases that a specialist has read, with the specialist's answer taken as right\n"
        "  and the first reader as the human beside whom the model must hold; how often specialists are\n"
        "  right themselves is not known here."
    )
    if rarer["verdict"] == "fails":
        yield "  Condition 1 fails: the medical director has to approve the policy anew."
    if good["verdict"] == "fails":
        yield "  Condition 2 fails: the medical director has to approve the policy anew."


def _calibration(told: Told) -> Iterator[str]:
    found = told["calibration"]
    if isinstance(found, str):
        yield line("calibration of probabilities", found)
        return
    yield "calibration of probabilities, where a specialist's answer is known"
    yield line("cases", f"{found['casesAtLeast']} to {found['casesAtLeast'] + ENOUGH - 1}")
    yield line("  expected calibration error, 10 equal bins", number(found["ece"], 3))
    yield line("  Brier score (0 is best)", number(found["brier"], 3))
    yield line("  slope (1 is best; below: too sure)", number(found["slope"], 2))
    yield line("  intercept (0 is best)", number(found["intercept"], 2))
    if found["relative"]:
        yield "  relative: specialists have read what was disputed rather than a sample of all cases"


def _gate(told: Told) -> Iterator[str]:
    gate = told.get("gatekeeper")
    if gate is None:
        return
    yield "gatekeeper"
    yield line("cases judged", gate["judged"])
    yield line("  ruled out, no human has read", share(gate["ruledOut"]))
    yield line("below the threshold, read by humans", gate["readByHumans"])
    yield line("  of these with a finding (net omissions)", share(gate["found"]))
    yield line("  gross false omissions, two-sided", share(gate["falseOmission"]))
    bound = gate["omissionBound"]
    if isinstance(bound, Mapping):
        low, high = part(bound["from"]), part(bound["to"])
        bound = low if low == high else f"{low} (no finding) to {high} (as many as are not told)"
    yield line("  upper 95 % bound of what is missed", bound)
    if gate["limit"] is not None:
        yield line("  limit of the policy in force", part(gate["limit"]))

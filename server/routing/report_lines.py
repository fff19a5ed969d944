"""A report for people: aligned lines, each figure with its unit, its interval and what it is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.routing.report import ENOUGH
from server.routing.shares import Figure
from server.routing.told import FEW, HIDDEN

Told = Mapping[str, Any]
_WIDE = 44


def lines(told: Told) -> Iterator[str]:
    """Of one question and one model version."""
    yield f"{told['question']}, model {told['card']}"
    counted, left = told["counted"], told["leftOut"]
    yield _line("people counted, one case each", f"{counted}, and groups of fewer than 10 that are not told")
    yield _line("results of the period left out", f"{left}")
    for part in (_table, _apart, _agreement, _yield, _accuracy, _conditions, _calibration, _gate):
        yield from part(told)


def _table(told: Told) -> Iterator[str]:
    table = told["table"]
    yield "first reader against model"
    yield _line("both have answered", table["compared"])
    for name, words in (
        ("bothPresent", "both present"),
        ("modelAlone", "model present, first reader absent"),
        ("firstAlone", "first reader present, model absent"),
        ("bothAbsent", "both absent"),
        ("agree", "agree"),
        ("disagree", "disagree"),
    ):
        yield _line(f"  {words}", table[name])


def _apart(told: Told) -> Iterator[str]:
    beside = told["notCompared"]
    yield _line("first report without a usable code", beside["firstUnusable"])
    yield _line("model declined, or was too late", beside["declined"])
    yield _line("  share of those where it was asked", _share(beside["declinedShare"]))
    yield _line("model was not asked", beside["notAsked"])


def _agreement(told: Told) -> Iterator[str]:
    found, apart = told["agreement"], told["discordance"]
    yield "agreement"
    if told["firstReadersShown"]:
        yield (
            "  First answers were given with the model's answer known (concurrent reading): agreement and\n"
            "  kappa are no figures of two independent readers, and little disagreement is no merit."
        )
    yield _line("observed agreement", _share(found["all"]))
    yield _line("  positive / negative agreement", f"{_part(found['positive'])} / {_part(found['negative'])}")
    yield _line("Cohen's kappa", _number(found["kappa"], 3))
    yield _line("  AC1 (does not fall with rarity)", _number(found["ac1"], 3))
    yield _line("  prevalence (mean of both readers)", _part(found["prevalence"]))
    yield _line("disagreement rate", _share(apart["all"]))
    yield _line("  model alone says present", _share(apart["modelAlone"]))
    yield _line("  first reader alone says present", _share(apart["firstAlone"]))


def _yield(told: Told) -> Iterator[str]:
    found, catch = told["yield"], told["catch"]
    yield "what disagreement has come to, where a specialist has read"
    yield _line("specialist sides with the model", _share(found["all"]))
    yield _line("  where the model alone said present", _share(found["modelAlone"]))
    yield _line("  where the first reader alone did", _share(found["firstAlone"]))
    yield _line("confirmed model-alone findings per 1,000", _number(catch["perThousand"], 1))
    yield _line("specialist reads for one of them", _number(catch["readsPerCatch"], 1))


def _accuracy(told: Told) -> Iterator[str]:
    found = told["accuracy"]
    if found["kind"] == "corrected":
        yield "sensitivity and specificity among all counted cases (by the audits, Begg and Greenes)"
    else:
        yield "relative sensitivity and specificity: among disputed cases that a specialist has read"
        yield f"  not corrected: {found['whyNotCorrected']}"
    for reader, words in (("model", "model"), ("first", "first reader")):
        of = found[reader]
        for name in ("sensitivity", "specificity"):
            yield _line(f"  {words}, {name}", _share(of[name]) if isinstance(of, Mapping) else of)


def _conditions(told: Told) -> Iterator[str]:
    rarer, good = told["conditions"]["rarer"], told["conditions"]["asGood"]
    base = rarer["baseline"]
    yield "two conditions for letting a disagreement stand for a second opinion (Kempt and Nagel)"
    yield _line("1. disagreement is rarer than usual", rarer["verdict"])
    yield _line("  disagreement rate", _share(rarer["disagreement"]))
    yield _line(
        "  requested second opinions that differed", "not given (--baseline)" if base is None else _part(base)
    )
    yield _line("2. the model is as good as a second human", good["verdict"])
    yield _line("  right where it and the first reader differ", _share(good["modelRightWhereTheyDiffer"]))
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
        yield _line("calibration of probabilities", found)
        return
    yield "calibration of probabilities, where a specialist's answer is known"
    yield _line("cases", f"{found['casesAtLeast']} to {found['casesAtLeast'] + ENOUGH - 1}")
    yield _line("  expected calibration error, 10 equal bins", _number(found["ece"], 3))
    yield _line("  Brier score (0 is best)", _number(found["brier"], 3))
    if found["relative"]:
        yield "  relative: specialists have read what was disputed rather than a sample of all cases"


def _gate(told: Told) -> Iterator[str]:
    gate = told.get("gatekeeper")
    if gate is None:
        return
    yield "gatekeeper"
    yield _line("cases judged", gate["judged"])
    yield _line("  ruled out, no human has read", _share(gate["ruledOut"]))
    yield _line("below the threshold, read by humans", gate["readByHumans"])
    yield _line("  of these with a finding (net omissions)", _share(gate["found"]))
    bound = gate["omissionBound"]
    if isinstance(bound, Mapping):
        low, high = _part(bound["from"]), _part(bound["to"])
        bound = low if low == high else f"{low} (no finding) to {high} (as many as are not told)"
    yield _line("  upper 95 % bound of what is missed", bound)
    if gate["limit"] is not None:
        yield _line("  limit of the policy in force", _part(gate["limit"]))


def _line(words: str, told: object) -> str:
    return f"  {words:<{_WIDE}}  {told}"


def _share(found: Figure) -> str:
    if not isinstance(found, Mapping):
        return str(found)
    if "share" in found:
        interval = f"{_part(found['low'])} to {_part(found['high'])}"
        return f"{_part(found['share'])} ({interval}; {found['count']} of {found['of']})"
    if "atMost" in found:
        of = f" of {found['of']}" if "of" in found else ""
        return f"{FEW}{of}: at most {_part(found['atMost'])}"
    if "atLeast" in found:
        return f"at least {_part(found['atLeast'])} of {found['of']}"
    if "from" in found:
        interval = f"{_part(found['low'])} to {_part(found['high'])}"
        return (
            f"{_part(found['from'])} to {_part(found['to'])}, as a number is not told (interval {interval})"
        )
    return f"{_part(found['value'])} ({_part(found['low'])} to {_part(found['high'])})"


def _part(share: float | str) -> str:
    return share if isinstance(share, str) else f"{100 * share:.1f} %"


def _number(found: Figure, digits: int) -> str:
    if isinstance(found, str):
        return HIDDEN if found == HIDDEN else found
    if isinstance(found, Mapping):
        return f"{found['value']:.{digits}f} ({found['low']:.{digits}f} to {found['high']:.{digits}f})"
    return f"{found:.{digits}f}"

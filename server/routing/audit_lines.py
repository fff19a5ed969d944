"""For people: what audits tell, what specialists changed, and how much humans have read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.routing.printing import line, number, part, share

Told = Mapping[str, Any]


def audit_lines(told: Told) -> Iterator[str]:
    """Of one question and one model version."""
    found, given = told["audits"], told["audits"]["modelDisagreedWhereAsked"]
    yield "audits, and what a referral gives away"
    for name, words in (("bothPresent", "both present"), ("bothAbsent", "both absent")):
        yield line(f"{words}, both wrong: 95 % bound", _bound(found["bothWrong"][name]))
    yield line("the two differ, given that one is asked", _from_to(given["achieved"]))
    yield line("  by the policy's audit share", part(given["byAuditShare"]))
    yield line("disputed: model right / first reader right", _better(found["betterReader"]))
    yield line("errors of both go together (phi)", _phi(found["sharedErrors"]))
    yield from _influence(told["influence"])
    yield from _workload(told["workload"])


def _better(found: Told | str) -> str:
    if isinstance(found, str):
        return found
    test = f"p = {found['p']:.3g} (McNemar, {found['test']})"
    return f"{found['modelRight']} / {found['firstRight']}; {test}"


def _influence(found: Told) -> Iterator[str]:
    yield "what specialists changed in disputed cases when both opinions were shown, unnamed"
    yield line("of answers with the model, blind otherwise", share(found["towardsModel"]))
    yield line("of those with the first, blind otherwise", share(found["towardsFirst"]))


def _workload(found: Told | str) -> Iterator[str]:
    yield "reads by humans, of compared cases, against two for each"
    if isinstance(found, str):
        yield line("saved", found)
        return
    yield line("specialist reads for each case", _from_to(found["specialistReadsPerCase"]))
    for weight, each in found["saved"].items():
        yield line(f"  saved, a specialist's read weighing {weight}", _from_to(each))
    for reader, words in (("model", "model"), ("first", "first reader")):
        for name in ("sensitivity", "specificity"):
            yield line(f"  beside it, {words}, {name}", f"{share(found['beside'][reader][name])}")
    yield f"  Sensitivity and specificity are {found['kind']}; what became of people later is not in them."


def _bound(found: Told | str) -> str:
    return found if isinstance(found, str) else f"{_from_to(found)}; {found['read']} read"


def _from_to(found: Mapping[str, float] | str) -> str:
    if isinstance(found, str):
        return found
    low, high = part(found["from"]), part(found["to"])
    return low if low == high else f"{low} to {high}, as a number is not told"


def _phi(found: Mapping[str, float] | str) -> str:
    if isinstance(found, str):
        return f"{found}: it needs audits, or a number is not told"
    low, high = number(found["from"], 2), number(found["to"], 2)
    return low if low == high else f"{low} to {high}, as a number is not told"

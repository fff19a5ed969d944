"""What is told of drift: shares, sums against their limits, weeks, PSI; no number below ten.

All of it is of whole lots (``server.store.drift``), so nothing below ten follows from it. A report has lots
of its own, though, of all cases and exactly counted; so that what is told here cannot be subtracted from it,
counts are rounded to tens, shares and limits are made of these, and means and PSI have so few digits. Of
sums the tenth of their limit that they are at is told, for a sum of few steps is a count of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.changes import device_in
from server.model import Device, DriftRule
from server.routing.drift import ACT, WATCH, Judged, Sums, Week
from server.routing.drift_charts import limits
from server.routing.drift_streams import ALL, Stream
from server.routing.shares import share
from server.routing.stop import FEWEST
from server.routing.told import FEW, Count, alone, halves

_SHOWN = 12
"""Weeks that people are shown; the JSON has all."""
_TEN = 10
_MANY = 1000
"""Of fewer the second digit of a mean would be a few people."""
Figures = Mapping[str, Any]


def told(of: Stream) -> dict[str, Any]:
    """Of one stream."""
    found = of.judged
    return {
        "device": _device(of),
        "without": [_named(each) for each in of.without],
        "heldAgainst": "own results" if of.own else "results of all devices",
        "baseline": _side(found.base, found, 0),
        "now": _side(found.now, found, 1),
        "present": _sums(found.present),
        "score": _sums(found.score),
        "weeks": [_week(each) for each in found.weeks],
        "psi": None if found.psi is None else round(found.psi, 2),
        "psiSays": _says(found.psi),
        "switched": of.switched,
        "alarms": [{"sign": each.sign.value, "since": each.since.isoformat()} for each in found.alarms],
    }


def told_rule(rule: DriftRule) -> dict[str, Any]:
    """As the policy file says it."""
    return {
        "act": rule.act.value,
        "baseline": rule.baseline,
        "share": rule.share,
        "ratio": rule.ratio,
        "limit": rule.limit,
        "shift": rule.shift,
        "scoreLimit": rule.score_limit,
    }


def reason(of: Stream) -> str:
    """Why a stream alarms, for the log and for ``policy list``."""
    figures = told(of)
    signs = "; ".join(f"{each['sign']} since {each['since']}" for each in figures["alarms"])
    before, now = (_present(figures[side]) for side in ("baseline", "now"))
    return f"{_title(figures)}: {signs} (present before: {before}; now: {now})"


def lines(figures: Figures, rule: DriftRule) -> Iterator[str]:
    """One stream for people."""
    yield f"  {_title(figures)}"
    if figures["switched"]:
        yield "    two humans read every case of it"
    against = f"against {figures['heldAgainst']}" if rule.share is None else f"against {rule.share:.1%}"
    yield f"    baseline  {_side_line(figures['baseline'])}"
    yield f"    now       {_side_line(figures['now'])}"
    if figures["present"] is None and figures["score"] is None:
        yield f"    not looked at yet: the baseline is not full ({rule.baseline} results)"
        return
    for name, words in (("present", "answers"), ("score", "scores")):
        if figures[name] is not None:
            sums = figures[name]
            sides = f"up {sums['up']:.1f}, down {sums['down']:.1f} times its limit"
            yield f"    sum of {words:<8}{sides}, {against}"
    for each in figures["weeks"][-_SHOWN:]:
        yield f"    {_week_line(each)}"
    if figures["psi"] is not None:
        yield f"    PSI {figures['psi']:.2f} ({figures['psiSays']}; {WATCH:g} and {ACT:g} are a convention)"
    for each in figures["alarms"]:
        yield f"    ALARM since {each['since']}: {each['sign']}"


def _device(of: Stream) -> dict[str, str] | None:
    device = None if of.scope == ALL else device_in(of.scope)
    return None if device is None else _named(device)


def _named(device: Device) -> dict[str, str]:
    return {"maker": device.maker, "model": device.model, "software": device.software}


def _title(figures: Figures) -> str:
    device = figures["device"]
    if device is not None:
        return f"device {_words(device)}"
    without = ", ".join(_words(each) for each in figures["without"])
    return f"all together, without {without}" if without else "all together"


def _words(device: Mapping[str, str]) -> str:
    software = f", software {device['software']}" if device["software"] else ""
    return f"{device['maker']} {device['model']}".strip() + software


def _side(count: tuple[int, int], found: Judged, which: int) -> dict[str, Any]:
    present, of = count
    some, rest = halves(present, of - present, of)
    mean = None if found.scores is None else round(found.scores[which], 2 if of >= _MANY else 1)
    told_of = _tens(alone(of))
    return {"results": told_of, "present": share(_tens(some), told_of, rest), "meanScore": mean}


def _tens(count: Count) -> Count:
    return (count + _TEN // 2) // _TEN * _TEN if isinstance(count, int) else count


def _sums(sums: Sums | None) -> dict[str, float] | None:
    """Of the limit; one that has been above it says so by its alarm."""
    return None if sums is None else {"up": round(sums.up.part, 1), "down": round(sums.down.part, 1)}


def _week(week: Week) -> dict[str, Any]:
    """Its limits are those of as many as are told; whether it is outside is said of all."""
    count, _ = halves(week.discordant, week.of - week.discordant, week.of)
    told_of = _tens(alone(week.of))
    low, high = limits(week.share, told_of) if isinstance(told_of, int) else (None, None)
    return {
        "monday": week.monday.isoformat(),
        "discordant": _tens(count),
        "of": told_of,
        "low": low,
        "high": high,
        "outside": low is not None and week.side != 0,
        "over": week.over,
    }


def _says(psi: float | None) -> str | None:
    if psi is None:
        return None
    return "act" if psi >= ACT else "watch" if psi >= WATCH else "as before"


def _side_line(side: Figures) -> str:
    mean = "" if side["meanScore"] is None else f", mean score {side['meanScore']:g}"
    return f"{side['results']} results, present: {_present(side)}{mean}"


def _present(side: Figures) -> str:
    found = side["present"]
    if not isinstance(found, dict):
        return str(found)
    if "share" in found:
        return f"{found['share']:.1%} of {found['of']}"
    if found["count"] == FEW:
        return f"{FEW} of {found['of']}"
    return f"all but fewer than {FEWEST} of {found['of']}"


def _week_line(week: Figures) -> str:
    if week["low"] is None:
        return f"week of {week['monday']}: {week['of']} compared"
    where = "OUTSIDE" if week["outside"] else "within"
    so_far = "" if week["over"] else ", so far"
    return (
        f"week of {week['monday']}: discordant {week['discordant']} of {week['of']}{so_far}, {where} "
        f"{week['low']} to {week['high']}"
    )

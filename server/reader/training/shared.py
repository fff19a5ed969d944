"""How far two models go wrong on the same patients: phi of their errors (second-reading S5.4)."""

from __future__ import annotations

import numpy as np

from server.model import Band, Card, SharedErrors
from server.reader.training.nested import OutOfFold
from server.reader.training.table import Flags, Floats, development, load


def phi(one: Flags, other: Flags) -> float | None:
    """(p11 - p1 p2) / sqrt(p1 (1 - p1) p2 (1 - p2)) of two flags of the same cases, here "was wrong".

    None: not defined, as one of the two is never wrong, or always, or there are no cases.
    """
    if not one.size:
        return None
    p1, p2, both = (float(np.mean(flags)) for flags in (one, other, one & other))
    spread = p1 * (1 - p1) * p2 * (1 - p2)
    return (both - p1 * p2) / float(np.sqrt(spread)) if spread else None


def shared_errors(
    first: Card, other: Card, scores: OutOfFold, other_scores: OutOfFold
) -> tuple[SharedErrors | None, str]:
    """From what ``scored`` gave of both, which have the same contract and so the same patients and folds.

    Among patients whom, in that repeat, both answered. ``phi`` is the mean over the repeats in which it is
    defined (None: in none); ``cases`` is the mean number of these patients in a repeat, rounded: one who is
    there in every repeat counts once. Beside it in words, on how many errors all that rests, and how the
    other one does where the first declines.
    """
    table = development(load(first))
    ill = table.y[table.served] == 1
    answered, wrong = _read(first.band, scores.model[:, table.served], ill)
    answered_too, wrong_too = _read(other.band, other_scores.model[:, table.served], ill)
    both, alone = answered & answered_too, answered_too & ~answered
    told = (
        f"both answer {_mean(both):.0f} of {len(ill)} patients, of whom {first.identity} is wrong on "
        f"{_mean(both & wrong):.1f}, this model on {_mean(both & wrong_too):.1f}, both on "
        f"{_mean(both & wrong & wrong_too):.1f}; this model alone answers {_mean(alone):.1f}, of whom it is "
        f"wrong on {_mean(alone & wrong_too):.1f}; means over repeats"
    )
    pairs = ((one[who], another[who]) for one, another, who in zip(wrong, wrong_too, both, strict=True))
    defined = [each for pair in pairs if (each := phi(*pair)) is not None]
    if not defined:
        return None, told
    return SharedErrors(first.identity, round(float(np.mean(defined)), 3), round(_mean(both))), told


def _read(band: Band, chances: Floats, ill: Flags) -> tuple[Flags, Flags]:
    """(answered, answered wrongly), each (repeat, patient)."""
    present, absent = chances >= band.present_at_least, chances <= band.absent_at_most
    return present | absent, (present & ~ill) | (absent & ill)


def _mean(flags: Flags) -> float:
    """How many patients, on the mean over repeats."""
    return float(flags.sum(axis=1).mean())

"""From what the model's process tells of each film to the read that is sealed. Pure."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.errors import Category, fault
from server.model import AiRead, Card, ResourceKey
from server.reader.film.attribution import attribution
from server.reader.film.outside import Outside
from server.reader.scale import calibrated, probability

_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class FilmObject:
    """One DICOM object as it was received (PS3.10 file), and where it is kept."""

    content: bytes
    source: ResourceKey


@dataclass(frozen=True, slots=True)
class Judged:
    """What the process says of one film."""

    outside: tuple[Outside, ...]
    lossy: bool = False
    rows: int = 0
    columns: int = 0
    log_odds: float = math.nan
    cells: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class FilmRead:
    """The read, and what goes with it when it is an answer or a near answer."""

    read: AiRead
    film: ResourceKey | None = None
    """The one object that was read."""
    attribution: NDArray[np.float32] | None = field(default=None, compare=False)
    """On that film's own grid, (row, column), 0 to 1; None when no film was read."""
    lossy: bool = False
    """The film had been compressed with loss at some time."""
    cells: NDArray[np.float64] | None = field(default=None, compare=False)
    """What the map is made from: log-odds of each cell of the model's last map."""


def judged(told: dict[str, Any], card: Card) -> Judged:
    """One answer of the process, checked.

    Raises:
        Fault: BROKEN when a score is no number or the map does not add up to it.
    """
    reasons = [Outside[name] for name in told["outside"]]
    if "log_odds" not in told:
        return Judged(tuple(reasons))
    cells = np.array(told["cells"], np.float64)
    if not (math.isfinite(told["log_odds"]) and math.isfinite(told["scope"]) and np.isfinite(cells).all()):
        raise fault(Category.BROKEN, "exception", "the model's score is not a number")
    if abs(cells.mean() - told["log_odds"]) > _ROUNDING:
        raise fault(Category.BROKEN, "exception", "the map does not add up to the model's score")
    if told["scope"] < card.calibration["scope_at_least"]:
        reasons.append(Outside.PIXELS)
    return Judged(tuple(reasons), told["lossy"], told["rows"], told["columns"], told["log_odds"], cells)


def film_read(
    card: Card, films: Sequence[FilmObject], born: date | None, found: Sequence[Judged], now: datetime
) -> FilmRead:
    """Reads the one film that fits; declines when none does, or more than one."""
    fitting = [at for at, each in enumerate(found) if not each.outside]
    if len(fitting) != 1:
        return FilmRead(_read(card, films, born, now, reasons=_why_none(found, len(fitting))))
    one, film = found[fitting[0]], films[fitting[0]]
    chance = probability(calibrated(card, one.log_odds))
    slope, intercept = card.calibration["slope"], card.calibration["intercept"]
    assert one.cells is not None  # noqa: S101 - a film without reasons has been scored
    shown = attribution(one.cells, slope, intercept, one.rows, one.columns)
    return FilmRead(_read(card, films, born, now, chance), film.source, shown, one.lossy, one.cells)


def _read(  # noqa: PLR0917 - the fields of one read
    card: Card,
    films: Sequence[FilmObject],
    born: date | None,
    now: datetime,
    chance: float | None = None,
    reasons: tuple[str, ...] = (),
) -> AiRead:
    said = None if chance is None else card.band.says(chance)
    if chance is not None and said is None:
        low, high = card.band.absent_at_most, card.band.present_at_least
        reasons = (
            f"the calibrated probability lies between {low:g} and {high:g}, where the reader does not answer",
        )
    return AiRead(
        question=card.question,
        card=card.identity,
        model_digest=card.model_digest,
        input_digest=_digest(films, born),
        made_at=now,
        answer=said,
        probability=chance,
        band=card.band,
        reasons=reasons,
        sources=tuple(film.source for film in films),
    )


def _why_none(found: Sequence[Judged], fitting: int) -> tuple[str, ...]:
    if fitting:
        return (Outside.SEVERAL.value,)
    return tuple(dict.fromkeys(reason.value for each in found for reason in each.outside)) or (
        Outside.NO_FILM.value,
    )


def _digest(films: Sequence[FilmObject], born: date | None) -> str:
    """The objects byte for byte, in any order, and the birth date that the case knows."""
    objects = sorted(hashlib.sha256(film.content).hexdigest() for film in films)
    text = json.dumps({"films": objects, "born": born and born.isoformat()}, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

"""The reader for tables of numbers: an XGBoost model behind a card.

It declines without asking the model when an input lies outside what the card says it was trained on,
and after asking when the probability falls between the card's two thresholds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from server.contract import Inputs
from server.errors import Category, Fault, Issue
from server.model import AiRead, Card
from server.reader.process import LIMIT, ModelProcess
from server.reader.resident import Resident
from server.reader.scale import columns, row, self_tests
from server.reader.verdict import declined, read

_ROUNDING = 1e-3


class XgboostReader:
    """One card's model. Safe to call from several threads; they wait for each other."""

    def __init__(self, card: Card, folder: Path, limit: timedelta = LIMIT) -> None:
        """``folder`` is the one that the card and its model file lie in. Nothing is loaded yet."""
        self._card = card
        spawn = partial(ModelProcess, names=columns(card), limit=limit)
        self._model = Resident(card, folder, spawn, partial(_repeats, card))

    def start(self) -> None:
        """Load the model into its own process and put it to the test. Raises Fault as ``Resident.start``."""
        self._model.start()

    def read(self, inputs: Inputs, now: datetime) -> AiRead:
        """Answer or decline; the same inputs always give the same read.

        Raises:
            Fault: UNPROCESSABLE when the inputs have gaps; otherwise as ``start``. After a fault the
                next call starts a fresh process.
        """
        if inputs.gaps:
            issues = (Issue("incomplete", gap.text) for gap in inputs.gaps)
            raise Fault(Category.UNPROCESSABLE, *issues)
        if inputs.outside:
            return declined(self._card, inputs, now)
        with self._model.lent(now) as process:
            score = process.score(row(self._card, inputs.values))
        return read(self._card, inputs, score, now)

    def close(self) -> None:
        """Let go of the model's process."""
        self._model.close()


def _repeats(card: Card, process: ModelProcess) -> bool:
    return all(
        abs(process.score(vector).log_odds - card.calibration[key]) <= _ROUNDING
        for key, vector in self_tests(card).items()
    )

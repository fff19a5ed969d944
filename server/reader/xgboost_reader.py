"""The reader for tables of numbers: an XGBoost model behind a card.

It declines without asking the model when an input lies outside what the card says it was trained on,
and after asking when the probability falls between the card's two thresholds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from server.contract import Inputs
from server.errors import Category, Fault, Issue, fault
from server.model import AiRead, Card
from server.reader.process import LIMIT, ModelProcess, verified
from server.reader.scale import columns, row, self_tests
from server.reader.verdict import declined, read

SELF_TEST_EVERY = timedelta(hours=1)
_ROUNDING = 1e-3


class XgboostReader:
    """One card's model. Safe to call from several threads; they wait for each other."""

    def __init__(self, card: Card, folder: Path, limit: timedelta = LIMIT) -> None:
        """``folder`` is the one that the card and its model file lie in. Nothing is loaded yet."""
        self._card = card
        self._path = folder / card.model_file
        self._limit = limit
        self._process: ModelProcess | None = None
        self._tested_at: datetime | None = None
        self._lock = Lock()

    def start(self) -> None:
        """Load the model into its own process and put it to the test; does nothing when it runs.

        Raises:
            Fault: BROKEN when the file is not the card's or the scores are not those of the card;
                UNAVAILABLE when the process ends or is too slow.
        """
        with self._lock:
            self._running()

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
        with self._lock:
            score = self._tested(now).score(row(self._card, inputs.values))
        return read(self._card, inputs, score, now)

    def close(self) -> None:
        """Let go of the model's process."""
        with self._lock:
            self._drop()

    def _running(self) -> ModelProcess:
        if self._process is None or not self._process.alive:
            self._drop()
            model = verified(self._path, self._card.model_digest)
            self._process = ModelProcess(model, columns(self._card), self._limit)
            self._self_test(self._process)
        return self._process

    def _tested(self, now: datetime) -> ModelProcess:
        """The running process; once an hour it must repeat its known scores (reliability, T33)."""
        process = self._running()
        if self._tested_at is None:
            self._tested_at = now
        elif now - self._tested_at >= SELF_TEST_EVERY:
            self._self_test(process)
            self._tested_at = now
        return process

    def _self_test(self, process: ModelProcess) -> None:
        for key, vector in self_tests(self._card).items():
            if abs(process.score(vector).log_odds - self._card.calibration[key]) > _ROUNDING:
                self._drop()
                raise fault(Category.BROKEN, "exception", "the model fails its card's self-test; it is off")

    def _drop(self) -> None:
        if self._process is not None:
            self._process.close()
        self._process = None
        self._tested_at = None

"""The parent's side of a model process: verify, spawn, ask with a deadline, kill."""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Timer

from server.errors import Category, Fault, fault
from server.reader.child import serve
from server.reader.scale import Score

LIMIT = timedelta(seconds=30)
_ROUNDING = 1e-3
"""Contributions are single precision; their sum may differ from the score by this much."""


def verified(path: Path, digest: str) -> bytes:
    """The model file's bytes, if they are the ones the card names. They, not the path, go on.

    Raises:
        Fault: BROKEN when the file is missing or is another one.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise fault(Category.BROKEN, "not-found", f"model file {path.name} cannot be read") from error
    if hashlib.sha256(content).hexdigest() != digest:
        text = f"model file {path.name} is not the one its card names: the SHA-256 differs; it is not loaded"
        raise fault(Category.BROKEN, "security", text)
    return content


class Spawned:
    """A process of its own that was given a model's bytes; it may be killed at any time."""

    def __init__(
        self, serve: Callable[..., None], told: tuple[object, ...], model: bytes, limit: timedelta
    ) -> None:
        """Start ``serve(pipe, *told)`` and wait until it has loaded the model; Fault as for ``ask``."""
        context = multiprocessing.get_context("spawn")
        self._limit = limit
        self._pipe, far = context.Pipe()
        self._process = context.Process(target=serve, args=(far, *told), daemon=True)
        self._process.start()
        far.close()
        watch = Timer(limit.total_seconds(), self._process.kill)  # a child that never listens
        watch.start()
        try:
            self.ask(model)
        finally:
            watch.cancel()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def ask(self, *messages: bytes) -> bytes:
        """Say all of it, hear one answer.

        Raises:
            Fault: UNAVAILABLE when the process died or did not answer in time (it is then killed).
        """
        try:
            for message in messages:
                self._pipe.send_bytes(message)
            if self._pipe.poll(self._limit.total_seconds()):
                return self._pipe.recv_bytes()
        except (EOFError, OSError) as error:
            self.close()
            raise fault(Category.UNAVAILABLE, "transient", "the model's process ended") from error
        self.close()
        raise fault(Category.UNAVAILABLE, "timeout", "the model did not answer in time")

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._pipe.close()
        self._process.kill()
        self._process.join()


class ModelProcess(Spawned):
    """The process of a reader of tables."""

    def __init__(self, model: bytes, names: tuple[str, ...], limit: timedelta = LIMIT) -> None:
        super().__init__(serve, (names,), model, limit)

    def score(self, row: list[float]) -> Score:
        """Score one row.

        Raises:
            Fault: as ``ask``; BROKEN when the answer is no number or does not add up.
        """
        told = json.loads(self.ask(json.dumps(row).encode()))
        *shares, baseline = told["parts"]
        score = Score(told["log_odds"], baseline, tuple(shares))
        _must_add_up(score, len(row))
        return score


def _must_add_up(score: Score, count: int) -> None:
    total = score.baseline + sum(score.shares)
    if not (math.isfinite(score.log_odds) and math.isfinite(total)):
        raise _broken("the model's score is not a number")
    if len(score.shares) != count or abs(total - score.log_odds) > _ROUNDING:
        raise _broken("the contributions do not add up to the model's score")


def _broken(text: str) -> Fault:
    return fault(Category.BROKEN, "exception", text)

"""What runs in the film model's own process: parse, decode, judge and score one object at a time.

Parsers and decoders of pictures are where hostile bytes do harm, so they run here, beside the model, with
bounded memory, and the parent may kill them. What comes back is JSON; nothing is unpickled.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import warnings
from collections.abc import Callable
from datetime import date
from multiprocessing.connection import Connection
from typing import Any

from server.model import FilmContract, Span
from server.reader.film.canvas import Floats, sample

MEMORY = 4 * 1024**3
"""RLIMIT_AS in bytes: the largest film allowed, decoded and in floats, beside the model and its libraries."""

Told = dict[str, Any]
Score = Callable[[Floats], Told]


def serve(pipe: Connection, contract: FilmContract, age_years: Span) -> None:
    """First message: the model's bytes. Then, for each film, what is known of the patient, and the object;
    an empty object asks for the test film. Ends when the pipe closes.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    # Imported here: the parent loads this module too and must stay free of decoders.
    import pydicom  # noqa: PLC0415

    from server.reader.film.judge import judge  # noqa: PLC0415

    warnings.simplefilter("ignore")  # they quote what the object says
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    pydicom.config.logger.disabled = True
    try:
        score = load(pipe.recv_bytes())
        pipe.send_bytes(b"ready")
        while True:
            born = json.loads(pipe.recv_bytes())["born"]
            content = pipe.recv_bytes()
            known = date.fromisoformat(born) if born else None
            told = judge(content, contract, age_years, known, score) if content else score(sample())
            pipe.send_bytes(json.dumps(told).encode())
    except EOFError:
        return


def load(model: bytes) -> Score:
    """The model, ready to score canvases; one thread, so that the same film always gives the same answer."""
    # Imported here: the parent loads this module too and must stay free of ONNX Runtime.
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def score(square: Floats) -> Told:
        log_odds, cells, scope_score = session.run(["log_odds", "cells", "scope"], {"canvas": square[None]})
        return {"log_odds": float(log_odds[0]), "cells": cells[0].tolist(), "scope": float(scope_score[0])}

    return score

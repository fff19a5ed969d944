"""What runs in the model's own process: load verified bytes, score rows, nothing else.

XGBoost hangs or answers zeros after a fork (dmlc/xgboost#8040, #10072) and a damaged model file can
crash it (#12102), so it lives in a spawned process with bounded memory that the parent may kill. The
two speak JSON in length-prefixed messages: what comes back from here is never unpickled.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

MEMORY = 2 * 1024**3
"""RLIMIT_AS in bytes; a loaded model and its libraries map about a third of a GiB."""

Score = Callable[[list[float]], dict[str, object]]


def serve(pipe: Connection, names: tuple[str, ...]) -> None:
    """First message: the model's bytes. Then a JSON row for each answer; ends when the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; the pipe then closes
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        score = _load(pipe.recv_bytes(), names)
        pipe.send_bytes(b"ready")
        while True:
            pipe.send_bytes(json.dumps(score(json.loads(pipe.recv_bytes()))).encode())
    except EOFError:
        return


def _load(model: bytes, names: tuple[str, ...]) -> Score:
    # XGBoost's wrappers for scikit-learn take longer to load than all else here, and are never used.
    sys.modules["sklearn"] = sys.modules["xgboost.sklearn"] = None  # type: ignore[assignment]
    # Imported here: the parent loads this module too and must stay free of XGBoost.
    import numpy as np  # noqa: PLC0415
    import xgboost as xgb  # noqa: PLC0415

    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(model))
    booster.set_param({"nthread": 1})
    if tuple(booster.feature_names or ()) != names:
        raise SystemExit("the model's columns are not those of its card")

    def score(values: list[float]) -> dict[str, object]:
        table = np.array([values], dtype=np.float32)
        margin = booster.inplace_predict(table, predict_type="margin", validate_features=False)
        matrix = xgb.DMatrix(table, feature_names=list(names), nthread=1)
        parts = booster.predict(matrix, pred_contribs=True)[0]
        return {"log_odds": float(margin[0]), "parts": [float(part) for part in parts]}

    return score

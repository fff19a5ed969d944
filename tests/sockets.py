"""Sockets that a library lets go of."""

from __future__ import annotations

import gc
import warnings


def let_go() -> None:
    """pynetdicom closes no socket that its peer has shut down before: it is collected. Here and now, then.

    Otherwise whichever test happens to run at that moment is blamed for it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()

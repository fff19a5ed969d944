"""Importing much at once: sooner done, shared by a fork, sooner gone at the end."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """For imports, before anything else is at work: what is there at the end is there to stay.

    The garbage collector would look through it all the same, many times while it grows (a seventh
    of the time), now and then later (which copies the pages that a fork shares), and when the
    process ends (two thirds of the time that this takes).
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()

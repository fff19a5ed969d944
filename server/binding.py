"""A port of a door: bound once, inherited by every process that accepts from it."""

from __future__ import annotations

import socket
import time

from server.errors import Category, fault

_BACKLOG = 1024
"""Who comes while the queue is full is not refused: TCP has it try again, a whole second later."""
_PATIENCE = 3.0
"""Seconds. Who was killed may have left followers that have to notice before they let the port go."""
_PAUSE = 0.05


def listen(host: str, port: int, setting: str) -> socket.socket:
    """Raises Fault(UNAVAILABLE) when it cannot be listened on, and goes on to be so."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return _listening(host, port)
        except OSError as error:
            if time.monotonic() > until:
                raise fault(
                    Category.UNAVAILABLE,
                    "no-store",
                    f"{host}:{port} cannot be listened on ({error.strerror}); choose another with {setting}",
                ) from error
        time.sleep(_PAUSE)


def _listening(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener

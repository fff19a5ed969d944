"""The port of the DICOM door: bound once, inherited by every process that accepts from it."""

from __future__ import annotations

import socket

from server.errors import Category, fault

_BACKLOG = 256


def listen(host: str, port: int) -> socket.socket:
    """Raises Fault(UNAVAILABLE) when it cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise fault(
            Category.UNAVAILABLE,
            "no-store",
            f"{host}:{port} cannot be listened on ({error.strerror}); "
            "choose another with SECOND_READER_DICOM_PORT",
        ) from error
    return listener

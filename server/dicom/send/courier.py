"""Delivers DICOM objects to archives until these say that they keep them.

Like every courier it looks before it repeats: sending is never certain to have failed. An object goes out
under the UIDs that were minted with it, so one that is sent twice is one object there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final

from server.dicom.send.node import NodeDelivery
from server.dicom.send.outgoing import outgoing
from server.dicom.send.stow import by_web
from server.errors import Category
from server.model import Destination, Document, PacsDestination, Receipt
from server.ports import Commitments, Undelivered, WebLine

LINGER: Final = 2.0
"""Seconds; most archives report on an association of their own."""

Web = Callable[[Destination], AbstractContextManager[WebLine]]


class PacsCourier:
    """Knows the configured archives; dials nothing else."""

    def __init__(
        self,
        archives: Sequence[PacsDestination],
        commitments: Commitments,
        web: Web,
        now: Callable[[], datetime],
        linger: float = LINGER,
    ) -> None:
        self._archives = {each.name: each for each in archives}
        self._commitments = commitments
        self._web = web
        self._now = now
        self._linger = linger

    def deliver(self, document: Document, attempt: int = 1) -> Receipt:
        """Prove that the archive keeps the object. ``attempt`` counts from 1.

        Raises:
            Undelivered: as ``server.ports.Courier`` has it; NotYet while the archive thinks.
        """
        archive = self._archives.get(document.destination)
        if archive is None:
            text = "no such archive is configured"
            raise Undelivered(Category.NOT_FOUND, "not-found", text, untouched=True)
        sent = outgoing(document)
        if isinstance(archive.at, Destination):
            with self._web(archive.at) as line:
                return by_web(line, sent, attempt)
        way = NodeDelivery(archive, archive.at, sent, self._commitments, self._now, self._linger)
        return way.deliver(attempt)

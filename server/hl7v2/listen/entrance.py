"""Who comes in at a port, and who leaves: a seat for each, and a word for who is not let in."""

from __future__ import annotations

from socket import socket

from server.hl7v2.listen.admission import Admission
from server.hl7v2.listen.connection import Connection
from server.hl7v2.listen.limits import Limits
from server.hl7v2.listen.telling import Telling
from server.line import Entry


class Entrance:
    """Of one process, for all its ports."""

    def __init__(self, admission: Admission, limits: Limits, telling: Telling) -> None:
        self._admission, self._limits, self._telling = admission, limits, telling

    def let_in(self, entry: Entry, sock: socket, address: str, now: float) -> Connection | None:
        """By address alone: who comes in may have a certificate to show yet. None: the socket is closed."""
        if not self._admission.knows(address):
            self._refuse(sock, address, "address", now)
            return None
        seat = self._admission.take(address)
        if seat is None:
            self._refuse(sock, address, "too many", now)
            return None
        try:
            connection = Connection(sock, address, self._limits, now, entry.line)
        except OSError:  # The peer has left already.
            self._admission.leave(seat)
            sock.close()
            return None
        connection.seat = seat
        return connection

    def _refuse(self, sock: socket, address: str, why: str, now: float) -> None:
        self._telling.refused(address, why, now)
        sock.close()

    def welcome(self, connection: Connection, now: float) -> bool:
        """Once it has shown what it has; False when that makes it none of the links."""
        if self.names(connection):
            self._telling.accepted(connection.address)
            return True
        self._telling.refused(connection.address, "certificate", now)
        return False

    def names(self, connection: Connection) -> tuple[str, ...]:
        """The links that it may be now."""
        return self._admission.names(connection.address, connection.line.shown())

    def leave(self, connection: Connection) -> None:
        if connection.seat is not None:
            self._admission.leave(connection.seat)

"""One association with one archive, for one delivery: every wait is bounded, and so is the whole (PS3.8).

pynetdicom looks at its time limits between two reads only, so a peer that drips bytes never trips one
(reliability of the network): the line is cut when the delivery's time is up.
"""

from __future__ import annotations

import logging
import os
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Timer
from types import TracebackType
from typing import Any, Final, Self

from pydicom import Dataset
from pynetdicom import AE, _config, build_role, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from server.dicom.send import PATIENCE
from server.dicom.send.commitment import PUSH_MODEL, PUSH_MODEL_INSTANCE
from server.dicom.send.outgoing import Outgoing
from server.dicom.send.statuses import rejected
from server.errors import Category
from server.model import DicomNode, PacsDestination, Trust
from server.ports import Undelivered

Context = tuple[str, Sequence[str]]
"""An abstract syntax, and in which transfer syntaxes (PS3.8 section 9.3.2.2)."""
Told = Callable[[Dataset], int]
"""Takes an N-EVENT-REPORT's information, gives the status to answer with."""

Took = Callable[[str, str, str, bytes], int]
"""Takes SOP class, SOP instance, transfer syntax and data set of an object; gives the status to answer."""

_MOST_MATCHES: Final = 64
_NOT_ASKED: Final = 0xC000
_SAID_AGAIN: Final = 0.01
_PENDING: Final = (0xFF00, 0xFF01)
_ASK_COMMITMENT: Final = 1
"""Action Type (PS3.4 J.3.2)."""

# What the library would say of an association or a data set may name a patient; bytes go out as they are.
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
_config.LOG_HANDLER_LEVEL = "none"
_config.STORE_SEND_CHUNKED_DATASET = True


class NodeLine:
    """A context manager; leaving it releases the association, or aborts it."""

    _open: Association

    def __init__(
        self,
        archive: PacsDestination,
        node: DicomNode,
        contexts: Sequence[Context],
        told: Told,
        *,
        taking: Collection[str] = (),
    ) -> None:
        """``taking``: SOP classes whose objects may come back on it (PS3.7 D.3.3.4)."""
        self._node = node
        self._seconds = archive.timeout.total_seconds()
        self._contexts: list[PresentationContext] = [build_context(a, list(t)) for a, t in contexts]
        self._roles: list[Any] = [build_role(each, scp_role=True) for each in taking]
        self._tell = told
        self._take: Took | None = None
        self._told = Event()
        self._socket: socket.socket | None = None
        self._timer = Timer(self._seconds * PATIENCE, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        """Raises Undelivered: UNAVAILABLE and BUSY when it passes, FORBIDDEN when it rejects for good."""
        entity = AE(self._node.calling_ae)
        entity.connection_timeout = entity.acse_timeout = self._seconds
        entity.dimse_timeout = entity.network_timeout = self._seconds
        secured = self._secured()
        self._timer.start()
        self._open = opened = entity.associate(
            self._node.host,
            self._node.port,
            contexts=self._contexts,
            ae_title=self._node.ae,
            tls_args=secured,
            ext_neg=self._roles,
            evt_handlers=[
                (evt.EVT_CONN_OPEN, self._connected),
                (evt.EVT_N_EVENT_REPORT, self._reported),
                (evt.EVT_C_STORE, self._taken),
            ],
        )
        if not opened.is_established:
            self._timer.cancel()
            self._cut()  # what answered nonsense would be listened to until the library's own timer
            failure = self._not_open(opened)
            failure.untouched = True
            raise failure
        opened._reactor_checkpoint = _Checkpoint(opened)  # noqa: SLF001 - see there
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open.is_established:
            if error is None:
                self._open.release()
            else:
                self._open.abort()
        self._timer.cancel()

    def takes(self, abstract: str, transfer: str = "") -> bool:
        return any(
            each.abstract_syntax == abstract and transfer in ("", *each.transfer_syntax)
            for each in self._open.accepted_contexts
        )

    def store(self, sent: Outgoing) -> int:
        """C-STORE (PS3.7 9.1.1) of the bytes as they are; the archive's status."""
        with self._in_time(), _file(sent.content) as path:
            return self._status(self._open.send_c_store(path))

    def find(self, identifier: Dataset, model: str, most: int = _MOST_MATCHES) -> list[Dataset] | None:
        """C-FIND (PS3.7 9.1.2); None when the archive refuses to answer, or answers without measure."""
        found: list[Dataset] = []
        with self._in_time():
            for status, match in self._open.send_c_find(identifier, model):
                code = self._status(status)
                if code not in _PENDING:
                    return found if code == 0 else None
                found += [match] if match is not None else []
                if len(found) > most:
                    self._open.abort()
                    return None
        raise self._silence()

    def move(self, identifier: Dataset, model: str, to: str) -> tuple[int, int]:
        """C-MOVE (PS3.7 9.1.4) to an AE title: the last status, and how many objects were not sent."""
        with self._in_time():
            return self._ended(self._open.send_c_move(identifier, to, model))

    def get(self, identifier: Dataset, model: str, take: Took) -> tuple[int, int]:
        """C-GET (PS3.7 9.1.3): as ``move``; each object that comes on this association goes to ``take``."""
        self._take = take
        with self._in_time():
            return self._ended(self._open.send_c_get(identifier, model))

    def ask_commitment(self, information: Dataset) -> int:
        """N-ACTION (PS3.4 J.3.2); the archive's status."""
        with self._in_time():
            status, _ = self._open.send_n_action(
                information, _ASK_COMMITMENT, PUSH_MODEL, PUSH_MODEL_INSTANCE
            )
            return self._status(status)

    def wait_for_report(self, seconds: float) -> bool:
        """An archive may report on the association by which it was asked, as long as that stands."""
        return self._told.wait(seconds)

    # -- inside ----------------------------------------------------------------------------

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """The library says by a RuntimeError that the association has ended meanwhile."""
        try:
            yield
        except RuntimeError as error:
            raise self._silence() from error

    def _ended(self, answers: Iterator[tuple[Dataset, Dataset | None]]) -> tuple[int, int]:
        """The counters of the last answer say what has failed (PS3.4 C.4.2.1.6)."""
        for answer, _ in answers:
            status = self._status(answer)
            if status not in _PENDING:
                return status, int(answer.get("NumberOfFailedSuboperations", 0) or 0)
        raise self._silence()

    def _taken(self, event: evt.Event) -> int:
        request: Any = event.request
        syntax = event.context.transfer_syntax
        if self._take is None:
            return _NOT_ASKED
        data = request.DataSet.getvalue()
        return self._take(str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID), syntax, data)

    def _status(self, answer: Dataset) -> int:
        if "Status" not in answer:
            raise self._silence()
        return int(answer.Status)

    def _connected(self, event: evt.Event) -> None:
        """Without TCP_NODELAY the end of each message waits for the peer's delayed acknowledgement."""
        transport = event.assoc.dul.socket
        if transport is not None and transport.socket is not None:
            self._socket = transport.socket
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _reported(self, event: evt.Event) -> tuple[int, None]:
        status = self._tell(event.event_information)
        self._told.set()
        return status, None

    def _secured(self) -> tuple[ssl.SSLContext, str] | None:
        trust = self._node.trust
        return None if trust is None else (_tls(trust), self._node.host)

    def _not_open(self, refused: Association) -> Undelivered:
        if refused.is_rejected:
            answer: Any = refused.acceptor.primitive
            return rejected(answer.result, answer.result_source, answer.diagnostic)
        if self._socket is None:
            text = "the archive cannot be reached" + (", or not by TLS" if self._node.trust else "")
            return Undelivered(Category.UNAVAILABLE, "transient", text)
        if refused.rejected_contexts:
            text = "the archive takes none of what was proposed: enable the SOP class there, then send again"
            return Undelivered(Category.UNPROCESSABLE, "not-supported", text)
        return self._silence()

    def _silence(self) -> Undelivered:
        text = "the association with the archive ended, or its time, before it had answered"
        return Undelivered(Category.UNAVAILABLE, "timeout", text)

    def _cut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class _Checkpoint(Event):
    """Where the library's own thread stands still while ours sends; ours goes on when it is told so.

    A report that comes while ours waits for a response is served by ours, which takes that word back
    (pynetdicom 3.0.4, ``_serve_request``); whoever sends next would wait for ever. So it is said again.
    """

    def __init__(self, association: Association) -> None:
        super().__init__()
        self.set()
        self._association = association

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        while not super().wait(_SAID_AGAIN):
            self._association._is_paused = True  # noqa: SLF001
        return True


def _tls(trust: Trust) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=trust.ca or None)
        if trust.certificate:
            # An encrypted key would be asked for at the terminal; this password opens none.
            made.load_cert_chain(trust.certificate, trust.certificate_key or None, password=lambda: b"")
    except OSError as error:
        text = "a certificate file of the archive cannot be used; check tells which"
        raise Undelivered(Category.UNAVAILABLE, "security", text, untouched=True) from error
    return made


@contextmanager
def _file(content: bytes) -> Iterator[Path]:
    """The library sends bytes as they are from a file only; this one is in memory and has no name."""
    held = os.memfd_create("object", os.MFD_CLOEXEC)
    try:
        with open(held, "wb", closefd=False) as file:
            file.write(content)
        yield Path(f"/proc/self/fd/{held}")
    finally:
        os.close(held)

"""A small real archive: it stores, it is asked, and it says on an association of its own what it keeps."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydicom import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, build_role, evt
from pynetdicom.presentation import build_context
from pynetdicom.transport import ThreadedAssociationServer

from conformance.peers.archive_faults import ArchiveFaults, Trouble
from conformance.peers.objects import Objects

VERIFICATION = "1.2.840.10008.1.1"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
_ALL_COMMITTED, _SOME_FAILED = 1, 2
_NO_SUCH_OBJECT = 0x0112
_LEVELS = ("STUDY", "SERIES", "IMAGE")

Address = tuple[str, int]


class Pacs:
    """The program; use it as a context manager."""

    def __init__(
        self,
        folder: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        ae: str = "PACS",
        *,
        callers: Mapping[str, Address] | None = None,
        same_association: bool = False,
        offers_find: bool = True,
        offers_commitment: bool = True,
        think: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``callers``: where it reports to, by AE title. ``think``: seconds before it reports."""
        self.ae = ae
        self.host = host
        self.objects = Objects(folder)
        self.faults = ArchiveFaults()
        self.callers = dict(callers or {})
        self.met = 0
        """How often it has been silent on request."""
        self.may_report = threading.Event()
        """Cleared, it keeps its reports to itself until it is set again."""
        self.may_report.set()
        self.reports: list[tuple[str, int | None]] = []
        """Transactions that it has reported on, and how that was answered."""
        self._same = same_association
        self._think = think
        self._tls = tls
        self._port = port
        self._threads: list[threading.Thread] = []
        self._offers = [STUDY_ROOT_FIND] * offers_find + [COMMITMENT] * offers_commitment
        self._server: ThreadedAssociationServer | None = None

    @property
    def port(self) -> int:
        return self._port

    def start(self) -> Self:
        """Raises OSError when the port is taken or not ours."""
        entity = AE(self.ae)
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(str(context.abstract_syntax), _transfer_syntaxes())
        for each in (VERIFICATION, *self._offers):
            entity.add_supported_context(each)
        handlers: list[Any] = [
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_PDU_RECV, self._received),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_N_ACTION, self._asked),
        ]
        self._server = entity.start_server(
            (self.host, self._port), block=False, evt_handlers=handlers, ssl_context=self._tls
        )
        if self._server is not None:
            self._port = self._server.server_address[1]
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server = None
        self.may_report.set()
        for each in self._threads:
            each.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- associations and objects ----------------------------------------------------------

    def _requested(self, event: evt.Event) -> None:
        fault = self.faults.take(Trouble.REJECT)
        if fault is not None:
            # (1,1,3): the calling AE title is not known; (2,3,1): congestion (PS3.8 table 9-21).
            permanent = fault.status == 1
            event.assoc.acse.send_reject(*((0x01, 0x01, 0x03) if permanent else (0x02, 0x03, 0x01)))
            event.assoc.kill()

    def _received(self, event: evt.Event) -> None:
        transport = event.assoc.dul.socket
        data = event.pdu.pdu_type == 0x04  # P-DATA-TF
        if data and transport is not None and self.faults.take(Trouble.ABORT) is not None:
            if transport.socket is not None:
                transport.socket.close()
            transport.close()

    def _store(self, event: evt.Event) -> int:
        refused = self.faults.take(Trouble.REFUSE, Trouble.SILENCE)
        if refused is not None:
            return self._silent(event, refused.seconds) if refused.kind is Trouble.SILENCE else refused.status
        self.objects.put(event.encoded_dataset())
        odd = self.faults.take(Trouble.REFUSE_AFTER, Trouble.SILENCE_AFTER)
        if odd is not None:
            return self._silent(event, odd.seconds) if odd.kind is Trouble.SILENCE_AFTER else odd.status
        return 0x0000

    def _silent(self, event: evt.Event, seconds: float) -> int:
        self.met += 1
        until = time.monotonic() + seconds
        while time.monotonic() < until and event.assoc.is_established:
            time.sleep(0.02)
        event.assoc.abort()
        return 0x0110

    def _find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        query = event.identifier
        if query.get("QueryRetrieveLevel", "") not in _LEVELS:
            yield 0xA900, None
            return
        for each in self.objects.matching(query):
            yield 0xFF00, each

    # -- storage commitment (PS3.4 annex J) ------------------------------------------------

    def _asked(self, event: evt.Event) -> tuple[int, None]:
        refused = self.faults.take(Trouble.NOT_ASKED)
        if refused is not None:
            return refused.status, None
        if self.faults.take(Trouble.NO_REPORT) is None:
            report = self._judged(event.action_information)
            caller = str(event.assoc.requestor.ae_title).strip()
            thread = threading.Thread(target=self._report, args=(event.assoc, caller, *report), daemon=True)
            self._threads.append(thread)
            thread.start()
        return 0x0000, None

    def _judged(self, asked: Dataset) -> tuple[int, Dataset]:
        made, kept, failed = Dataset(), [], []
        made.TransactionUID = asked.TransactionUID
        for each in asked.ReferencedSOPSequence:
            fault = self.faults.take(Trouble.NOT_KEPT)
            if fault is None and self.objects.holds(str(each.ReferencedSOPInstanceUID)):
                kept.append(each)
            else:
                each.FailureReason = _NO_SUCH_OBJECT if fault is None else fault.status
                failed.append(each)
        if kept:
            made.ReferencedSOPSequence = kept
        if failed:
            made.FailedSOPSequence = failed
        return _SOME_FAILED if failed else _ALL_COMMITTED, made

    def _report(self, association: Any, caller: str, kind: int, report: Dataset) -> None:
        time.sleep(self._think)
        self.may_report.wait()
        transaction = str(report.TransactionUID)
        if self._same:
            status, _ = association.send_n_event_report(report, kind, COMMITMENT, COMMITMENT_INSTANCE)
            self.reports.append((transaction, status.get("Status", None)))
            return
        if caller not in self.callers:
            logging.getLogger(__name__).warning("no address is known of the caller: no report is sent")
            return
        host, port = self.callers[caller]
        role = build_role(COMMITMENT, scp_role=True)
        opened = AE(self.ae).associate(
            host, port, contexts=[build_context(COMMITMENT)], ae_title=caller, ext_neg=[role]
        )
        if opened.is_established:
            status, _ = opened.send_n_event_report(report, kind, COMMITMENT, COMMITMENT_INSTANCE)
            self.reports.append((transaction, status.get("Status", None)))
            opened.release()


def _transfer_syntaxes() -> list[str]:
    plain = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.5"]
    return [*plain, *(f"1.2.840.10008.1.2.4.{each}" for each in (50, 51, 57, 70, 80, 81, 90, 91))]

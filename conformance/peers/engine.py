"""The sending half of a system that speaks HL7 v2: orders and reports of films, over one MLLP connection.

Written against the wire: VT, message, FS CR; the answer is the one whose MSA-2 is our MSH-10 (HL7 v2.8
section 2.9.2).
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from conformance.peers.codes import Resource
from conformance.peers.request import ReadRequest

VT, END = b"\x0b", b"\x1c\x0d"
_SYSTEMS = {"http://snomed.info/sct": "SCT", "http://loinc.org": "LN"}
"""Table 0396."""


class NotAcknowledged(Exception):
    """No answer came, or not to what was sent."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What came back."""

    code: str
    """MSA-1."""
    text: str
    """The whole message."""

    @property
    def taken(self) -> bool:
        return self.code in ("AA", "CA")


class Engine:
    """One connection, opened when it is needed and kept; use it as a context manager."""

    def __init__(
        self, host: str, port: int, *, application: str = "RIS", facility: str = "DEMO", timeout: float = 10.0
    ) -> None:
        self.host, self.port = host, port
        self._names = application, facility
        self._timeout = timeout
        self._line: socket.socket | None = None
        self._number = 0
        self._held = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def send(self, kind: str, segments: Iterable[str], control: str = "") -> Acknowledgement:
        """``kind``: MSH-9. ``control``: MSH-10, where the same message is sent again.

        Raises:
            NotAcknowledged: the door is not there, is silent, or answers something else.
        """
        self._number += 1
        at = datetime.now(UTC)
        control = control or f"{at:%Y%m%d%H%M%S%f}{self._number}"
        head = "|".join(
            (
                "MSH",
                "^~\\&",
                *self._names,
                "SECONDREAD",
                "GATEWAY",
                stamp(at),
                "",
                kind,
                control,
                "P",
                "2.5.1",
            )
        )
        body = "".join(f"{each}\r" for each in (f"{head}||||||UNICODE UTF-8", *segments))
        return self.exchange(body.encode(), control)

    def exchange(self, message: bytes, control: str) -> Acknowledgement:
        """These very bytes; raises as ``send``."""
        try:
            line = self._connected()
            line.sendall(VT + message + END)
            answer = self._answer(line)
        except OSError as error:
            self.close()
            raise NotAcknowledged("the door does not answer") from error
        told = {row[0]: row for row in (each.split("|") for each in answer.split("\r")) if row[0]}
        if "MSA" not in told or told["MSA"][2] != control:
            raise NotAcknowledged("the answer is to another message")
        return Acknowledgement(told["MSA"][1], answer)

    def _connected(self) -> socket.socket:
        if self._line is None:
            self._line = socket.create_connection((self.host, self.port), self._timeout)
            self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._held = b""
        return self._line

    def _answer(self, line: socket.socket) -> str:
        while END not in self._held:
            data = line.recv(65_536)
            if not data:
                raise NotAcknowledged("the door has closed the connection")
            self._held += data
        block, _, self._held = self._held.partition(END)
        return block.partition(VT)[2].decode("utf-8", "replace")


def stamp(at: datetime) -> str:
    """DTM, with the offset."""
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}+0000"


# -- what a radiology system says of a film ---------------------------------------------------


def order(request: ReadRequest, control: str = "NW") -> tuple[str, list[str]]:
    """ORM^O01 with the study in ZDS-1: MSH-9 and the other segments. ``control``: ORC-1."""
    study = request.study.uid if request.study else ""
    return "ORM^O01^ORM_O01", [
        _pid(request),
        segment("ORC", {1: control, 2: _placer(request), 9: stamp(request.asked_at)}),
        segment("OBR", {1: "1", 2: _placer(request), 4: _code(request.report_code)}),
        segment("ZDS", {1: f"{study}^SECONDREAD^Application^DICOM"}),
    ]


def report(request: ReadRequest, status: str = "F") -> tuple[str, list[str]]:
    """ORU^R01: the primary report, coded and in words. ``status``: OBR-25 and OBX-11."""
    who, said = request.signed_by, request.opinion
    numbers = {2: _placer(request), 3: f"F-{request.token}^RIS"}
    coded = f"{said.code}^{said.display}^{_SYSTEMS.get(said.system, 'L')}"
    home = f"{who.organisation_name}^^^^^^^^^{who.organisation}"
    impression = "19005-8^Radiology Imaging study [Impression]^LN"
    return "ORU^R01^ORU_R01", [
        _pid(request),
        segment("ORC", {1: "RE", **numbers}),
        segment(
            "OBR",
            {
                1: "1",
                **numbers,
                4: _code(request.report_code),
                7: stamp(request.collected_at),
                22: stamp(request.signed_at),
                24: "RAD",
                25: status,
                32: f"{who.practitioner}&{who.family}&{who.given}",
            },
        ),
        segment("OBX", {1: "1", 2: "CWE", 3: impression, 5: coded, 11: status, 23: home}),
        segment("OBX", {1: "2", 2: "TX", 3: "18782-3^Findings^LN", 5: said.text, 11: status}),
    ]


def segment(name: str, fields: Mapping[int, str]) -> str:
    """The fields by their numbers."""
    return "|".join((name, *(fields.get(number, "") for number in range(1, max(fields) + 1))))


def _pid(request: ReadRequest) -> str:
    who = request.patient
    sex = {"female": "F", "male": "M"}.get(who.gender, "U")
    number, name = f"P-{request.token}^^^HOSP^MR", f"{who.family}^{who.given}"
    return segment("PID", {1: "1", 3: number, 5: name, 7: f"{who.birth_date:%Y%m%d}", 8: sex})


def _placer(request: ReadRequest) -> str:
    return f"T-{request.token}^EHR"


def _code(concept: Resource) -> str:
    coding = concept["coding"][0]
    return f"{coding['code']}^{coding.get('display', '')}^{_SYSTEMS.get(coding['system'], 'L')}"

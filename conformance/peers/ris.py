"""A small system that speaks HL7 v2 and nothing else: it takes results and referrals over MLLP, and answers.

Written against the wire: VT, message, FS CR; segments that end with CR; an answer by what MSH-15 and MSH-16
ask for (HL7 v2 section 2.9).
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from conformance.peers.ris_chart import Report, chart
from conformance.peers.ris_faults import RisFault, RisFaults, Trouble

VT, END = b"\x0b", b"\x1c\x0d"
_TAKES = ("ORU", "REF", "OML")
_KEEPS = (Trouble.REFUSE_AFTER, Trouble.SILENCE_AFTER, Trouble.CLOSE_AFTER)
_SILENT = (Trouble.SILENCE, Trouble.SILENCE_AFTER)
_CLOSES = (Trouble.CLOSE, Trouble.CLOSE_AFTER)
_REFUSES = (Trouble.REFUSE, Trouble.REFUSE_AFTER)


class Ris:
    """The program; use it as a context manager."""

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, name: str = "EHR", tls: ssl.SSLContext | None = None
    ) -> None:
        self.host, self.port, self.name = host, port, name
        self.faults = RisFaults()
        self.came: list[bytes] = []
        """Every whole message, the repeated ones too."""
        self.kept: dict[str, bytes] = {}
        """By MSH-10; what comes again under one that is here is answered and not kept again."""
        self.connections = 0
        self.shown: list[bytes | None] = []
        """Certificates that clients have shown (DER)."""
        self._tls = tls
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    @property
    def chart(self) -> dict[str, Report]:
        """What it shows of results, by OBR-3."""
        with self._lock:
            kept = list(self.kept.values())
        return chart(text for text in map(_text, kept) if _field(text, 8).startswith("ORU"))

    @property
    def lines(self) -> int:
        """How many connections are open."""
        with self._lock:
            return len(self._open)

    def start(self) -> Self:
        """Raises OSError when the port is taken or not ours."""
        self._listening = socket.create_server((self.host, self.port))
        self.port = self._listening.getsockname()[1]
        self._begin(self._accept, self._listening)
        return self

    def stop(self) -> None:
        """The port is closed, and so is every connection."""
        if self._listening is not None:
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        self.hang_up()
        for each in self._threads:
            each.join()
        self._threads.clear()

    def hang_up(self) -> None:
        """Close every connection, as a receiver does that is tired of an idle one."""
        with self._lock:
            still = list(self._open)
        for each in still:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- connections -----------------------------------------------------------------------

    def _begin(self, work: Callable[[socket.socket], None], line: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(line,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            self._begin(self._serve, line)

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError):
            if self._tls is not None:
                line = secured = self._tls.wrap_socket(line, server_side=True)
                self.shown.append(secured.getpeercert(binary_form=True))
            with self._lock:
                self._open.add(line)
            for message in _messages(line):
                if not self._answer(line, message):
                    break
        with self._lock:
            self._open.discard(line)
        with suppress(OSError):
            line.close()

    def _answer(self, line: socket.socket, message: bytes) -> bool:
        """False when the connection is to be closed."""
        fault = self.faults.take()
        text = _text(message)
        with self._lock:
            self.came.append(message)
            if fault is None or fault.kind in _KEEPS or fault.kind in _ANSWERED:
                self.kept.setdefault(_field(text, 9), message)
        if fault is not None and fault.kind in _CLOSES:
            return False
        if fault is not None and fault.kind in _SILENT:
            return True
        for answer in self._answers(text, fault):
            if fault is not None and fault.kind is Trouble.SLOWLY:
                for byte in answer:
                    line.sendall(bytes([byte]))
            else:
                line.sendall(answer)
        return fault is None or fault.kind is not Trouble.THEN_CLOSE

    # -- answers ---------------------------------------------------------------------------

    def _answers(self, text: str, fault: RisFault | None) -> Iterator[bytes]:
        kind, control = _field(text, 8).split("^"), _field(text, 9)
        if fault is not None and fault.kind in (Trouble.GARBAGE, Trouble.ONLY_GARBAGE):
            yield b"what is this\r" + VT + b"PID|1||nobody\r" + END
            yield self._block(text, "AA", "SOMEBODY-ELSE")
            if fault.kind is Trouble.ONLY_GARBAGE:
                return
        if fault is not None and fault.kind in _REFUSES:
            yield self._block(text, fault.code, control, fault.error, fault.words)
        elif kind[0] not in _TAKES:
            yield self._block(text, "AR", control, "200", "unsupported message type")
        elif _field(text, 14) == "AL":
            yield self._block(text, "CA", control)
            if _field(text, 15) == "AL":
                yield self._block(text, "AA", control)
        else:
            yield self._block(text, "AA", control)

    def _block(self, text: str, code: str, control: str, error: str = "", words: str = "") -> bytes:
        kind, at = _field(text, 8).split("^"), datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
        ends = f"{self.name}|{_field(text, 5)}|{_field(text, 2)}|{_field(text, 3)}"
        event = kind[1] if len(kind) > 1 else ""
        answer = [
            f"MSH|^~\\&|{ends}|{at}||ACK^{event}^ACK|{at}{len(self.came)}|P|{_field(text, 11)}",
            f"MSA|{code}|{control}|{words}",
            *([f"ERR||MSH^1^9|{error}^^HL70357|E||||{words}"] if error else []),
        ]
        return VT + "".join(f"{each}\r" for each in answer).encode() + END


_ANSWERED = (Trouble.GARBAGE, Trouble.SLOWLY, Trouble.THEN_CLOSE)


def _messages(line: socket.socket) -> Iterator[bytes]:
    """Whole messages, until the other side closes."""
    held = b""
    while data := line.recv(65_536):
        held += data
        while END in held:
            block, _, held = held.partition(END)
            yield block.partition(VT)[2]


def _text(message: bytes) -> str:
    return message.decode("utf-8", "replace")


def _field(text: str, index: int) -> str:
    """Of the first segment, split at its bars: index 8 is MSH-9, 9 is MSH-10."""
    fields = text.split("\r", 1)[0].split("|")
    return fields[index] if len(fields) > index else ""

"""The receiving half of one connection: bytes in, whole requests out, in order. No socket, no clock."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import IO

from server.porch.chunks import ChunkReader
from server.porch.head import Head, parse_head, split_head
from server.porch.limits import KIB, PorchLimits
from server.porch.spool import Spool

_READ_BYTES = 64 * KIB
"""At once from one connection, so that many large bodies do not keep a small request waiting."""


class WholeRequest:
    """A request of which every byte is here."""

    def __init__(self, head: Head, body: Spool | None) -> None:
        self.head = head
        self._body = body

    @property
    def length(self) -> int:
        """Bytes of the body, without the chunked coding."""
        return 0 if self._body is None else self._body.size

    def content(self) -> IO[bytes]:
        """The body as a file, from its first byte."""
        return BytesIO() if self._body is None else self._body.file()

    def close(self) -> None:
        if self._body is not None:
            self._body.close()


class Intake:
    """Collects requests. Pipelined bytes wait until the request before them has been taken."""

    def __init__(self, limits: PorchLimits, new_spool: Callable[[], Spool]) -> None:
        self._limits = limits
        self._new_spool = new_spool
        self._inbox = bytearray()
        self._searched = 0
        self._head: Head | None = None
        self._body: Spool | None = None
        self._chunks: ChunkReader | None = None

    @property
    def empty(self) -> bool:
        """True when not a byte of the next request has come."""
        return self._head is None and not self._inbox

    @property
    def in_body(self) -> bool:
        return self._head is not None

    @property
    def received(self) -> int:
        """Bytes of the body so far."""
        return 0 if self._body is None else self._body.size

    @property
    def limits(self) -> PorchLimits:
        """Those of the request that is coming."""
        return self._limits if self._head is None else self._limits.of(self._head.target)

    @property
    def wants_continue(self) -> bool:
        """True while the client waits for 100 Continue (RFC 9110 section 10.1.1)."""
        head = self._head
        return head is not None and head.expects_continue and not self.received and not self._complete(head)

    @property
    def room(self) -> int:
        """How many bytes may be received now; never past the end of a body whose length is known."""
        if self._head is None:
            return max(self._limits.head_bytes - len(self._inbox), 0)
        if self._head.length is None:
            return self._limits.head_bytes
        return min(self._head.length - self.received, _READ_BYTES)

    def feed(self, data: bytes) -> None:
        """Take what was received, at most ``room`` bytes. Raises Refusal; OSError when the disk is full."""
        if self._head is None:
            self._inbox += data
            self._read_head()
        else:
            self._read_body(data)

    def take(self) -> WholeRequest | None:
        """The request, once whole. What follows it is looked at with the next ``feed``, even of nothing."""
        if self._head is None or not self._complete(self._head):
            return None
        request = WholeRequest(self._head, self._body)
        self._inbox += self._chunks.take_rest() if self._chunks else b""
        self._head = self._body = self._chunks = None
        return request

    def close(self) -> None:
        if self._body is not None:
            self._body.close()
        self._body = None

    def _read_head(self) -> None:
        if self._inbox.startswith(b"\r\n"):
            del self._inbox[:2]  # An empty line before a request is let pass (RFC 9112 section 2.2).
        if not self._inbox or self._inbox == b"\r":
            return
        end = split_head(self._inbox, self._limits, self._searched)
        self._searched = len(self._inbox) if end is None else 0
        if end is None:
            return
        self._head = parse_head(bytes(self._inbox[:end]), self._limits)
        del self._inbox[:end]
        if self._head.length == 0:
            return
        self._chunks = ChunkReader(self.limits) if self._head.length is None else None
        first = bytes(self._inbox[: self._head.length])
        del self._inbox[: self._head.length]
        if first:
            self._read_body(first)

    def _read_body(self, data: bytes) -> None:
        if self._body is None:
            self._body = self._new_spool()
        for piece in self._chunks.read(data) if self._chunks else (data,):
            self._body.append(piece)

    def _complete(self, head: Head) -> bool:
        return self._chunks.done if self._chunks else self.received == head.length

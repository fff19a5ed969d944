"""PDUs and command sets as a peer writes them, right or wrong; nothing of the server's is used."""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack

APPLICATION = b"1.2.840.10008.3.1.1.1"
VERIFICATION = b"1.2.840.10008.1.1"
CT = b"1.2.840.10008.5.1.4.1.1.2"
IMPLICIT, EXPLICIT = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1"
BIG_ENDIAN, DEFLATED, RLE = EXPLICIT[:-1] + b"2", EXPLICIT + b".99", IMPLICIT + b".5"
COMMITMENT = b"1.2.840.10008.1.20.1"
INSTANCE = b"1.2.826.0.1.3680043.8.498.1"

Context = tuple[int, bytes, Sequence[bytes]]
CONTEXTS: tuple[Context, ...] = ((1, VERIFICATION, (IMPLICIT,)), (3, CT, (EXPLICIT,)), (5, CT, (IMPLICIT,)))


def pdu(kind: int, payload: bytes = b"", length: int | None = None) -> bytes:
    return pack(">BxI", kind, len(payload) if length is None else length) + payload


def item(kind: int, value: bytes, length: int | None = None) -> bytes:
    return pack(">BxH", kind, len(value) if length is None else length) + value


def context(number: int, abstract: bytes, syntaxes: Sequence[bytes]) -> bytes:
    inner = item(0x30, abstract) + b"".join(item(0x40, each) for each in syntaxes)
    return item(0x20, pack(">Bxxx", number) + inner)


def user(max_length: int = 16384, more: bytes = b"") -> bytes:
    return item(0x50, item(0x51, pack(">I", max_length)) + item(0x52, b"1.2.3") + more)


def request(
    contexts: Sequence[Context] = CONTEXTS,
    *,
    called: bytes = b"SECOND_READER",
    calling: bytes = b"CT1",
    version: int = 1,
    application: bytes = APPLICATION,
    information: bytes | None = None,
) -> bytes:
    """A-ASSOCIATE-RQ."""
    head = pack(">H2x16s16s32x", version, called.ljust(16), calling.ljust(16))
    items = item(0x10, application) + b"".join(context(*each) for each in contexts)
    return pdu(0x01, head + items + (user() if information is None else information))


def fragment(number: int, header: int, data: bytes) -> bytes:
    return pack(">IBB", len(data) + 2, number, header) + data


def data(number: int, header: int, value: bytes) -> bytes:
    """A P-DATA-TF with one fragment."""
    return pdu(0x04, fragment(number, header, value))


def command(elements: dict[int, bytes]) -> bytes:
    body = b"".join(pack("<HHI", 0, tag, len(value)) + value for tag, value in sorted(elements.items()))
    return pack("<HHII", 0, 0, 4, len(body)) + body


def uid(value: bytes) -> bytes:
    return value + b"\0" * (len(value) % 2)


def echo(message: int = 1) -> bytes:
    return command(
        {2: uid(VERIFICATION), 0x100: pack("<H", 0x30), 0x110: pack("<H", message), 0x800: pack("<H", 0x0101)}
    )


def store(
    sop_class: bytes | None = CT, instance: bytes | None = INSTANCE, *, data_set: int = 1, message: int = 1
) -> bytes:
    elements = {
        0x100: pack("<H", 1), 0x110: pack("<H", message), 0x700: pack("<H", 0), 0x800: pack("<H", data_set)
    }  # fmt: skip
    if sop_class is not None:
        elements[2] = uid(sop_class)
    if instance is not None:
        elements[0x1000] = uid(instance)
    return command(elements)


RELEASE = pdu(0x05, bytes(4))
ABORT = pdu(0x07, bytes(4))

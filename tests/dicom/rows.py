"""The rows of the catalogue of bad DICOM input that the receiving half answers; row id is test id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import pack

from tests.dicom import wire
from tests.dicom.encoded import (
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    UNDEFINED,
    bare,
    ct,
    ct_with,
    elements,
    encode,
    even,
    explicit,
)
from tests.dicom.wire import CT, IMPLICIT, VERIFICATION, data, item, pdu, request


@dataclass(frozen=True, slots=True)
class Opening:
    """Bytes on a new connection, and the PDU that answers them."""

    id: str
    what: str
    sent: bytes
    answer: str
    """``abort S R`` or ``reject R S R`` as on the wire, or ``closed``."""


def _bad(*, version: int = 1, items: bytes) -> bytes:
    return pdu(0x01, pack(">H2x16s16s32x", version, b"SECOND_READER".ljust(16), b"CT1".ljust(16)) + items)


OPENINGS = (
    Opening("D-004a", "a TLS hello", bytes.fromhex("16030100c8010000c40303") + bytes(200), "abort 2 1"),
    Opening("D-005", "HTTP", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "abort 2 1"),
    Opening("D-006a", "PDU type 00", pdu(0x00), "abort 2 1"),
    Opening("D-006b", "PDU type 08", pdu(0x08), "abort 2 1"),
    Opening("D-006c", "PDU type FF", pdu(0xFF, bytes(10)), "abort 2 1"),
    Opening("D-007", "P-DATA before association", data(1, 3, wire.echo()), "abort 2 2"),
    Opening("D-007a", "A-RELEASE before association", wire.RELEASE, "abort 2 2"),
    Opening("D-008", "length 0", pdu(0x01), "abort 2 6"),
    Opening("D-009", "length FFFFFFFF", pdu(0x01, b"", 0xFFFFFFFF), "abort 2 6"),
    Opening("D-009a", "64 KiB and one byte", pdu(0x01, b"", 65537), "abort 2 6"),
    Opening("D-010a", "an item longer than its PDU", _bad(items=item(0x10, b"1.2", 9000)), "abort 2 6"),
    Opening("D-010b", "a context without a syntax", request(((1, CT, ()),)), "abort 2 6"),
    Opening("D-010c", "an item that is cut", _bad(items=b"\x10\0\0"), "abort 2 6"),
    Opening("D-010d", "a UID that is none", request(((1, b"../etc", (IMPLICIT,)),)), "abort 2 6"),
    Opening("D-012", "version bit 0 not set", request(version=2), "reject 1 2 2"),
    Opening("D-013", "a foreign application context", request(application=b"1.2.3"), "reject 1 1 2"),
    Opening("D-014", "an unknown called title", request(called=b"OTHER"), "reject 1 1 7"),
    Opening("D-015", "an unknown calling title", request(calling=b"OTHER"), "reject 1 1 3"),
    Opening("D-016", "a known title from elsewhere", request(calling=b"FAR"), "reject 1 1 3"),
    Opening("D-016a", "a peer that this title does not serve", request(calling=b"PACS"), "reject 1 1 3"),
    Opening("D-017a", "a blank title", request(calling=b""), "reject 1 1 3"),
    Opening("D-017b", "control characters", request(calling=b"CT1\r\nX"), "reject 1 1 3"),
    Opening("D-017c", "a backslash", request(calling=b"CT1\\CT1"), "reject 1 1 3"),
    Opening("D-017d", "a lower case twin", request(calling=b"ct1"), "reject 1 1 3"),
    Opening("D-018a", "no context", request(()), "abort 2 6"),
    Opening("D-018b", "an even context id", request(((2, CT, (IMPLICIT,)),)), "abort 2 6"),
    Opening(
        "D-018c",
        "a repeated id",
        request(((1, CT, (IMPLICIT,)), (1, VERIFICATION, (IMPLICIT,)))),
        "abort 2 6",
    ),
    Opening("D-028a", "data sent before it was asked for", request() + data(1, 3, wire.echo()), "abort 2 2"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """Bytes on an established association, and the A-ABORT that answers them."""

    id: str
    what: str
    sent: bytes
    answer: str


_RESPONSE = {
    2: wire.uid(VERIFICATION),
    0x100: pack("<H", 0x8030),
    0x120: pack("<H", 1),
    0x800: pack("<H", 0x101),
}

LINES = (
    Line("D-011", "a second A-ASSOCIATE-RQ", request(), "abort 2 2"),
    Line("D-006d", "PDU type 09", pdu(0x09), "abort 2 1"),
    Line("D-031a", "data where a command belongs", data(3, 2, b"\0" * 8), "abort 2 2"),
    Line(
        "D-031b", "a command in a data set", data(3, 3, wire.store()) + data(3, 3, wire.store()), "abort 2 2"
    ),
    Line("D-031c", "another context's data", data(3, 3, wire.store()) + data(5, 0, b"\0" * 8), "abort 2 2"),
    Line("D-031d", "a release in a data set", data(3, 3, wire.store()) + wire.RELEASE, "abort 2 2"),
    Line("D-032a", "a fragment without a header", pdu(0x04, pack(">IBB", 0, 1, 3)), "abort 2 6"),
    Line("D-032b", "a fragment beyond its PDU", pdu(0x04, pack(">IBB", 900, 1, 3)), "abort 2 6"),
    Line("D-032c", "more than our maximum", pdu(0x04, b"", 262145), "abort 2 6"),
    Line(
        "D-035",
        "a command set of more than 64 KiB",
        b"".join(data(1, 1, bytes(9000)) for _ in range(8)),
        "abort 2 6",
    ),
    Line("D-035a", "a command set that is none", data(1, 3, b"not a command set"), "abort 2 6"),
    Line("D-039", "a context that was never negotiated", data(99, 3, wire.echo()), "abort 2 6"),
)


@dataclass(frozen=True, slots=True)
class Order:
    """A command set, with an object after it where it says so; the status of its response."""

    id: str
    what: str
    command: bytes
    status: int
    context: int = 3
    data: bytes | None = None


def _unknown(field: int) -> bytes:
    return wire.command(
        {2: wire.uid(CT), 0x100: pack("<H", field), 0x110: pack("<H", 1), 0x800: pack("<H", 0x0101)}
    )


ORDERS = (
    Order("D-034a", "no SOP class", wire.store(sop_class=None), 0xC000, data=ct()),
    Order("D-034b", "no instance", wire.store(instance=None), 0xC000, data=ct()),
    Order("D-036", "an unknown command", _unknown(0x0140), 0x0211),
    Order("D-036a", "a C-FIND in a storage context", _unknown(0x0020), 0x0122),
    Order("D-037", "no data set", wire.store(data_set=0x0101), 0xC000),
    Order("D-038", "another SOP class than the context's", wire.store(CT + b".1"), 0x0122, data=ct()),
    Order("D-038a", "a C-STORE of Verification", wire.store(VERIFICATION), 0x0122, context=1, data=ct()),
    Order("D-064c", "a command whose instance is no UID", wire.store(instance=b"a.b"), 0xA900, data=ct()),
)


@dataclass(frozen=True, slots=True)
class Object:
    """A data set, sent as a CT image in explicit VR little endian; the status of the response."""

    id: str
    what: str
    build: Callable[[], bytes]
    status: int
    remark: str = ""
    """Of an object that is stored all the same."""
    context: int = 3


def _changed(tag: int, value: bytes, vr: bytes | None = None) -> Callable[[], bytes]:
    def build() -> bytes:
        listed = elements()
        listed[tag] = (tag, vr or listed[tag][1], value)
        return encode(listed)

    return build


def _named(character_set: bytes, name: bytes) -> Callable[[], bytes]:
    def build() -> bytes:
        listed = elements()
        listed[0x00080005] = (0x00080005, b"CS", even(character_set))
        listed[0x00100010] = (0x00100010, b"PN", even(name))
        return encode(listed)

    return build


def _sequence(tag: int, value: bytes) -> bytes:
    return explicit(tag, b"SQ", value, UNDEFINED)


def _nested(depth: int) -> bytes:
    if not depth:
        return b""
    inner = bare(ITEM, _nested(depth - 1), UNDEFINED) + bare(ITEM_END)
    return _sequence(0x00400275, inner + bare(SEQUENCE_END))


def _twice(tag: int) -> Callable[[], bytes]:
    def build() -> bytes:
        listed = elements()
        return encode({each: value for each, value in listed.items() if each <= tag}) + encode(
            {each: value for each, value in listed.items() if each >= tag}
        )

    return build


def _swapped(tag: int) -> Callable[[], bytes]:
    """``tag`` is moved to the end, behind the pixels."""

    def build() -> bytes:
        listed = elements()
        moved = listed.pop(tag)
        return encode(listed | {tag: moved})

    return build


_UNDECODABLE = "text cannot be decoded by its character set"
_NO_PATIENT = "there is no usable Patient ID"
_ORDER = "elements stand twice or out of order"
_ODD = "a value has an odd length"
_ZERO = "a UID has a component with a leading zero"
_ITEMS = bare(ITEM) * 1_000_000
_PRIVATE = b"".join(explicit(0x00290000 + 0x1000 + number, b"LO", b"x ") for number in range(50_000))

OBJECTS = (
    Object("D-000", "as it should be", ct, 0x0000),
    Object("D-000a", "in implicit VR", lambda: ct(in_implicit=True), 0x0000, context=5),
    Object("D-047a", "cut in the middle of an element", lambda: ct()[:35], 0xC000),
    Object("D-047b", "cut in a header", lambda: ct()[:5], 0xC000),
    Object("D-047c", "empty", lambda: b"", 0xC000),
    Object("D-048", "cut inside the pixels", lambda: ct()[:-10], 0xC000),
    Object("D-050", "an odd length", _changed(0x00080050, b"ACC-1"), 0x0000, _ODD),
    Object("D-051", "VR ZZ", _changed(0x00080050, b"ACC-1 ", b"ZZ"), 0xC000),
    Object("D-052a", "explicit data in an implicit context", ct, 0xC000, context=5),
    Object("D-052b", "implicit data in an explicit context", lambda: ct(in_implicit=True), 0xC000),
    Object("D-053", "US with 3 bytes", _changed(0x00280010, b"\1\2\3"), 0x0000, _ODD),
    Object(
        "D-054",
        "a length of FFFFFFF0",
        lambda: ct_with(explicit(0x00400280, b"UT", b"0123456789", 0xFFFFFFF0)),
        0xC000,
    ),
    Object(
        "D-055a",
        "a sequence without its delimiter",
        lambda: ct_with(_sequence(0x00400275, bare(ITEM))),
        0xC000,
    ),
    Object(
        "D-055b",
        "undefined length of a text",
        lambda: ct_with(explicit(0x00400280, b"UT", b"", UNDEFINED)),
        0xC000,
    ),
    Object(
        "D-055c", "a sequence of no items", lambda: ct_with(explicit(0x00400275, b"SQ", b"\1" * 16)), 0xC000
    ),
    Object("D-056", "300 nested sequences", lambda: ct_with(_nested(300)), 0xC000),
    Object("D-056a", "32 nested sequences", lambda: ct_with(_nested(32)), 0x0000),
    Object(
        "D-057",
        "1 000 000 empty items",
        lambda: ct_with(_sequence(0x00400275, _ITEMS + bare(SEQUENCE_END))),
        0xC000,
    ),
    Object("D-058", "50 000 private elements", lambda: ct_with(_PRIVATE), 0x0000),
    Object("D-059a", "the Patient ID twice", _twice(0x00100020), 0xC000),
    Object("D-059b", "the study twice", _twice(0x0020000D), 0xC000),
    Object("D-059c", "the modality twice", _twice(0x00080060), 0x0000, _ORDER),
    Object("D-060a", "out of order", _swapped(0x00080060), 0x0000, _ORDER),
    Object("D-060b", "the Patient ID out of order", _swapped(0x00100020), 0xC000),
    Object("D-061a", "group 0002", lambda: explicit(0x00020010, b"UI", b"1.2\0") + ct(), 0xC000),
    Object("D-061b", "group 0000", lambda: explicit(0x00000002, b"UI", b"1.2\0") + ct(), 0xC000),
    Object("D-063", "garbage after the last element", lambda: ct() + bytes(10), 0xC000),
    Object("D-064a", "an empty instance", _changed(0x00080018, b""), 0xA900),
    Object("D-064b", "an empty class", _changed(0x00080016, b""), 0xA900),
    Object("D-065", "another instance than the command's", _changed(0x00080018, b"1.2.3.4\0"), 0xA900),
    Object("D-066", "another class than the command's", _changed(0x00080016, b"1.2.3.4\0"), 0xA900),
    Object("D-067a", "no study", lambda: ct_with(without=(0x0020000D,)), 0xA900),
    Object("D-067b", "no series", lambda: ct_with(without=(0x0020000E,)), 0xA900),
    Object("D-068", "a path for a UID", _changed(0x0020000D, even(b"../../etc/passwd")), 0xA900),
    Object("D-069a", "a UID of 65", _changed(0x0020000D, even(b"1." + b"2" * 63)), 0xA900),
    Object("D-069b", "letters in a UID", _changed(0x0020000D, b"1.2.a\0"), 0xA900),
    Object("D-070", "a leading zero", _changed(0x0020000D, b"1.2.03"), 0x0000, _ZERO),
    Object("D-071", "no Patient ID", lambda: ct_with(without=(0x00100020,)), 0x0000, _NO_PATIENT),
    Object("D-073a", "a Patient ID of 66", _changed(0x00100020, b"P" * 66), 0x0000, _NO_PATIENT),
    Object("D-073b", "control characters in it", _changed(0x00100020, b"P\r\n1"), 0x0000, _NO_PATIENT),
    Object(
        "D-087",
        "a character set that is none",
        _changed(0x00080005, b"ISO 2022 IR 999 "),
        0x0000,
        _UNDECODABLE,
    ),
    Object("D-088", "invalid UTF-8", _changed(0x00080005, b"ISO_IR 192"), 0x0000, _UNDECODABLE),
    Object("D-089", "GB18030 cut in a character", _named(b"GB18030 ", b"\xc4\xe3\xba"), 0x0000, _UNDECODABLE),
    Object(
        "D-091",
        "no character set but high bytes",
        lambda: ct_with(without=(0x00080005,)),
        0x0000,
        _UNDECODABLE,
    ),
    Object(
        "D-054a",
        "an item beyond its sequence",
        lambda: ct_with(explicit(0x00400275, b"SQ", bare(ITEM, b"", 90))),
        0xC000,
    ),
)

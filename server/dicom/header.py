"""What identifies an object, out of the values that the walk has kept (PS3.3 annex C; PS3.5 section 6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydicom.charset import decode_bytes, python_encoding

from server.dicom.pens.uids import is_device
from server.dicom.whole import Whole, within
from server.errors import Category, fault
from server.objects import Header

_CHARSET, _SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES = (
    0x00080005,
    0x00080016,
    0x00080018,
    0x0020000D,
    0x0020000E,
)
_TEXTS = {
    "patient_id": 0x00100020, "patient_id_issuer": 0x00100021, "patient_name": 0x00100010,
    "accession": 0x00080050, "accession_issuer": within(0x00080051, 0x00400031), "body_part": 0x00180015,
    "referring": 0x00080090, "study_id": 0x00200010, "study_description": 0x00081030,
    "series_description": 0x0008103E, "maker": 0x00080070, "maker_model": 0x00081090, "software": 0x00181020,
}  # fmt: skip
_CODES = {
    "birth_date": 0x00100030, "sex": 0x00100040, "age": 0x00101010, "modality": 0x00080060,
    "view_position": 0x00185101, "laterality": 0x00200060, "study_date": 0x00080020,
    "series_date": 0x00080021, "acquisition_date": 0x00080022, "study_time": 0x00080030,
    "step_date": 0x00400244, "step_time": 0x00400245,
}  # fmt: skip
_NUMBERS = {
    "series_number": 0x00200011, "instance_number": 0x00200013, "frames": 0x00280008,
    "instances_of_study": 0x00201208,
}  # fmt: skip
_SHORTS = {
    "rows": 0x00280010, "columns": 0x00280011, "samples": 0x00280002, "bits": 0x00280100,
    "planar": 0x00280006,
}  # fmt: skip
_ACCESSION_ISSUER, _ID_ISSUER = within(0x00080051, 0x00400032), within(0x00100024, 0x00400032)
"""Universal Entity IDs: of who gave the accession number, and of who gave the Patient ID."""
_LOSSY, _IMAGE_LATERALITY = 0x00282110, 0x00200062
_DEVICE, _MODEL, _VERSION, _DIGEST = 0x00181002, 0x00081090, 0x00181020, 0x00181000
"""Device UID, and of what our pens compute it: model name, software versions, serial number."""

WANTED = frozenset(
    (
        _ACCESSION_ISSUER, _ID_ISSUER, _CHARSET, _SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES, _LOSSY,
        _IMAGE_LATERALITY, _DEVICE, _MODEL, _VERSION, _DIGEST,
        *_TEXTS.values(), *_CODES.values(), *_NUMBERS.values(), *_SHORTS.values(),
    )
)  # fmt: skip

_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_LEADING_ZERO = re.compile(r"(^|\.)0[0-9]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_ID = 64


def header(whole: Whole, sop_class: str, sop_instance: str) -> tuple[Header, tuple[str, ...]]:
    """The header, and remarks on what could not be used; the command names its SOP class and instance.

    Raises:
        Fault: UNPROCESSABLE, when its UIDs are not there, are none, or are not those of the command.
    """
    values, remarks = whole.values, []
    uids = {tag: _uid(values, tag) for tag in (_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES)}
    if uids[_SOP_CLASS] != sop_class or uids[_SOP_INSTANCE] != sop_instance:
        raise _mismatch("SOP Class UID and SOP Instance UID must be those of the command")
    if any(_LEADING_ZERO.search(each) for each in uids.values()):
        remarks.append("a UID has a component with a leading zero")
    text = Text(values)
    found: dict[str, Any] = {name: text.of(tag) for name, tag in _TEXTS.items()}
    found["accession_issuer"] = text.of(_ACCESSION_ISSUER) or found["accession_issuer"]
    found["patient_id_issuer"] = found["patient_id_issuer"] or text.of(_ID_ISSUER)
    if text.undecodable:
        remarks.append("text cannot be decoded by its character set")
    if found["patient_id"] is not None and not _usable_id(found["patient_id"]):
        found["patient_id"] = None
    if found["patient_id"] is None:
        remarks.append("there is no usable Patient ID")
    found |= {name: _code(values, tag) for name, tag in _CODES.items()}
    found |= {name: _number(values, tag) for name, tag in _NUMBERS.items()}
    found |= {name: _short(values, tag) for name, tag in _SHORTS.items()}
    found["laterality"] = _code(values, _IMAGE_LATERALITY) or found["laterality"]
    return Header(
        sop_class=uids[_SOP_CLASS],
        sop_instance=uids[_SOP_INSTANCE],
        study=uids[_STUDY],
        series=uids[_SERIES],
        lossy=_code(values, _LOSSY) == "01",
        character_set=_code(values, _CHARSET),
        own=is_device(*(_code(values, tag) or "" for tag in (_DEVICE, _MODEL, _VERSION, _DIGEST))),
        **found,
    ), tuple(remarks)


def is_uid(text: str) -> bool:
    """PS3.5 9.1, but for leading zeros, which are about."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def _mismatch(text: str) -> Exception:
    return fault(Category.UNPROCESSABLE, "invariant", text)


def _uid(values: Mapping[int, bytes], tag: int) -> str:
    uid = _code(values, tag) or ""
    if not is_uid(uid):
        raise _mismatch("the UIDs of class, instance, study and series must be there and be UIDs")
    return uid


def _code(values: Mapping[int, bytes], tag: int) -> str | None:
    """A value in the default repertoire, without its padding; None when it is empty or is not."""
    value = values.get(tag, b"").strip(b"\0 ")
    return value.decode("ascii") if value and value.isascii() else None


def _number(values: Mapping[int, bytes], tag: int) -> int | None:
    text = _code(values, tag) or ""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,12}", text) else None


def _short(values: Mapping[int, bytes], tag: int) -> int | None:
    value = values.get(tag, b"")
    return int.from_bytes(value, "little") if len(value) == 2 else None


def _usable_id(text: str) -> bool:
    return len(text) <= _LONGEST_ID and not _CONTROL.search(text)


class Text:
    """Text in the character sets that the object names (PS3.3 C.12.1.1.2)."""

    def __init__(self, values: Mapping[int, bytes]) -> None:
        self._values = values
        terms = [each.strip() for each in (_code(values, _CHARSET) or "").split("\\")]
        # What is not known, and what is said of none (PS3.5 6.1.2.1): high bytes mean nothing then.
        known = [python_encoding.get(each, "") if any(terms) else "" for each in terms]
        self._encodings = known if all(known) else ["ascii"]
        self.undecodable = False

    def of(self, tag: int) -> str | None:
        value = self._values.get(tag, b"").strip(b"\0 ")
        if not value:
            return None
        try:
            return self._decode(value).strip() or None
        except UnicodeDecodeError:
            self.undecodable = True
            return None

    def _decode(self, value: bytes) -> str:
        if b"\x1b" not in value and (value.isascii() or len(self._encodings) == 1):
            return value.decode("ascii" if value.isascii() else self._encodings[0])
        text = decode_bytes(value, self._encodings, {0x5C, 0x3D, 0x5E})
        if "\ufffd" in text or "\x1b" in text:
            raise UnicodeDecodeError("dicom", value, 0, len(value), "not in its character set")
        return text

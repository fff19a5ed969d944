"""ED and RP (HL7 v2.8 sections 2A.3.17, 2A.3.65) as Attachment."""

from __future__ import annotations

import base64
import binascii
import re

from server.hl7v2.mapping.convert.text import clean
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.message import Repetition

_SUBTYPES = {
    "PDF": "application/pdf", "JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff",
    "GIF": "image/gif", "HTML": "text/html", "XML": "application/xml", "RTF": "application/rtf",
    "DICOM": "application/dicom", "BASIC": "audio/basic", "SGML": "text/sgml", "PLAIN": "text/plain",
    "OCTET-STREAM": "application/octet-stream",
}  # fmt: skip
_TYPES = ("APPLICATION", "AUDIO", "IMAGE", "TEXT", "VIDEO", "MODEL", "MULTIPART")
_NAME = r"[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]{0,126}"
_MIME = re.compile(f"{_NAME}/{_NAME}", re.ASCII)
"""RFC 6838 section 4.2."""
LARGEST = 4 * 1024 * 1024
"""Characters of Base64; what the FHIR door takes in one Attachment (docs/fhir-door.md)."""
_URL = re.compile(r"(https?|ftp|urn|wadors?):\S+", re.ASCII | re.IGNORECASE)


def content_type(type_: str, subtype: str) -> str | None:
    """Tables 0191 and 0291; a subtype that is a media type itself is one."""
    if _MIME.fullmatch(subtype):
        return subtype.lower()
    if subtype.upper() in _SUBTYPES:
        return _SUBTYPES[subtype.upper()]
    joined = f"{type_}/{subtype}".lower()
    return joined if type_.upper() in _TYPES and _MIME.fullmatch(joined) else None


def embedded(value: Repetition, making: Making, where: str) -> Json | None:
    """ED: Base64, hexadecimal or as it stands (table 0299)."""
    data = _data(clean(value.text(4)).upper(), value.text(5))
    if data is None:
        making.note("attachment cannot be read, left out", where)
        return None
    if len(data) > LARGEST:
        making.note("attachment is larger than a resource may hold, kept in the message only", where)
        return None
    media = content_type(clean(value.text(2)), clean(value.text(3)))
    return {"contentType": media or "application/octet-stream", "data": data}


def _data(encoding: str, text: str) -> str | None:
    if not text.strip():
        return None
    try:
        if encoding == "HEX":
            return base64.b64encode(bytes.fromhex(text)).decode("ascii")
        if encoding == "BASE64":
            packed = "".join(text.split())
            base64.b64decode(packed, validate=True)
            return packed
    except (ValueError, binascii.Error):
        return None
    return base64.b64encode(text.encode()).decode("ascii") if encoding in ("A", "") else None


def pointer(value: Repetition, making: Making, where: str) -> Json | None:
    """RP: a place, where the first component is one that FHIR can hold."""
    place = clean(value.text(1))
    if not _URL.fullmatch(place):
        if place:
            making.note("pointer is no URL, left out", where)
        return None
    media = content_type(clean(value.text(3)), clean(value.text(4)))
    return {"url": place, **({"contentType": media} if media else {})}


def plain(text: str) -> Json:
    return {
        "contentType": "text/plain; charset=utf-8",
        "data": base64.b64encode(text.encode()).decode("ascii"),
    }

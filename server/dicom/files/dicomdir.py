"""Which files a DICOMDIR names (PS3.3 annex F, PS3.10 section 8).

A name is looked up among those that are there, and never becomes a path.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.dicom.files.found import Name
from server.dicom.limits import MIB
from server.dicom.part10 import Head
from server.dicom.upper.negotiation import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from server.dicom.whole import items
from server.errors import Category, fault

MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
LARGEST = 64 * MIB
_RECORDS, _IN_USE, _FILE = 0x00041220, 0x00041410, 0x00041500


def referenced(data: bytes, head: Head) -> list[Name]:
    """The File IDs of all records that are in use, in their order; parts of a name may be anything.

    Raises:
        Fault: INCORRECT, UNSUPPORTED, when it cannot be read.
    """
    if head.syntax not in (EXPLICIT_LITTLE, IMPLICIT_LITTLE):
        text = "a DICOMDIR is read in Explicit VR Little Endian (PS3.10 8.6); import its folder instead"
        raise fault(Category.UNSUPPORTED, "not-supported", text)
    records = items(data, head.data, head.syntax, _RECORDS, frozenset((_IN_USE, _FILE)))
    return [name for each in records if each.get(_IN_USE) != b"\0\0" and (name := _name(each))]


def _name(record: Mapping[int, bytes]) -> Name:
    """Records of patients, studies and series have none."""
    text = record.get(_FILE, b"").decode("latin-1").strip(" \0")
    return tuple(part.strip(" ") for part in text.split("\\")) if text else ()


class Shelf:
    """The names that are there. Some systems write the names of a disc in small letters."""

    def __init__(self, names: Mapping[Name, object]) -> None:
        self._names = names
        self._folded: dict[Name, Name | None] = {}
        for each in names:
            folded = _folded(each)
            self._folded[folded] = None if folded in self._folded else each

    def find(self, folder: Name, named: Name) -> Name | None:
        """What ``named``, seen from ``folder``, is; None when it is not there, or when it could be two."""
        whole = (*folder, *named)
        return whole if whole in self._names else self._folded.get(_folded(whole))


def _folded(name: Name) -> Name:
    return tuple(each.casefold() for each in name)


def leads_out(named: Name) -> bool:
    """Whether it is more than names of folders and of a file below the DICOMDIR (PS3.10 8.2)."""
    return any(part in ("", ".", "..") or any(each in part for each in "/:\0") for part in named)

"""The files within a ZIP. What it says of itself is believed only as far as it is bounded here."""

from __future__ import annotations

import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import SEEK_END
from struct import error as struct_error
from struct import unpack_from
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from server.dicom.files.found import Found, Name, Opened
from server.dicom.limits import MIB
from server.errors import Category, Fault, fault

MOST_ENTRIES = 100_000
_TIMES, _FREE = 100, 64 * MIB
"""How many times its size an archive may unpack to, and what it may unpack to whatever its size."""
_LONGEST_DIRECTORY = 64 * MIB
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535
_LOCATOR, _LOCATOR_SIZE, _END64, _END64_SIZE = b"PK\x06\x07", 20, b"PK\x06\x06", 56
_ENTRY, _ENTRY_SIZE = b"PK\x01\x02", 46
_ENCRYPTED: Final = 0x1
_BROKEN = (BadZipFile, EOFError, NotImplementedError, RuntimeError, OverflowError, ValueError, struct_error)
"""What the library raises for archives that are none."""
_DAMAGED = "its entry in the ZIP is damaged"


def is_zip(data: bytes) -> bool:
    """``data``: the first bytes of a file."""
    return data.startswith(_MAGIC)


class Archive:
    """An archive that is open."""

    def __init__(self, file: IO[bytes], size: int, shown: str) -> None:
        """Raises Fault(INCORRECT, TOO_LARGE); OSError."""
        _demand_bounded(file, size)
        try:
            self._zip = ZipFile(file)
        except _BROKEN as error:
            raise _no("the ZIP is damaged: its directory cannot be read") from error
        self._shown = shown
        self._left = max(_FREE, _TIMES * size)

    def files(self) -> list[Found]:
        """But for its folders; each says why when it is not to be opened."""
        return [
            Found(_name(each), f"{self._shown}!{each.filename}", partial(self._open, each))
            for each in self._zip.infolist()
            if not each.is_dir()
        ]

    @contextmanager
    def _open(self, entry: ZipInfo) -> Iterator[Opened]:
        _demand_usual(entry)
        try:
            unpacked = self._zip.open(entry)
        except _BROKEN as error:
            raise _no(_DAMAGED) from error
        with unpacked:
            yield Opened(_Unpacked(unpacked, self._spend), entry.file_size, lambda: True)

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            text = f"the ZIP unpacks to more than {_TIMES} times its size, or than 64 MiB if it is small"
            raise fault(Category.TOO_LARGE, "too-costly", text)


class _Unpacked:
    """What is read of one entry, as far as the archive's bounds let it."""

    def __init__(self, entry: IO[bytes], spend: Callable[[int], None]) -> None:
        self._entry, self._spend = entry, spend

    def read(self, size: int) -> bytes:
        try:
            piece = self._entry.read(size)
        except (*_BROKEN, zlib.error) as error:
            raise _no(_DAMAGED) from error
        self._spend(len(piece))
        return piece


def _name(entry: ZipInfo) -> Name:
    """Names are only ever compared; none becomes a path of ours."""
    return tuple(entry.filename.replace("\\", "/").split("/"))


def _demand_usual(entry: ZipInfo) -> None:
    parts = entry.filename.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or parts[0][1:2] == ":":
        raise _no("its name in the ZIP leads out of it; pack it anew with names below one folder")
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise _no("it is no regular file, but a link or a device")
    if entry.flag_bits & _ENCRYPTED:
        raise _no("it is encrypted; unpack it, and import the folder")
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise _no("it is packed by a method other than deflate; unpack it, and import the folder")


def _demand_bounded(file: IO[bytes], size: int) -> None:
    """The library would build an object for each entry, however many there are; so they are counted first."""
    file.seek(max(0, size - _LONGEST_COMMENT - _END_SIZE - _LOCATOR_SIZE - _END64_SIZE))
    tail = _read(file, size)
    at = len(tail) - _END_SIZE
    if at < 0 or tail[at : at + 4] != _END or tail[-2:] != b"\0\0":
        at = tail.rfind(_END)
    if at < 0 or at + _END_SIZE > len(tail):
        raise _no("the ZIP is cut short: its end is not there")
    length = unpack_from("<I", tail, at + 12)[0]
    before = at
    locator = at - _LOCATOR_SIZE
    if locator >= _END64_SIZE and tail[locator : locator + 4] == _LOCATOR:
        before = locator - _END64_SIZE
        if tail[before : before + 4] == _END64:
            length = unpack_from("<Q", tail, before + 40)[0]
    if length > _LONGEST_DIRECTORY:
        raise _too_many()
    file.seek(max(0, size - len(tail) + before - length))
    if file.read(length).count(_ENTRY) > MOST_ENTRIES:
        raise _too_many()
    file.seek(0, SEEK_END)


def _read(file: IO[bytes], size: int) -> bytes:
    return file.read(min(size, _LONGEST_COMMENT + _END_SIZE + _LOCATOR_SIZE + _END64_SIZE))


def _too_many() -> Fault:
    text = f"the ZIP holds more than {MOST_ENTRIES} files; unpack it, and import the folder"
    return fault(Category.TOO_LARGE, "too-costly", text)


def _no(text: str) -> Fault:
    return fault(Category.INCORRECT, "structure", text)

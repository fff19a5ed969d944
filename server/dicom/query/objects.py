"""What a retrieval sends: which objects, from where, and what has become of each so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from struct import unpack
from typing import BinaryIO

from server.dicom.dimse.command import COMPLETED, FAILED, REMAINING, WARNING
from server.dicom.query.desk import Desk
from server.errors import Category, fault
from server.image_search import Level, Meets, Wanted
from server.images import ImageObject

_PAGE = 500
_META = 140
"""Where the length of the file meta information stands (PS3.10 7.1)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One object, without what it says."""

    sop_class: str
    sop_instance: str
    syntax: str
    file: str
    """SHA-256 of its Part 10 file."""
    size: int


def chosen(desk: Desk, meeting: Sequence[Meets]) -> tuple[list[Piece], tuple[str, ...]]:
    """The objects that meet all, in the order in which they came, and of which studies they are.

    Raises:
        Fault: TOO_LARGE when there are more than one retrieval sends.
    """
    pieces: list[Piece] = []
    studies: dict[str, None] = {}
    while True:
        wanted = Wanted(Level.INSTANCE, tuple(meeting), _PAGE, len(pieces))
        found = [each.first for each in desk.search.find(wanted)]
        pieces += map(_piece, found)
        studies |= dict.fromkeys(each.named.study for each in found)
        if len(pieces) > desk.most_objects:
            text = f"more than {desk.most_objects} objects; ask for less"
            raise fault(Category.TOO_LARGE, "too-costly", text)
        if len(found) < _PAGE:
            return pieces, tuple(studies)


def _piece(image: ImageObject) -> Piece:
    return Piece(image.sop_class, image.sop_instance, image.transfer_syntax, image.file, image.size)


class Content:
    """The data set of one object, read as it is sent."""

    def __init__(self, piece: Piece, opened: Callable[[str], BinaryIO]) -> None:
        """Raises OSError."""
        self.piece = piece
        self._file = opened(piece.file)
        self._file.seek(_META)
        start = _META + 4 + unpack("<I", self._file.read(4))[0]
        self._file.seek(start)
        self._left = piece.size - start
        self.fresh = True
        """Nothing of it has been read."""

    def read(self, most: int) -> tuple[bytes, bool]:
        """Some of it, and whether it is the last. Raises OSError when the file is shorter than it was."""
        data = self._file.read(min(most, self._left))
        self.fresh = False
        self._left -= len(data)
        if not data and self._left:
            raise OSError("a file of the vault is cut short")
        return data, not self._left

    def close(self) -> None:
        self._file.close()


@dataclass(slots=True)
class Tally:
    """Of sub-operations (PS3.4 C.4.2.1.6 to C.4.2.1.9)."""

    remaining: int = 0
    completed: int = 0
    failed: list[str] = field(default_factory=list)
    """SOP Instance UIDs."""
    warned: int = 0

    def count(self, piece: Piece, status: int | None) -> None:
        """``status``: of the C-STORE response; None when it could not be sent."""
        self.remaining -= 1
        if status == 0:
            self.completed += 1
        elif status is not None and status >> 12 == 0xB:
            self.warned += 1
        else:
            self.failed.append(piece.sop_instance)

    def counters(self, *, ended: bool) -> Mapping[int, int]:
        counted = {COMPLETED: self.completed, FAILED: len(self.failed), WARNING: self.warned}
        return counted if ended else counted | {REMAINING: self.remaining}

"""A file that may hold an object, and what became of it.

Names of files may be names of people: they are for whoever imports, not for a log.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Protocol

Name = tuple[str, ...]
"""From the root of where it was found, part by part."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """The next bytes, none after the last. Raises OSError; Fault, when it is not to be read further."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is open, to be read once from its beginning."""

    file: Readable
    size: int
    unchanged: Callable[[], bool]
    """Whether it is still what it was when it was opened."""
    anywhere: IO[bytes] | None = None
    """The same, to be read at any place; None within a ZIP."""


@dataclass(frozen=True, slots=True)
class Found:
    name: Name
    shown: str
    """As a person would write it."""
    open: Callable[[], AbstractContextManager[Opened]]
    """Raises OSError; Fault, when it is not to be opened."""


class Became(StrEnum):
    NEW = "new"
    HERE = "already here"
    BESIDE = "same UID, other bytes"
    OWN = "written by this server"
    REFUSED = "refused"
    MISSING = "missing"
    """A DICOMDIR names it, and it is not there."""
    NOT_DICOM = "not DICOM"
    UNREFERENCED = "not referenced"
    """It lies beside a DICOMDIR that does not name it."""
    DIRECTORY = "directory"
    """A DICOMDIR: no object, and nothing is lost with it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    shown: str
    became: Became
    why: str = ""
    """What is wrong with it; quotes nothing of the file."""

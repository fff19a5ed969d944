"""The files below a folder.

Symbolic links are told of and not followed: so there is no loop and no way out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from io import FileIO
from pathlib import Path

from server.dicom.files.found import Found, Name, Opened
from server.errors import Category, Fault, fault

_LINK = "it is a symbolic link, and links are not followed; import what it leads to"
_DEVICE = "it is no regular file, but a device, a pipe or a socket"
_CHANGED = "it was exchanged while it was looked at; import it again"


def files_below(root: Path) -> Iterator[Found]:
    """In the order of their names. What cannot be looked at is among them, and says why when it is opened."""
    left: list[tuple[Name, str]] = [((), str(root))]
    while left:
        name, path = left.pop()
        try:
            with os.scandir(path) as entries:
                inside = sorted(entries, key=lambda each: each.name)
        except OSError as error:
            yield Found(name, path, partial(_refuse, f"the folder cannot be read ({error.strerror})"))
            continue
        left += [((*name, each.name), each.path) for each in reversed(inside) if _is_folder(each)]
        yield from (_found((*name, each.name), each) for each in inside if not _is_folder(each))


def file_at(path: Path) -> Found:
    """One that a person has named; when it is a link, that is what they mean."""
    return Found((path.name,), str(path), partial(_open, os.path.realpath(path)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _found(name: Name, entry: os.DirEntry[str]) -> Found:
    if entry.is_symlink():
        return Found(name, entry.path, partial(_refuse, _LINK))
    if not entry.is_file(follow_symlinks=False):
        return Found(name, entry.path, partial(_refuse, _DEVICE))
    return Found(name, entry.path, partial(_open, entry.path))


def _refuse(why: str) -> AbstractContextManager[Opened]:
    raise fault(Category.INCORRECT, "structure", why)


@contextmanager
def _open(path: str) -> Iterator[Opened]:
    """Looked at once it is open: it may be another thing now than when the folder was read."""
    # Without O_NONBLOCK, opening a pipe would wait for somebody who writes into it.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with FileIO(handle) as file:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise _exchanged()
        yield Opened(file, before.st_size, lambda: _stamp(os.fstat(handle)) == _stamp(before), file)


def _stamp(seen: os.stat_result) -> tuple[int, int]:
    return seen.st_size, seen.st_mtime_ns


def _exchanged() -> Fault:
    return fault(Category.INCORRECT, "structure", _CHANGED)

"""A disk whose power can be cut: ext4 on a loop device, shut down without flushing anything.

FS_IOC_SHUTDOWN with NOLOGFLUSH stops the file system where it stands: what was not flushed by
then is gone, as after a power failure (reliability of receiving, the power-cut campaign). It shows
which flush calls were made, and in which order, not that a given disk obeys them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Self

from tests.flow.processes import until

_SHUTDOWN = 0x8004587D
_NOLOGFLUSH = 2
_SIZE = 256 * 1024 * 1024


class NotPossible(Exception):
    """This machine cannot have such a disk, and why."""


class Disk:
    """Mounted on entry; on exit nothing of it is left."""

    def __init__(self, folder: Path) -> None:
        self._image = folder / "disk.img"
        self.mount_point = folder / "disk"

    def __enter__(self) -> Self:
        """Raises NotPossible."""
        if os.geteuid() != 0:
            raise NotPossible("mounting needs root")
        for tool in ("mkfs.ext4", "mount", "umount"):
            if shutil.which(tool) is None:
                raise NotPossible(f"there is no {tool} here")
        self.mount_point.mkdir()
        with self._image.open("wb") as file:
            file.truncate(_SIZE)
        _tool("mkfs.ext4", "-q", "-F", str(self._image))
        self._mount()
        return self

    def __exit__(self, *_: object) -> None:
        if os.path.ismount(self.mount_point):
            _tool("umount", "--lazy", str(self.mount_point))
        self._image.unlink()

    def cut(self) -> None:
        """The power fails now: every later read or write on it is an error."""
        handle = os.open(self.mount_point, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(handle, _SHUTDOWN, struct.pack("I", _NOLOGFLUSH))
        except OSError as error:
            raise NotPossible(f"the file system cannot be shut down: {error.strerror}") from error
        finally:
            os.close(handle)

    def power_on(self) -> None:
        """Mount again what was on the disk; all who used it must have ended."""
        until(self._unmounted, 20.0, "nobody uses the dead disk any more")
        self._mount()

    def _unmounted(self) -> bool:
        done = subprocess.run(["umount", str(self.mount_point)], capture_output=True, check=False)
        return done.returncode == 0

    def _mount(self) -> None:
        _tool("mount", "-o", "loop", str(self._image), str(self.mount_point))


def _tool(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotPossible(f"{words[0]}: {done.stderr.strip() or 'failed'}")

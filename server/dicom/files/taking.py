"""One file into the Holding, by the way of a C-STORE: whole and durable, or as if it had never been."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from server.dicom.files.found import Found, Opened
from server.dicom.limits import MIB
from server.dicom.part10 import Head, demand_taken
from server.errors import Category, Fault, fault
from server.objects import Held, Holding, ObjectArrival, Outcome, Receiving, demand_held, receiving

SOURCE = "import"


class Stopped(Exception):
    """No more is taken; what was under way is as if it had never begun."""


@dataclass(frozen=True, slots=True)
class Taking:
    holding: Holding
    most: int
    """Bytes of one object."""
    clock: Callable[[], datetime]
    stopped: Callable[[], bool]

    def take(self, opened: Opened, head: Head, beginning: bytes) -> Held:
        """``beginning``: what was read of it already.

        Raises:
            Fault: it is not to be held; with a category that is ours, nothing is at present.
            OSError: the disk does not take it.
            Stopped: somebody has asked for it.
        """
        demand_taken(head, opened.size - head.data, self.most)
        if not self.holding.has_room():
            raise fault(Category.UNAVAILABLE, "no-store", "there is no room for objects on this disk")
        with receiving(self.holding, self._arrival(head)) as coming:
            became = self._carried(coming, opened, beginning[head.data :])
        return demand_held(became)

    def demand_going_on(self) -> None:
        if self.stopped():
            raise Stopped

    def _carried(self, coming: Receiving, opened: Opened, data: bytes) -> Outcome:
        left = self.most
        while data:
            self.demand_going_on()
            left -= len(data)
            if left < 0:
                text = f"it is larger than the {self.most} bytes that one object may have"
                raise fault(Category.TOO_LARGE, "too-long", text)
            coming.write(data)
            data = read(opened, MIB)
        if not opened.unchanged():
            text = "it changed while it was read; import it again when nobody writes it any more"
            raise fault(Category.INCORRECT, "conflict", text)
        return coming.finish()

    def _arrival(self, head: Head) -> ObjectArrival:
        return ObjectArrival(
            calling_ae="",
            called_ae="",
            peer="",
            sop_class=head.sop_class,
            sop_instance=head.sop_instance,
            syntax=head.syntax,
            received_at=self.clock(),
            source=SOURCE,
        )


@contextmanager
def opening(found: Found) -> Iterator[Opened]:
    """Raises Fault: also for what cannot be read, which is no fault of the disk that objects are kept on."""
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(found.open())
        except OSError as error:
            raise unread(error) from error
        yield opened


def read(opened: Opened, size: int) -> bytes:
    """Raises Fault."""
    try:
        return opened.file.read(size)
    except OSError as error:
        raise unread(error) from error


def unread(error: OSError) -> Fault:
    """What is read is somebody's disc: that it fails says nothing of ours."""
    return fault(Category.INCORRECT, "not-found", f"it cannot be read ({error.strerror})")

"""A DICOM door over a store, with what others have sent, and pynetdicom as the peer that asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.association import Association

from server.accesses import Access
from server.dicom.limits import Limits
from server.dicom.peers import Peers
from server.dicom.query.operations import Answering
from server.doors import put_together
from server.line import Line, PlainLine
from server.settings import Settings
from server.store.accesses import Accesses
from server.store.database import Database, prepare_folder
from server.wiring import accesses
from tests.dicom import wire
from tests.dicom.door import Door
from tests.dicom.encoded import elements, encode, even
from tests.schema import migrated

STUDY_FIND, PATIENT_FIND = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.1.1"


def film(study: int, series: int = 1, instance: int = 1, **changed: str) -> bytes:
    """A CT image of a study of its own; ``changed`` by tag, t00100020="PAT-2"."""
    listed = elements(uid(study, series, instance).encode())
    listed[0x0020000D] = (0x0020000D, b"UI", wire.uid(uid(study).encode()))
    listed[0x0020000E] = (0x0020000E, b"UI", wire.uid(uid(study, series).encode()))
    listed[0x00200013] = (0x00200013, b"IS", even(str(instance).encode()))
    for name, value in changed.items():
        tag = int(name[1:], 16)
        listed[tag] = (tag, listed[tag][1], even(value.encode("latin-1")))
    return encode(dict(sorted(listed.items())))


def uid(*numbers: int) -> str:
    return ".".join(["1.2.826.0.1.3680043.8.498.77", *map(str, numbers)])


@dataclass
class Ward:
    """The door with its store."""

    door: Door
    database: Database
    laid_down: Accesses
    operations: Answering

    def sent(self, *objects: bytes) -> None:
        with self.door.associated() as speaker:
            for each in objects:
                at = each.index(b"\x08\0\x18\0UI") + 8
                instance = each[at : at + int.from_bytes(each[at - 2 : at], "little")].rstrip(b"\0")
                assert speaker.store(each, command=wire.store(instance=instance))[0] == 0

    @contextmanager
    def associated(
        self,
        *contexts: str,
        calling: str = "VIEWER",
        storage: Sequence[tuple[str, str]] = (),
        **more: Any,
    ) -> Iterator[Association]:
        """``storage``: SOP classes in which objects may be sent back, each with its transfer syntax."""
        entity = AE(calling)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
        for each in contexts or (STUDY_FIND, PATIENT_FIND):
            entity.add_requested_context(each)
        for abstract, transfer in storage:
            entity.add_requested_context(abstract, transfer)
        made = entity.associate("127.0.0.1", self.door.port, ae_title="SECOND_READER", **more)
        assert made.is_established
        try:
            yield made
        finally:
            if made.is_established:
                made.release()

    def find(self, model: str = STUDY_FIND, **keys: Any) -> tuple[list[Dataset], list[int]]:
        """What matches, and each status."""
        with self.associated(model) as peer:
            answers = [(status, found) for status, found in peer.send_c_find(dataset(**keys), model)]
        return [found for _, found in answers if found is not None], [int(s.Status) for s, _ in answers]


def dataset(**keys: Any) -> Dataset:
    made = Dataset()
    for keyword, value in keys.items():
        setattr(made, keyword, value)
    return made


@contextmanager
def ward(
    folder: Path,
    peers: Peers | None = None,
    limits: Limits | None = None,
    line: Callable[[socket], Line] = PlainLine,
) -> Iterator[Ward]:
    settings = Settings(data=folder)
    prepare_folder(folder)
    database = Database(migrated(settings.database))
    laid_down = accesses(settings, database)
    holding, operations = put_together(settings, database, laid_down)
    assert isinstance(operations, Answering)
    try:
        with Door(folder, limits, peers, holding, operations, line=line) as door:
            yield Ward(door, database, laid_down, operations)
    finally:
        laid_down.close()
        database.close()


def told(found: Sequence[Dataset], keyword: str) -> list[Any]:
    return [each.get(keyword) for each in found]


def laid(ward: Ward) -> list[Access]:
    """What auditors will be told."""
    marks = ward.laid_down.marks()
    return [each.access for each in ward.laid_down.waiting(marks, 1000)]

"""What archives get of an opinion on images: objects written once, taken back when it is withdrawn."""
# ruff: noqa: PLC0415 - what writes DICOM objects takes a second to import, and few cases need it

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset

from server.case import Ai
from server.dicom.unreadable import UNREADABLE
from server.images import ImageObject
from server.model import Document, PacsDestination, PacsKind, Withdrawal
from server.steps.casefile import CaseFile
from server.steps.wording import words

if TYPE_CHECKING:
    from server.dicom.pens.opinion import FilmOpinion, Instance, Written

DICOM = "application/dicom"
OBJECTS = (PacsKind.MAP.value, PacsKind.SR.value, PacsKind.CAPTURE.value)
"""Kinds of documents that are parts of an opinion."""


@dataclass(frozen=True, slots=True)
class Objects:
    """What was written for the archives."""

    documents: tuple[Document, ...] = ()
    report: str | None = None
    """SOP Instance UID of the structured report."""
    map: str | None = None


def opinion_objects(file: CaseFile) -> Objects:
    """The opinion for each archive that serves the case's EHR; nothing where it was not read from images."""
    archives = _archives(file)
    if not archives or file.card.film is None or file.case.position.ai is Ai.NOT_ASKED:
        return Objects()
    content = _content(file)
    opinion = _opinion(file, _header(content))
    if opinion is None:
        return Objects()
    grey = _grey(file, content) if any(PacsKind.CAPTURE in each.accepts for each in archives) else None
    written = {archive.name: _written(opinion, grey, archive) for archive in archives}
    uids = {kind: each.instance.sop_instance for parts in written.values() for kind, each in parts}
    documents = (
        Document(str(uuid.uuid4()), kind.value, name, DICOM, each.content)
        for name, parts in written.items()
        for kind, each in parts
    )
    return Objects(tuple(documents), uids.get(PacsKind.SR), uids.get(PacsKind.MAP))


def rejections(file: CaseFile, said: Withdrawal, gone: Collection[str]) -> list[Document]:
    """A rejection note to each archive that got objects of the opinion and takes such notes (IHE IOCM).

    ``gone``: ids of documents that no archive has got, nor will.
    """
    written = (each for kind in OBJECTS for each in file.tools.files.documents(file.case.id, kind))
    sent = [each for each in written if each.id not in gone]
    if not sent or (header := _header(_content(file))) is None:
        return []
    from server.dicom.pens.rejection import write_rejection

    notes = []
    takes = {each.name for each in file.tools.archives if PacsKind.KEY_OBJECTS in each.accepts}
    for archive in sorted(takes & {each.destination for each in sent}):
        objects = [_instance(each) for each in sent if each.destination == archive]
        note = write_rejection(objects, header, said, file.tools.operator.name)
        kind = PacsKind.KEY_OBJECTS.value
        notes.append(Document(str(uuid.uuid4()), kind, archive, DICOM, note.content))
    return notes


def _archives(file: CaseFile) -> list[PacsDestination]:
    """One that accepts nothing is there to be asked only."""
    return [each for each in file.tools.archives if each.accepts and file.case.destination in each.serves]


def _written(
    opinion: FilmOpinion, grey: NDArray[np.uint8] | None, archive: PacsDestination
) -> list[tuple[PacsKind, Written]]:
    """In the order in which they are to be sent; what an archive does not take is not written for it."""
    from server.dicom.pens.write_up import Choice, write_up

    capture = grey is not None and PacsKind.CAPTURE in archive.accepts
    choice = Choice(map=PacsKind.MAP in archive.accepts, capture=capture)
    kinds = [*([PacsKind.MAP] if choice.map and opinion.shown is not None else []), PacsKind.SR]
    kinds += [PacsKind.CAPTURE] if choice.capture else []
    found = zip(kinds, write_up(opinion, choice, grey), strict=True)
    return [(kind, each) for kind, each in found if kind in archive.accepts]


def _opinion(file: CaseFile, header: Dataset | None) -> FilmOpinion | None:
    if header is None:
        return None
    from server.dicom.pens.opinion import FilmOpinion
    from server.reader.film.attribution import attribution

    read, card = file.ai_read, file.read_card
    shown = None
    if read.film is not None:
        cells, given = np.array(read.film.cells), card.calibration
        shown = attribution(cells, given["slope"], given["intercept"], read.film.rows, read.film.columns)
    return FilmOpinion(
        read=read,
        card=card,
        words=words(file),
        film=header,
        looked_at=tuple(_named(each) for each in _films(file)),
        operator=file.tools.operator.name,
        attribution=shown,
    )


def _films(file: CaseFile) -> Sequence[ImageObject]:
    """Those that the reader was shown, as they were laid down."""
    return file.needed("films", tuple[ImageObject, ...])


def _film(file: CaseFile) -> ImageObject | None:
    """The one that was read; of a decline the first that was shown."""
    films, look = _films(file), file.ai_read.film
    read = [each for each in films if look is not None and each.sop_instance == look.instance]
    return next(iter((*read, *films)), None)


def _content(file: CaseFile) -> bytes | None:
    film = _film(file)
    return None if film is None else file.tools.content(film.file)


def _header(content: bytes | None) -> Dataset | None:
    """Also of a film whose pixels cannot be read."""
    if content is None:
        return None
    try:
        return dcmread(BytesIO(content), stop_before_pixels=True)
    except UNREADABLE:
        return None


def _grey(file: CaseFile, content: bytes | None) -> NDArray[np.uint8] | None:
    """The film that was read, for a picture; the reader's own process has decoded it without harm before."""
    contract = file.read_card.film
    if content is None or contract is None or file.ai_read.film is None:
        return None
    from server.reader.film.pixels import Film
    from server.reader.film.pixels import film as decoded

    try:
        found = decoded(dcmread(BytesIO(content)), contract)
    except UNREADABLE:
        return None
    return np.rint(found.values * 255).astype(np.uint8) if isinstance(found, Film) else None


def _named(image: ImageObject) -> Instance:
    from server.dicom.pens.opinion import Instance

    return Instance(image.sop_class, image.sop_instance, image.series, image.named.study)


def _instance(document: Document) -> Instance:
    from server.dicom.pens.opinion import Instance

    return Instance.of(dcmread(BytesIO(document.content), stop_before_pixels=True))

"""Which objects that come are our own: those that a document of a case about their study is.

Documents are stored before they are sent, so whatever comes back was here first.
"""

from __future__ import annotations

from dataclasses import replace
from struct import pack

from sqlalchemy import Connection, LargeBinary, bindparam, func, or_, select

from server.images import OWN, ImageObject, by_accession, by_study
from server.store.image_tables import awaited
from server.store.prepared import Prepared
from server.store.tables import document

_MINTED = "2.25."
"""How all UIDs begin that are computed here; most that come do not, and cost nothing."""
_HEAD = 512
"""Bytes of a file, in which the first elements of its meta information lie (PS3.10 section 7.1)."""
_WRITTEN = Prepared(
    select(func.substr(document.c.content, 1, _HEAD, type_=LargeBinary()))
    .select_from(document.join(awaited, awaited.c.case_id == document.c.case_id))
    .where(
        or_(awaited.c.name == bindparam("by_study"), awaited.c.name == bindparam("by_accession")),
        document.c.media_type == "application/dicom",
    )
)


def marked(connection: Connection, came: ImageObject) -> ImageObject:
    """The same, with a ``source`` that says so where we wrote it."""
    if came.source.startswith(OWN) or not came.sop_instance.startswith(_MINTED):
        return came
    named = came.named
    heads = _WRITTEN.run(
        connection, by_study=by_study(named.study), by_accession=by_accession(named.accession)
    )
    ours = any(_named(came.sop_instance) in bytes(head) for (head,) in heads)
    return replace(came, source=OWN + came.source) if ours else came


def _named(sop_instance: str) -> bytes:
    """Media Storage SOP Instance UID (0002,0003) as it stands in a file's meta information."""
    value = sop_instance.encode()
    value += b"\0" * (len(value) % 2)
    return pack("<HH2sH", 2, 3, b"UI", len(value)) + value

"""The record of DICOM objects (``server.images.Images``): what came, beside what, and who waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite has the same words for what it adds

from server.case import State
from server.images import OWN, ImageObject, Named, Study, by_accession, by_study
from server.objects import Held
from server.store.cases import stirring
from server.store.columns import Instant
from server.store.database import Database
from server.store.image_index import index, whole_number
from server.store.image_tables import awaited, contradiction, image, study
from server.store.own_objects import marked
from server.store.prepared import Prepared

OTHER_BYTES = "a SOP Instance UID came twice with different bytes"
OTHER_PATIENT = "its objects name different patients"
OTHER_ORDER = "its objects carry different accession numbers"

_KEEP_STUDY = Prepared(
    upsert(study)
    .values({each.name: bindparam(each.name) for each in study.c})
    .on_conflict_do_nothing(index_elements=[study.c.uid])
)
_STUDY = Prepared(
    select(study.c.patient_id, study.c.issuer, study.c.accession, study.c.accession_issuer).where(
        study.c.uid == bindparam("uid")
    )
)
_TOUCH = Prepared(
    update(study).where(study.c.uid == bindparam("of")).values(changed_at=bindparam("at", type_=Instant()))
)
_SAME_UID = Prepared(select(image.c.digest, image.c.study).where(image.c.sop_instance == bindparam("sop")))
_KEEP = Prepared(
    upsert(image)
    .values({each.name: bindparam(each.name) for each in image.c if each.name != "key"})
    .on_conflict_do_nothing(index_elements=[image.c.sop_instance, image.c.digest])
    .returning(image.c.key)
)
_CONTRADICT = Prepared(
    upsert(contradiction)
    .values({each.name: bindparam(each.name) for each in contradiction.c})
    .on_conflict_do_nothing(index_elements=[contradiction.c.study, contradiction.c.text])
)
_WAITING = select(awaited.c.case_id).where(
    or_(awaited.c.name == bindparam("by_study"), awaited.c.name == bindparam("by_accession"))
)
_STIR = stirring(
    lambda case: (
        or_(case.due_at.is_not(None), case.state == State.CLOSED.value),
        case.id.in_(_WAITING),
    )
)
"""A closed case has no due date; it notes what comes too late."""


class ImageStore:
    """``server.images.Images``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, came: ImageObject) -> Held:
        return self._database.write(lambda connection: hold(connection, came))

    def study(self, uid: str) -> Study | None:
        return self._database.read(lambda connection: _study(connection, uid))

    def studies_of(self, accession: str) -> tuple[str, ...]:
        query = (
            select(study.c.uid).where(study.c.accession == accession).order_by(study.c.first_at, study.c.uid)
        )
        return self._database.read(lambda connection: tuple(connection.execute(query).scalars()))


def hold(connection: Connection, came: ImageObject) -> Held:
    """Within a transaction. Nothing that was here changes; a repeat adds nothing and wakes nobody.

    Nor does what we wrote ourselves: an archive may give it to anybody, and make of it what it likes.
    """
    came = marked(connection, came)
    named, at, own = came.named, came.received_at, came.source.startswith(OWN)
    known: dict[str, str] = dict(_SAME_UID.run(connection, sop=came.sop_instance))
    if came.digest in known:
        return Held.ALREADY
    _KEEP_STUDY.run(
        connection,
        uid=named.study,
        patient_id=named.patient_id,
        issuer=named.issuer,
        accession=named.accession,
        accession_issuer=named.accession_issuer,
        first_at=at,
        changed_at=at,
    )
    kept = _KEEP.run(connection, **_row(came)).fetchone()
    if kept is None:  # another writer was faster with the same
        return Held.ALREADY
    if own:
        return Held.OWN
    index(connection, came, kept[0])
    _TOUCH.run(connection, of=named.study, at=at)
    for text in _other_names(connection, came):
        _CONTRADICT.run(connection, study=named.study, text=text, at=at)
    doubted = {named.study, *known.values()} if known else set()
    for each in sorted(doubted):
        _CONTRADICT.run(connection, study=each, text=OTHER_BYTES, at=at)
    for each in sorted(doubted | {named.study}):
        _STIR.run(connection, by_study=by_study(each), by_accession=by_accession(named.accession), at=at)
    return Held.BESIDE if known else Held.STORED


def wait_for(connection: Connection, case_id: str, names: tuple[str, ...]) -> None:
    """From the end of this transaction, what comes under these names is news for the case."""
    for name in names:
        values = {"name": name, "case_id": case_id}
        connection.execute(upsert(awaited).values(values).on_conflict_do_nothing())


def _row(came: ImageObject) -> dict[str, Any]:
    return {
        "sop_instance": came.sop_instance,
        "digest": came.digest,
        "study": came.named.study,
        "series": came.series,
        "sop_class": came.sop_class,
        "transfer_syntax": came.transfer_syntax,
        "file": came.file,
        "size": came.size,
        "received_at": came.received_at,
        "source": came.source,
        "header": msgspec.json.encode(came.header | _names(came.named)),
        "number": whole_number(came.header.get("InstanceNumber", "")),
    }


def _names(named: Named) -> dict[str, str]:
    """What this object said itself, kept with it: the study's row holds what the first one said."""
    return {f"named.{name}": value for name, value in asdict(named).items() if name != "study"}


def _other_names(connection: Connection, came: ImageObject) -> Iterator[str]:
    patient_id, issuer, accession, accession_issuer = _STUDY.run(connection, uid=came.named.study).fetchone()
    if (patient_id, issuer) != (came.named.patient_id, came.named.issuer):
        yield OTHER_PATIENT
    if (accession, accession_issuer) != (came.named.accession, came.named.accession_issuer):
        yield OTHER_ORDER


def _study(connection: Connection, uid: str) -> Study | None:
    row = connection.execute(select(study).where(study.c.uid == uid)).one_or_none()
    if row is None:
        return None
    rows = select(image).where(image.c.study == uid).order_by(image.c.key)
    held = [as_object(each) for each in connection.execute(rows)]
    found = tuple(each for each in held if not each.source.startswith(OWN))
    if not found:
        return None
    why = connection.execute(
        select(contradiction.c.text).where(contradiction.c.study == uid).order_by(contradiction.c.at)
    )
    return Study(
        named=Named(uid, row.patient_id, row.issuer, row.accession, row.accession_issuer),
        first_at=row.first_at,
        changed_at=row.changed_at,
        objects=found,
        own=len({each.sop_instance for each in held} - {each.sop_instance for each in found}),
        contradictions=tuple(why.scalars()),
    )


def as_object(row: Row[Any]) -> ImageObject:
    header: dict[str, str] = msgspec.json.decode(bytes(row.header))
    said = {
        name: header.pop(f"named.{name}")
        for name in ("patient_id", "issuer", "accession", "accession_issuer")
    }
    return ImageObject(
        sop_instance=row.sop_instance,
        sop_class=row.sop_class,
        series=row.series,
        transfer_syntax=row.transfer_syntax,
        named=Named(row.study, **said),
        digest=row.digest,
        file=row.file,
        size=row.size,
        received_at=row.received_at,
        source=row.source,
        header=header,
    )

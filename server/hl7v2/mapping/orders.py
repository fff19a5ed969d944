"""ORC, OBR and what goes with them: the order (HL7 v2.8 sections 4.5.1, 4.5.3; IHE RAD TF-2 for ZDS)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from server.hl7v2.mapping import own
from server.hl7v2.mapping.concepts.orders import CONTROL, STATUS
from server.hl7v2.mapping.convert import people, times
from server.hl7v2.mapping.convert.identifiers import (
    accession_system,
    authority,
    identifier,
    known_system,
    pairs,
)
from server.hl7v2.mapping.convert.text import clean, token
from server.hl7v2.mapping.drafts import Draft, Identifiers, Json
from server.hl7v2.mapping.layout import Ordered
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import fill
from server.hl7v2.mapping.tables.order import DG1, IPC, OBR, ORC, OWNED, TQ1
from server.hl7v2.message import Repetition, Segment

OURSELVES = "SECONDREAD"
"""Our own application, as our messages name it unless something else is agreed (docs/hl7v2.md, Results)."""
DICOM_UID = "urn:dicom:uid"
_IMAGING = {"coding": [{"system": "http://snomed.info/sct", "code": "363679005", "display": "Imaging"}]}
_UID = re.compile(r"(?=.{1,64}\Z)[0-2](\.(0|[1-9]\d*))+", re.ASCII)
_REFLEX = {"G": "reflex-order"}


@dataclass(frozen=True, slots=True)
class Numbers:
    """How an order and its result are known."""

    placer: Identifiers
    filler: Identifiers
    accessions: Identifiers
    studies: tuple[str, ...]
    shared: Identifiers = ()
    """Filler numbers that other orders of the message have, too."""

    @property
    def identity(self) -> Identifiers:
        return self.placer + tuple(each for each in self.filler if each not in self.shared)

    @property
    def root(self) -> Identifiers:
        """By which its report is known: the filler's number, else the placer's."""
        return self.filler or self.placer


def numbers(ordered: Ordered, studies: Iterable[Segment], making: Making) -> Numbers:
    """``studies``: the ZDS that count for it."""
    found = _filled(ordered, making)
    placer, filler = _agreed(of_kind(found, "PLAC")), _agreed(of_kind(found, "FILL"))
    if _told_from_here(ordered, making):
        making.doubt("a result that was told from here has come back", "OBR-3")
    if len(placer) > 1 or len(filler) > 1:
        making.doubt("ORC and OBR name different orders", "OBR-2")
    return Numbers(placer, filler, tuple(dict.fromkeys(_accessions(ordered, making))),
                   tuple(dict.fromkeys(_studies(ordered, studies, making))))  # fmt: skip


def _agreed(names: Identifiers) -> Identifiers:
    """ORC and OBR say the same number, one of them without its authority: it is one number."""
    first: dict[str, tuple[str, str]] = {}
    for system, value in names:
        known = first.get(value)
        if known is None or known[0].startswith(own.LINKS):
            first[value] = (system, value)
    return tuple(first.values())


def _told_from_here(ordered: Ordered, making: Making) -> bool:
    """Under a filler's number of ours: an engine sends our own results round."""
    ours = {OURSELVES, making.link.receiver.application} - {""}
    segments = (each for each in (ordered.orc, ordered.obr) if each is not None)
    return any(each.text(3, at) in ours for each in segments for at in (2, 3))


def told_apart(known: list[Numbers], making: Making) -> list[Numbers]:
    """A filler's number under several placers' numbers is the number of none of them."""
    placers = defaultdict[tuple[str, str], set[Identifiers]](set)
    for each in known:
        for filler in each.filler:
            placers[filler].add(each.placer)
    shared = tuple(filler for filler, several in placers.items() if len(several - {()}) > 1)
    if shared:
        making.note("filler number of several orders, not used", "OBR-3")
    return [replace(each, shared=shared) for each in known]


def order(
    name: str, ordered: Ordered, known: Numbers, subject: Json, making: Making, *, speaks: bool
) -> Draft:
    """``speaks``: the message orders; a result only names its order."""
    found = _filled(ordered, making)
    found["identifier"] = _identifiers(found, known)
    resource: Json = {"resourceType": "ServiceRequest", **found, **_fixed(ordered, known), "subject": subject}
    resource["status"] = _status(ordered, making, speaks=speaks)
    if not resource["identifier"]:
        del resource["identifier"]
    if speaks and (remarks := notes(ordered.notes, making)):
        resource["note"] = [*resource.get("note", []), *remarks]
    if "orderDetail" in resource and "code" not in resource:
        making.note("details without a code, left out", "OBR-4")  # R4 ServiceRequest, prr-1
        del resource["orderDetail"]
    _at_home(resource, ordered, making)
    said = STATUS.get(_text(ordered.orc, 5))
    return Draft(
        name, "ServiceRequest", resource, known.identity, (), OWNED if speaks else ("status",) * bool(said)
    )


def notes(segments: Iterable[Segment], making: Making) -> list[Json]:
    """NTE, each segment one remark."""
    found = []
    for nte in segments:
        said = "\n".join(clean(each.text()) for each in nte.repetitions(3)).strip()
        who, when = (
            people.practitioner(nte.first(5), making, "NTE-5"),
            times.date_time(nte.first(6), making, "NTE-6"),
        )
        beside = {"authorReference": who, "time": when}
        if said:
            found.append({**{key: each for key, each in beside.items() if each}, "text": said})
    return found


def question(ordered: Ordered, making: Making) -> str | None:
    """By any of the codes in OBR-4."""
    said = ordered.obr.first(4) if ordered.obr is not None else Repetition(())
    sent = {(token(said.text(at)), clean(said.text(at + 2))) for at in (1, 4, 10) if said.text(at)}
    for each in making.link.asks:
        if any((code.code, code.system) in sent for code in each.codes):
            return each.question
    return None


def of_kind(resource: Json, type_: str) -> Identifiers:
    """Its identifiers of that type (table 0203)."""
    return pairs(each for each in resource.get("identifier", []) if _kind(each) == type_)


def _filled(ordered: Ordered, making: Making) -> Json:
    """ORC before OBR: where both say something, the order's own segment counts."""
    found: Json = {}
    tables = ((ORC, [ordered.orc]), (OBR, [ordered.obr]), (TQ1, ordered.timings), (IPC, ordered.procedures),
              (DG1, ordered.diagnoses))  # fmt: skip
    for table, segments in tables:
        for segment in segments:
            for key, value in ({} if segment is None else fill(table, segment, making)).items():
                if isinstance(value, list):
                    known = found.setdefault(key, [])
                    known.extend(each for each in value if each not in known)
                else:
                    found.setdefault(key, value)
    return found


def _fixed(ordered: Ordered, known: Numbers) -> Json:
    action = _text(ordered.obr, 11)
    categories = {"category": [_IMAGING]} if known.studies and not _text(ordered.obr, 24) else {}
    return {"intent": _REFLEX.get(action, "order"), **categories}


def _status(ordered: Ordered, making: Making, *, speaks: bool) -> str:
    """ORC-5, else what ORC-1 comes to. Of an order that only its result names: done, if the result is."""
    if (said := STATUS.get(_text(ordered.orc, 5))) is not None:
        return said
    control = _text(ordered.orc, 1)
    if speaks:
        if control and CONTROL.get(control) is None:
            making.note("order control without a status", "ORC-1")
        return CONTROL.get(control) or "active"
    return "completed" if _text(ordered.obr, 25) in ("F", "C") else "active"


def _identifiers(found: Json, known: Numbers) -> list[Json]:
    numbered = [
        each
        for each in found.get("identifier", [])
        if (each.get("system"), each["value"]) not in known.shared
    ]
    accessions = [identifier(system, value, "ACSN") for system, value in known.accessions]
    studies = [identifier(DICOM_UID, f"urn:oid:{uid}") for uid in known.studies]
    return [*numbered, *accessions, *studies]


def _accessions(ordered: Ordered, making: Making) -> Iterator[tuple[str, str]]:
    """IPC-1; OBR-18 (IHE RAD TF-2: the placer's field 1 holds it)."""
    for ipc in ordered.procedures:
        if value := clean(ipc.text(1)):
            yield known_system(authority(ipc.first(1), 2), making) or accession_system(making), value
    if value := clean(_text(ordered.obr, 18)):
        yield accession_system(making), value


def _studies(ordered: Ordered, studies: Iterable[Segment], making: Making) -> Iterator[str]:
    named = [(zds.first(1), "ZDS-1") for zds in studies] + [
        (ipc.first(3), "IPC-3") for ipc in ordered.procedures
    ]
    for value, where in named:
        uid = clean(value.text())
        if _UID.fullmatch(uid):
            yield uid
        elif uid:
            making.note("no study UID, left out", where)


def _at_home(resource: Json, ordered: Ordered, making: Making) -> None:
    """ORC-21, the facility that orders, is where the requester acts."""
    if ordered.orc is None or "requester" not in resource:
        return
    home = people.organization(ordered.orc.first(21), making, "ORC-21")
    resource["requester"] = people.role(resource["requester"], home, making)


def _kind(found: Json) -> str:
    return str(found.get("type", {}).get("coding", [{}])[0].get("code", ""))


def _text(segment: Segment | None, field: int) -> str:
    return "" if segment is None else token(segment.text(field))

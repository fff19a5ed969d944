"""PID and MRG: who it is about, and which numbers are one person (HL7 v2.8 sections 3.4.2, 3.4.10)."""

from __future__ import annotations

from collections import defaultdict

from server.hl7v2.mapping.convert.identifiers import extended, pairs
from server.hl7v2.mapping.convert.text import clean
from server.hl7v2.mapping.drafts import REFERENCE, Draft, Identifiers, Json, Kind, Merge
from server.hl7v2.mapping.layout import Person
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import fill
from server.hl7v2.mapping.tables.patient import OWNED, PID, ours
from server.hl7v2.message import Segment

NOT_A_PERSON = frozenset({"AN", "VN", "SS", "SB", "DL", "PPN", "MA", "MC", "NIIP", "BC", "ANON"})
"""Types of number (table 0203) that do not tell by themselves who somebody is here: accounts, visits,
insurance, papers; relatives share them, and they are typed wrong."""
SECONDARY = "secondary"
_CLEARED = {
    5: ("name",), 7: ("birthDate", "_birthDate"), 8: ("gender",), 9: ("name",), 11: ("address",),
    13: ("telecom",), 14: ("telecom",), 15: ("communication",), 16: ("maritalStatus",),
    24: ("multipleBirth[x]",), 25: ("multipleBirth[x]",), 29: ("deceased[x]",), 30: ("deceased[x]",),
    40: ("telecom",),
}  # fmt: skip
_CHANGES = frozenset({"A46", "A47", "A48", "A49"})


def patient(person: Person, name: str, making: Making, *, speaks: bool) -> str | None:
    """Its draft's name. ``speaks``: the message is about the patient (ADT), and changes what is stored."""
    if person.pid is None:
        return None
    resource: Json = {"resourceType": "Patient", **fill(PID, person.pid, making)}
    numbers = _numbers(person.pid, 3, making)
    known = pairs(each for each in numbers if _type(each) not in NOT_A_PERSON)
    _doubted(person.pid, numbers, known, making)
    resource["identifier"] = _distinct(resource.get("identifier", []), set(known))
    if not resource["identifier"]:
        del resource["identifier"]
    cleared = _cleared(person.pid, resource, making) if speaks else ()
    made = making.add(Draft(name, "Patient", resource, known, cleared, OWNED if speaks else ()))
    return str(made["reference"]).removeprefix(REFERENCE)


def merges(person: Person, name: str, event: str, making: Making) -> tuple[Merge, ...]:
    """MRG-1 into PID-3; each MRG dies into the PID before it."""
    survivor = making.draft(name).identifiers
    found = []
    for mrg in person.merged:
        numbers = _numbers(mrg, 1, making)
        loser = pairs(each for each in numbers if _type(each) not in NOT_A_PERSON)
        if not loser:
            making.doubt("no prior patient id with an authority", "MRG-1")
            continue
        if set(loser) & set(survivor):
            making.doubt("a patient is merged into itself", "MRG-1")
        kind = Kind.CHANGE_ID if event in _CHANGES else Kind.MERGE
        found.append(Merge(survivor, loser, kind, name))
    return tuple(found)


def _numbers(segment: Segment, field: int, making: Making) -> list[Json]:
    convert, place = extended(ours), f"{segment.name}-{field}"
    found = (convert(each, making, place) for each in segment.repetitions(field))
    return [each for each in found if each is not None]


def _type(identifier: Json) -> str:
    return str(identifier.get("type", {}).get("coding", [{}])[0].get("code", ""))


def _doubted(pid: Segment, numbers: list[Json], known: Identifiers, making: Making) -> None:
    """H-062 to H-064."""
    bare = [each for each in pid.repetitions(3) if clean(each.text()) and each.part(4).empty]
    if not numbers:
        making.doubt("no patient id", "PID-3")
    elif bare and not known:
        making.doubt("patient id without an assigning authority", "PID-3")
    elif not known:
        making.doubt("no patient id that tells who it is", "PID-3")
    values = defaultdict[tuple[str, str], set[str]](set)
    for each in numbers:
        if each.get("system") and _type(each) in ("MR", "PI", ""):
            values[each["system"], _type(each)].add(each["value"])
    if any(len(several) > 1 for several in values.values()):
        making.doubt("several patient ids of one authority", "PID-3")


def _distinct(identifiers: list[Json], known: set[tuple[str, str]]) -> list[Json]:
    """The first of those that say the same number; PID-2 and PID-4 often repeat PID-3.

    What does not identify says so (R4 identifier-use), so that nobody is found by it.
    """
    seen = set[tuple[str, str]]()
    found = []
    for each in identifiers:
        pair = (each.get("system", ""), each["value"])
        if pair not in seen:
            seen.add(pair)
            found.append(each if pair in known else {"use": SECONDARY, **each})
    return found


def _cleared(pid: Segment, resource: Json, making: Making) -> tuple[str, ...]:
    """``""`` deletes what the link says that it may; an element with a new value has that."""
    found = dict[str, None]()
    for field in range(1, len(pid.fields) + 1):
        if not pid.is_null(field):
            continue
        if field in _CLEARED and f"PID-{field}" in making.link.null_deletes:
            found |= dict.fromkeys(each for each in _CLEARED[field] if each.partition("[")[0] not in resource)
        else:
            making.note("null not acted upon", f"PID-{field}")
    return tuple(found)

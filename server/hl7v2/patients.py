"""Whom a message is about, by identifiers with their authorities: what must be applied in order."""

from __future__ import annotations

from collections.abc import Iterator

from server.hl7v2.link import Link
from server.hl7v2.message import Message, Repetition, Segment
from server.hl7v2.refusal import Code, Place, Refusal, rejected
from server.messages import lane_of

_MOST = 200
"""Each is a row of its own while the message waits."""
_Key = tuple[str, str, str]


def check(message: Message) -> None:
    """Raises:
    Refusal: two numbers of one authority for one patient, or a merge of a patient into itself.
    """
    if sum(1 for _ in _values(message)) > _MOST:
        raise Refusal(
            Code.APPLICATION,
            "too-many-identifiers",
            f"at most {_MOST} identifiers of patients are taken in one message",
            Place("PID", 1, 3),
        )
    for group in _pairs(message):
        pid = next((each for each in group if each.name == "PID"), None)
        mrg = next((each for each in group if each.name == "MRG"), None)
        if pid is not None:
            _one_each(pid)
        if pid is not None and mrg is not None and _keys(mrg, 1) <= _keys(pid, 3):
            raise rejected(
                Code.DUPLICATE_KEY,
                "merge-into-itself",
                "MRG-1 must name another identifier than PID-3",
                Place("MRG", mrg.sequence, 1),
            )


def lanes(message: Message, link: Link) -> tuple[str, ...]:
    """One for each identifier that the message has for its patients, dying ones too.

    Messages with one in common are applied in the order in which they came.
    """
    found = set[str]()
    for each in _values(message):
        found |= {lane_of(system, each.text()) for system in _systems(each, link)}
    return tuple(sorted(found))


def _values(message: Message) -> Iterator[Repetition]:
    for each in message.content.walk():
        field = {"PID": 3, "MRG": 1}.get(each.name)
        yield from (value for value in each.repetitions(field) if value.text()) if field else ()


def _systems(value: Repetition, link: Link) -> set[str]:
    """Of an authority that is not known here each of its names: another message may have but one of them."""
    namespace, universal = value.text(4, 1), value.text(4, 2)
    known = link.system_of(namespace, universal) if namespace or universal else link.patient_system
    return {known} if known else {namespace, universal} - {""} or {""}


def _pairs(message: Message) -> Iterator[list[Segment]]:
    """A PID with what follows it up to the next."""
    group: list[Segment] = []
    for each in message.content.walk():
        if each.name == "PID" and group:
            yield group
            group = []
        group.append(each)
    yield group


def _keys(segment: Segment, field: int) -> set[_Key]:
    return {_key(each) for each in segment.repetitions(field) if each.text()}


def _key(value: Repetition) -> _Key:
    """CX.1 with its authority (CX.4: by universal id where there is one)."""
    universal = value.text(4, 2)
    return value.text(), universal or value.text(4, 1), "id" if universal else "name"


def _one_each(pid: Segment) -> None:
    """By authority and type of identifier (CX.5); without an authority nothing can be said."""
    seen: dict[tuple[str, str, str], str] = {}
    for number, each in enumerate(pid.repetitions(3), start=1):
        value, authority, how = _key(each)
        if not value or not authority:
            continue
        if seen.setdefault((authority, how, each.text(5)), value) != value:
            raise Refusal(
                Code.DUPLICATE_KEY,
                "two-identifiers",
                "PID-3 has two identifiers of one type and assigning authority; a patient has one",
                Place("PID", pid.sequence, 3, number),
            )

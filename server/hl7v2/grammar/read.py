"""Segments into a ``Message``: its kind and version, its groups, its fields."""

from __future__ import annotations

from dataclasses import replace

from server.hl7v2.grammar import events, own, profile
from server.hl7v2.grammar.check import check
from server.hl7v2.grammar.mend import mended
from server.hl7v2.grammar.structure import Shape, shape
from server.hl7v2.grammar.walk import Walked, walk
from server.hl7v2.message import Message, Segment
from server.hl7v2.refusal import Code, Place, Refusal, rejected


def read(segments: tuple[Segment, ...], notes: tuple[str, ...], strict: bool) -> Message:
    """``notes``: what was overlooked before.

    Raises:
        Refusal: it is no message that we take, or it breaks its profile.
    """
    header = segments[0]
    version = known_version(header)
    code, event = header.text(9, 1), header.text(9, 2)
    structure = known_structure(code, event)
    tables = events.NEAREST.get(version, version)
    found = [*notes, *_named(header, structure, version)]
    between = header.text(2)[0] + header.text(2)[3]
    pairs = [mended(each, tables, between) for each in segments]
    segments = tuple(each for each, _ in pairs)
    found += [note for _, said in pairs for note in said]
    walked = walk(
        segments,
        _once(shape(structure, tables), structure),
        profile.OWN_SEGMENTS,
    )
    found += [*walked.notes, *_missing(walked, structure)]
    own.check(walked)
    for each in segments:
        found += check(each, structure, tables)
    if strict and found:
        raise Refusal(
            Code.APPLICATION, "strict", f"this link is strict, and the message has: {', '.join(found[:10])}"
        )
    return Message(
        code, event, structure, version, header, walked.content, walked.extra, tuple(dict.fromkeys(found))
    )


def known_version(header: Segment) -> str:
    """MSH-12.1."""
    version = header.text(12)
    if version not in events.KNOWN:
        raise rejected(
            Code.VERSION,
            "version",
            f"MSH-12 must be one of: {', '.join(events.KNOWN)}",
            Place("MSH", field=12),
        )
    return version


def known_structure(code: str, event: str) -> str:
    """By MSH-9.1 and MSH-9.2; what MSH-9.3 says comes from them."""
    place = Place("MSH", field=9)
    taken = f"taken are: {', '.join(events.TAKEN)}"
    if not code:
        raise rejected(Code.REQUIRED, "message-type", f"MSH-9 must be valued; {taken}", place)
    if code not in events.CODES:
        raise rejected(Code.MESSAGE_TYPE, "message-type", f"this message type is not taken; {taken}", place)
    found = events.STRUCTURES.get((code, event))
    if found is None:
        raise rejected(Code.EVENT, "event", f"this trigger event is not taken; {taken}", place)
    return found


def _named(header: Segment, structure: str, version: str) -> list[str]:
    """MSH-9.3 came with 2.3.1 (section 2.14.9.9)."""
    said = header.text(9, 3)
    if said == structure or (not said and version == "2.3"):
        return []
    return ["message-structure MSH-9"]


def _once(found: Shape, structure: str) -> Shape:
    once = profile.ONCE.get(structure, set())
    parts = tuple(replace(each, most=1) if each.name in once else each for each in found.parts)
    return replace(found, parts=parts) if once else found


def _missing(walked: Walked, structure: str) -> list[str]:
    needed = profile.NEEDED_SEGMENTS[structure]
    have = {each.name for each in walked.content.walk()}
    for name in needed:
        if name not in have:
            raise _without(name, structure)
    for each in walked.missing:
        if each.segment in needed:
            raise _without(each.segment, structure)
    return [f"segment-missing {each.segment}" for each in walked.missing]


def _without(name: str, structure: str) -> Refusal:
    return Refusal(Code.SEQUENCE, "segment-missing", f"{structure} must have the segment {name}", Place(name))

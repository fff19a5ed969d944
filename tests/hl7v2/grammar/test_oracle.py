"""hl7apy's own parser and validator find fault with the same messages as our reader.

Its validator counts segments, fields and components; of their order and of what values say it knows nothing,
and it has no profile of ours. So the comparison is: does it say anything, do we say anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hl7apy.exceptions import HL7apyException, ValidationError
from hl7apy.parser import parse_message

from server.hl7v2 import reading
from server.hl7v2.refusal import Refusal
from tests.hl7v2.samples import MESSAGES, payload, taken
from tests.hl7v2.written import PID, link, observed, written

OBR = "OBR|1|P1^EHR|F1^LAB|24331-1^Lipids^LN|||20260105080000|||||||||||||||20260105090000||LAB|F"
ORC = "ORC|NW|P1^EHR"
IPC = "IPC|ACC1^RIS|RP1^RIS|1.2.3.4^RIS|SPS1^RIS|CR"
EVN = "EVN||20260105090000"
BASES = {
    "ORU^R01^ORU_R01": (PID, ORC.replace("NW", "RE"), OBR, observed(), "NTE|1||x", observed(number=2)),
    "ADT^A01^ADT_A01": (EVN, PID, "PV1|1|I", "OBX|1|ST|1^a^LN||x||||||F"),
    "ADT^A31^ADT_A05": (EVN, PID, "PV1|1|N"),
    "ADT^A40^ADT_A39": (EVN, PID, "MRG|MRN9^^^HOSP^MR"),
    "ADT^A34^ADT_A30": (EVN, PID, "MRG|MRN9^^^HOSP^MR"),
    "ORM^O01^ORM_O01": (PID, "PV1|1|I", ORC, OBR, "NTE|1||x"),
    "OML^O21^OML_O21": (PID, "PV1|1|I", ORC, OBR, "OBX|1|ST|1^a^LN||x||||||F"),
    "OMI^O23^OMI_O23": (PID, "PV1|1|I", ORC, OBR, IPC),
    "MDM^T02^MDM_T02": (EVN, PID, "PV1|1|I", "TXA|1|CN||||||||||D1^LAB|||||AU", "OBX|1|ST|1^a^LN||x||||||F"),
    "REF^I12^REF_I12": ("RF1|A", "PRD|RP^^HL70286|X^Y", PID, "DG1|1||I10^^I10||20260105|W"),
}
ABSENT = {"2.4": ("OMI",), "2.8": ("ORM", "ADT^A34")}
"""What hl7apy has no structure of; ours comes from the nearest version."""
TEXT = {
    "byte-order-mark", "line-feed", "no-segment-end", "message-structure", "data-type", "table-value",
    "comparator-in-number",
}  # fmt: skip
"""Of lines and of values; and it reads an event without MSH-9.3."""
NOT_SO = re.compile(r"(SUPPGRP|_CHOICE)\.|CONTAINER_2")
"""Where its tables or its validator are wrong: of a choice it wants every member, and in OML of 2.4 it reads
OBX after OBR into a container."""
OURS_ALONE = re.compile(
    r"(100 (PID|ORC|IPC|MRG|OBX)|10[13] (PID-3|OBX-2|OBX-3|OBX-11|ORC-1|ORC-2|OBR-4|MRG-1))"
)
"""What our profile needs, whether or not the version does."""


def ours(payload: bytes) -> str:
    """What we say about it: nothing, or the first thing."""
    try:
        notes = reading.message(payload, link()).notes
    except Refusal as refusal:
        place = re.sub(r"\[\d+]", "", str(refusal.place))
        return f"{refusal.code.value} {place}"
    return next((each for each in notes if each.partition(" ")[0] not in TEXT), "")


def theirs(payload: bytes, report: Path) -> str | None:
    """None: it cannot read it (an event without a structure of that name)."""
    text = payload.decode().removeprefix("\ufeff").replace("\r\n", "\r").replace("\n", "\r")
    try:
        parse_message(text).validate(report_file=str(report))
    except ValidationError:
        found = [each for each in report.read_text().splitlines() if each.startswith("Error")]
        return next((each for each in found if not NOT_SO.search(each)), "")
    except HL7apyException as error:
        return type(error).__name__
    except AttributeError:
        return None
    return ""


def variants() -> Iterator[tuple[str, bytes]]:
    for version in ("2.4", "2.5.1", "2.6", "2.8"):
        for kind, lines in BASES.items():
            if not kind.startswith(ABSENT.get(version, ("-",))):
                yield from _variants(kind, version, lines)


def _variants(kind: str, version: str, lines: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    yield f"{version} {kind[:7]} whole", written(*lines, kind=kind, version=version)
    for place, line in enumerate(lines if version in ("2.5.1", "2.8") else ()):
        name, parts = f"{version} {kind[:7]} {line[:3]}", line.split("|")
        yield f"{name} left out", _with(lines, place, None, kind, version)
        if version == "2.5.1" and kind[:7] in ("ORU^R01", "ADT^A40", "OMI^O23"):
            yield f"{name} with a field too many", _with(lines, place, line + "|" * 90 + "x", kind, version)
            for field in range(1, len(parts)):
                emptied = "|".join([*parts[:field], "", *parts[field + 1 :]])
                yield f"{name}-{field} emptied", _with(lines, place, emptied, kind, version)


def _with(lines: tuple[str, ...], place: int, line: str | None, kind: str, version: str) -> bytes:
    found = [*lines[:place], *([line] if line else []), *lines[place + 1 :]]
    return written(*found, kind=kind, version=version)


def test_the_same_messages_are_whole(tmp_path: Path) -> None:
    differing = []
    for name, message in dict(variants()).items():
        we, they = ours(message), theirs(message, tmp_path / "report")
        if bool(we) != bool(they) and not OURS_ALONE.fullmatch(we):
            differing.append(f"{name}: {we!r}, {they!r}")
    assert not differing, "\n".join(differing)


DIFFERENT = {
    "ADT01-23.hl7": "it does not look at the order of segments",
}


@MESSAGES
def test_the_same_samples_are_whole(tmp_path: Path) -> None:
    compared = 0
    for name, structure in taken():
        event = re.compile(rb"\|([A-Z]{3}\^[A-Z]\d\d)\^[A-Z]{3}_[A-Z]\d\d\|")
        message = event.sub(rb"|\g<1>^" + structure.encode() + b"|", payload(name), count=1)
        they = theirs(message, tmp_path / "report")
        compared += they is not None
        assert they is None or (bool(ours(message)) == bool(they)) is (name not in DIFFERENT), name
    assert compared > 20

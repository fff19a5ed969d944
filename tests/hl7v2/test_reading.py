"""Bytes of a link become a message."""

from __future__ import annotations

import pytest

from server.hl7v2 import reading
from server.hl7v2.grammar.events import KNOWN
from server.hl7v2.mapping.story import story
from server.hl7v2.message import Group, Segment
from tests.hl7v2.written import NOW, PID, link, observed, result, written


def names(group: Group) -> str:
    return " ".join(
        each.name if isinstance(each, Segment) else f"{each.name}({names(each)})" for each in group.parts
    )


@pytest.mark.parametrize("version", KNOWN)
def test_a_result_of_every_version_comes_in_the_same_groups(version: str) -> None:
    found = reading.message(result(observed(), observed(number=2), version=version), link())
    assert names(found.content) == (
        "MSH PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR OBSERVATION(OBX) OBSERVATION(OBX)))"
    )
    assert (found.code, found.event, found.structure, found.version) == ("ORU", "R01", "ORU_R01", version)
    assert found.content.groups("OBSERVATION")[1].parts[0].text(3) == "1002-1"  # type: ignore[union-attr]


ORDER = ("ORC|NW|P1^EHR", "OBR|1|P1^EHR||36643-5^Chest^LN")
ZDS = "ZDS|1.2.3^RIS^Application^DICOM"
IPC = "IPC|ACC1^RIS|RP1^RIS|1.2.3.4^RIS|SPS1^RIS|CR"
MERGE = "MRG|MRN9^^^HOSP^MR"
EVENT = "EVN|{A01}|20260105090000"


@pytest.mark.parametrize("version", KNOWN)
@pytest.mark.parametrize(
    ("kind", "lines", "groups"),
    [
        ("ADT^A01^ADT_A01", (EVENT, PID, "PV1|1|I"), "MSH EVN PID PV1"),
        ("ADT^A04^ADT_A01", (EVENT, PID, "PV1|1|O"), "MSH EVN PID PV1"),
        ("ADT^A08^ADT_A01", (EVENT, PID, "PV1|1|I"), "MSH EVN PID PV1"),
        ("ADT^A31^ADT_A05", (EVENT, PID, "PV1|1|N"), "MSH EVN PID PV1"),
        ("ADT^A40^ADT_A39", (EVENT, PID, MERGE), "MSH EVN PATIENT(PID MRG)"),
        ("ADT^A34^ADT_A30", (EVENT, PID, MERGE), "MSH EVN PID MRG"),
        ("ADT^A47^ADT_A30", (EVENT, PID, MERGE), "MSH EVN PID MRG"),
        ("ORM^O01^ORM_O01", (PID, *ORDER, ZDS), "MSH PATIENT(PID) ORDER(ORC ORDER_DETAIL(OBR))"),
        ("OMI^O23^OMI_O23", (PID, *ORDER, IPC), "MSH PATIENT(PID) ORDER(ORC OBR IPC)"),
    ],
)  # fmt: skip
def test_every_kind_of_every_version(version: str, kind: str, lines: tuple[str, ...], groups: str) -> None:
    code = kind[4:7] if version < "2.7" else ""
    kind = kind.rpartition("^")[0] if version == "2.3" else kind
    lines = tuple(line.replace("{A01}", code) for line in lines)
    found = reading.message(written(*lines, kind=kind, version=version), link())
    assert names(found.content) == groups
    assert [each.name for each in found.extra] == ["ZDS"] * (kind[:3] == "ORM")
    asked = {"field-missing ORC-7", "field-missing OBR-27"} if version == "2.3" else set()
    assert set(found.notes) <= asked, "2.3 required what later versions do not"


def test_a_text_keeps_separators_that_were_not_escaped() -> None:
    text = "BP 120^80 & \\T\\ stable~second^"
    found = reading.message(result(observed(text, "TX"), "NTE|1||a^b&c"), link())
    segments = {each.name: each for each in found.content.walk()}
    assert [each.text() for each in segments["OBX"].repetitions(5)] == ["BP 120^80 & & stable", "second"]
    assert segments["NTE"].text(3) == "a^b&c"
    assert {"separator-in-text OBX-5", "separator-in-text NTE-3"} <= set(found.notes)


def test_what_has_parts_keeps_them() -> None:
    found = reading.message(result(observed("1^Yes^L", "CWE"), observed("<^5", "SN")), link())
    assert [each.text(5, 2) for each in found.content.walk() if each.name == "OBX"] == ["Yes", "5"]
    assert not found.notes


def test_records_that_are_to_be_taken_apart_are_for_a_person() -> None:
    found = reading.message(written(EVENT, PID, PID.replace("123", "9"), kind="ADT^A37^ADT_A37"), link())
    assert story(found, link(), NOW).doubts[:1] == ("two records are to be taken apart PID-3",), "H-100"

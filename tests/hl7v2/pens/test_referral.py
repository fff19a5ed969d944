"""REF^I12 and OML^O21: what a specialist is told, and what not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.hl7v2.pens.referral import Standing, Turn, write_order, write_referral
from server.model import Urgency
from tests.hl7v2.foreign import fields, read
from tests.hl7v2.pens.nouns import ASKED, VERSIONS, in_version, letter


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("turn", list(Turn))
def test_hl7apy_reads_a_referral_and_finds_it_valid(version: str, turn: Turn) -> None:
    read(write_referral(in_version(version), replace(ASKED, turn=turn)))


@pytest.mark.parametrize("version", VERSIONS[2:])
@pytest.mark.parametrize("turn", list(Turn))
def test_hl7apy_reads_an_order_and_finds_it_valid(version: str, turn: Turn) -> None:
    read(write_order(in_version(version), replace(ASKED, turn=turn)))


def test_a_referral_to_the_letter() -> None:
    lines = write_referral(letter(), ASKED).decode("utf-8").split("\r")
    assert lines == [
        (
            "MSH|^~\\&|SECONDREAD|GATEWAY|EHR|HOSP|20260105090212+0000||REF^I12^REF_I12|SR00000042|P|2.5.1"
            "|||AL|NE||UNICODE UTF-8"
        ),
        (
            "RF1|P|A|LAB^Laboratory^HL70281|SO^Second opinion^HL70282||SR50^SECONDREAD|20260105090212+0000"
            "|20260105093212+0000|20260105090212+0000|S^Second opinion^HL70336"
        ),
        "PRD|RP^Referring provider^HL70286|Test operator",
        "PRD|RT^Referred to provider^HL70286|Quill^Ida^^^Dr.|||||D7^L",
        "PID|1||MRN123^^^HOSP&1.2.3&ISO^MR||Doe^Jane^Ann^^^^L||19700101|F",
        "OBR|1|SR51^SECONDREAD||11502-2^^LN^bacterial-meningitis^^99SR|||20260105090212+0000",
        "OBX|1|NM|26464-8^^LN|1|1200|/uL^^UCUM|||||F|||20260105090200+0000",
        "OBX|2|SN|2342-4^Glucose^LN|2|<^2.50|mg/dL^^UCUM|||||P|||20260105090200+0000",
        "OBX|3|ST|110180^Study Instance UID^DCM|3|1.2.3||||||F",
        "OBX|4|ST|110180^Study Instance UID^DCM|4|1.2.4||||||F",
        "NTE|1|L|Earlier study",
        "",
    ]


@pytest.mark.parametrize("pen", [write_referral, write_order])
def test_nothing_leads_to_the_first_report(pen: object) -> None:
    """Nor its order's number, nor either opinion."""
    written = pen(letter(), ASKED)  # type: ignore[operator]
    for told in (b"PLC77", b"95883001", b"Present", b"opinion-report", b"discordan"):
        assert told not in written


@pytest.mark.parametrize(
    ("turn", "standing", "event", "control"),
    [
        (Turn.OFFERED, Standing.PENDING, "I12", "NW"),
        (Turn.CHANGED, Standing.ACCEPTED, "I13", "XO"),
        (Turn.CANCELLED, Standing.EXPIRED, "I14", "CA"),
    ],
)
def test_each_turn_has_its_event(turn: Turn, standing: Standing, event: str, control: str) -> None:
    asked = replace(ASKED, turn=turn, standing=standing)
    referral, order = write_referral(letter(), asked), write_order(letter(), asked)
    assert fields(referral, "MSH")[0][8] == f"REF^{event}^REF_I12"
    assert fields(referral, "RF1")[0][1] == standing
    assert fields(order, "ORC")[0][1:3] == [control, "SR50^SECONDREAD"]


@pytest.mark.parametrize(
    ("urgency", "said"), [(Urgency.STAT, "S"), (Urgency.URGENT, "A"), (Urgency.ROUTINE, "R")]
)
def test_urgency(urgency: Urgency, said: str) -> None:
    asked = replace(ASKED, urgency=urgency)
    assert fields(write_referral(letter(), asked), "RF1")[0][2] == said
    assert fields(write_order(letter(), asked), "TQ1")[0][9] == said


def test_an_order_names_the_specialist_and_the_reason() -> None:
    [obr] = fields(write_order(letter(), ASKED), "OBR")
    assert (obr[2], obr[31], obr[32]) == ("SR50^SECONDREAD", "S^Second opinion^HL70336", "D7&Quill&Ida&&&Dr.")


def test_a_specialist_whom_the_directory_does_not_describe_is_named_as_shown() -> None:
    written = write_referral(letter(), replace(ASKED, practitioner={}))
    assert fields(written, "PRD")[1] == ["PRD", "RT^Referred to provider^HL70286", "Dr. Ida Quill"]

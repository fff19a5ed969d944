"""Every acknowledgement: its mode, its codes, its places, and what it does not say."""

from __future__ import annotations

import itertools

import pytest

from server.hl7v2 import acknowledge
from server.hl7v2.acknowledge import Stamp
from server.hl7v2.refusal import Code, Place, Refusal, rejected
from server.hl7v2.text.head import Head, read_head
from tests.hl7v2.written import NOW

STAMP = Stamp("m-1", NOW)
ERROR = Refusal(Code.REQUIRED, "required-field", "PID-3 must be valued", Place("PID", 1, 3))
REJECT = rejected(Code.EVENT, "event", "not taken", Place("MSH", field=9))
HEADLESS = rejected(Code.SEQUENCE, "no-msh", "a message must begin with the segment MSH")


def head(
    kind: str = "ORU^R01^ORU_R01", version: str = "2.5.1", accept: str = "", application: str = ""
) -> Head:
    text = rf"MSH|^~\&|RIS|HOSP|SR|GW|20260105||{kind}|CTL1|P|{version}|||{accept}|{application}"
    return read_head(text.encode() + b"\r")


def code(answer: bytes | None) -> str:
    """MSA-1."""
    return answer.decode().split("\rMSA|")[1][:2] if answer else ""


def expected(accept: str, application: str, good: str, bad: str) -> tuple[str, str, str, str]:
    return accept, application, good, bad


ASKED = [
    ("", "", "AA", "AE"),
    ("AL", "AL", "CA", "CE"), ("AL", "NE", "CA", "CE"), ("AL", "ER", "CA", "CE"), ("AL", "SU", "CA", "CE"),
    ("NE", "AL", "AA", "AE"), ("NE", "NE", "", ""), ("NE", "ER", "", "AE"), ("NE", "SU", "AA", ""),
    ("ER", "AL", "", "CE"), ("ER", "NE", "", "CE"), ("ER", "ER", "", "CE"), ("ER", "SU", "", "CE"),
    ("SU", "AL", "CA", ""), ("SU", "NE", "CA", ""), ("SU", "ER", "CA", ""), ("SU", "SU", "CA", ""),
    ("AL", "", "CA", "CE"), ("NE", "", "", ""), ("ER", "", "", "CE"), ("SU", "", "CA", ""),
    ("", "AL", "AA", "AE"), ("", "NE", "", ""), ("", "ER", "", "AE"), ("", "SU", "AA", ""),
]  # fmt: skip


@pytest.mark.parametrize(("accept", "application", "good", "bad"), ASKED)
def test_it_is_acknowledged_as_asked(accept: str, application: str, good: str, bad: str) -> None:
    asking = head(accept=accept, application=application)
    assert code(acknowledge.answer(asking, None, STAMP)) == good
    assert code(acknowledge.answer(asking, ERROR, STAMP)) == bad


def test_every_combination_is_in_the_table() -> None:
    wishes = ("", "AL", "NE", "ER", "SU")
    assert {row[:2] for row in ASKED} == set(itertools.product(wishes, wishes))


def test_application_acknowledgements_with_a_destination_do_not_go_back_on_the_connection() -> None:
    assert acknowledge.answer(head(accept="NE", application="AL"), None, STAMP, elsewhere=True) is None


@pytest.mark.parametrize(("refusal", "original", "enhanced"), [
    (ERROR, "AE", "CE"),
    (REJECT, "AR", "CR"),
    (rejected(Code.REQUIRED, "control-id", "x"), "AR", "CE"),
    (rejected(Code.PROCESSING_ID, "processing-id", "x"), "AR", "CR"),
    (rejected(Code.VERSION, "version", "x"), "AR", "CR"),
])  # fmt: skip
def test_a_commit_is_rejected_for_the_kind_purpose_and_version_alone(
    refusal: Refusal, original: str, enhanced: str
) -> None:
    assert code(acknowledge.answer(head(), refusal, STAMP)) == original
    assert code(acknowledge.answer(head(accept="AL", application="NE"), refusal, STAMP)) == enhanced


@pytest.mark.parametrize(("kind", "answer"), [
    ("ORU^R01^ORU_R01", "ACK^R01^ACK"),
    ("ADT^A40^ADT_A39", "ACK^A40^ACK"),
    ("MDM^T02^MDM_T02", "ACK^T02^ACK"),
    ("ORM^O01^ORM_O01", "ORR^O02^ORR_O02"),
    ("OML^O21^OML_O21", "ORL^O22^ORL_O22"),
    ("OMI^O23^OMI_O23", "ORI^O24^ORI_O24"),
    ("REF^I12^REF_I12", "ACK^I12^ACK"),
    ("ORU", "ACK"),
    ("ZZZ^<b>", "ACK"),
])  # fmt: skip
def test_each_kind_has_its_answer(kind: str, answer: str) -> None:
    found = acknowledge.answer(head(kind), None, STAMP)
    assert found
    assert found.decode().split("|")[8] == answer


def test_a_commit_acknowledgement_is_always_the_general_one() -> None:
    found = acknowledge.answer(head("ORM^O01^ORM_O01", accept="AL", application="AL"), None, STAMP)
    assert found
    assert found.decode().split("|")[8] == "ACK^O01^ACK"


def test_of_25_and_later_the_error_has_place_code_and_words() -> None:
    found = acknowledge.answer(head(), ERROR, STAMP)
    control = acknowledge.control_id("m-1")
    assert (
        found
        == (
            rf"MSH|^~\&|SR|GW|RIS|HOSP|20260105090000+0000||ACK^R01^ACK|{control}|P|2.5.1"
            "\r"
            "MSA|AE|CTL1\r"
            "ERR||PID^1^3|101^Required field missing^HL70357|E|required-field^^99SRM|||PID-3 must be valued\r"
        ).encode()
    )


def test_before_25_the_error_is_in_the_old_places() -> None:
    found = acknowledge.answer(head(version="2.3.1"), ERROR, STAMP)
    assert found
    assert found.decode().split("\r")[1:3] == [
        "MSA|AE|CTL1|PID-3 must be valued",
        "ERR|PID^1^3^101&Required field missing&HL70357",
    ]


def test_the_same_key_makes_the_same_bytes_and_another_another_control_id() -> None:
    again = acknowledge.answer(head(), None, Stamp("m-1", NOW))
    assert acknowledge.answer(head(), None, STAMP) == again
    assert len(acknowledge.control_id("m-1")) == 20
    assert acknowledge.control_id("m-1") != acknowledge.control_id("m-2")


def test_without_a_head_there_is_an_answer_all_the_same() -> None:
    found = acknowledge.answer(None, HEADLESS, STAMP)
    assert found
    assert code(found) == "AR"
    assert found.decode().split("\r")[2].startswith("ERR||MSH^1|100^")


def test_other_separators_and_bytes_come_back_as_ours() -> None:
    text = b"MSH#^~\\&#R|S#H\xd6SP&1&ISO#SR#GW#2026##ORU^R01#C|1^x#P^A#2.5######8859/1\r"
    found = acknowledge.answer(read_head(text), None, STAMP)
    assert found is not None
    fields = found.decode("latin-1").split("\r")[0].split("|")
    assert fields[4:6] == [r"R\F\S", "H\xd6SP&1&ISO"]
    assert (fields[10], fields[17]) == ("P", "8859/1")
    assert found.decode("latin-1").split("\r")[1] == r"MSA|AA|C\F\1"


def test_what_is_asked_for_later_is_a_message_of_its_own() -> None:
    asking = head("OMI^O23^OMI_O23", accept="AL", application="AL")
    assert acknowledge.wishes(asking).later
    found = acknowledge.application(asking, None, Stamp("m-1/application", NOW))
    assert found is not None
    fields = found.decode().split("\r")[0].split("|")
    assert (fields[8], fields[14:16]) == ("ORI^O24^ORI_O24", ["NE", "NE"])
    assert code(found) == "AA"
    assert acknowledge.application(head(accept="AL", application="ER"), None, STAMP) is None
    assert acknowledge.application(head(), None, STAMP) is None


def test_what_switches_the_character_set_goes_back_as_it_came() -> None:
    found = acknowledge.answer(
        read_head(rb"MSH|^~\&|A\M2442\AD|H|S|G|2026||ORU^R01|1|P|2.5" + b"\r"), None, STAMP
    )
    assert found
    assert found.split(b"|")[4] == rb"A\E\M2442\E\AD"

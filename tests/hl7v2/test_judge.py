"""What is said to each message before it is kept: bad input, each with its acknowledgement."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from server.hl7v2.judge import Arrived, Judgement, Refused, Silent, Taken, judge, too_long, torn
from server.hl7v2.link import Authority, Link, Named, Reused
from tests.hl7v2.written import MSH, NOW, PID, link, observed, result, written

HEAD = MSH.format(kind="ORU^R01^ORU_R01", version="2.5.1")
OBR = "OBR|1|P1^EHR|F1^LAB|24331-1^Lipids^LN|||20260105080000|||||||||||||||20260105090000||LAB|F"
ORC = "ORC|NW|P1^EHR"
EVN = "EVN|A40|20260105090000"


def hear(payload: bytes, links: Sequence[Link] | None = None) -> Judgement:
    return judge(Arrived(payload, NOW, "m-1"), [link()] if links is None else links)


def headed(**changes: str) -> bytes:
    """A result whose MSH has these fields, by number (``f9``)."""
    fields = HEAD.split("|")
    fields += [""] * (21 - len(fields))
    for name, value in changes.items():
        fields[int(name[1:]) - 1] = value
    return written("|".join(fields), PID, OBR, observed())


def adt(*lines: str, kind: str = "ADT^A40^ADT_A39") -> bytes:
    return written(EVN, *lines, kind=kind)


def pid(third: str, seventh: str = "19700101", eighth: str = "F") -> str:
    return f"PID|1||{third}||DOE^JANE||{seventh}|{eighth}"


@dataclass(frozen=True)
class Row:
    id: str
    payload: bytes
    code: str
    """MSA-1 and ERR-3: ``AE 101``; ``AA`` alone."""
    place: str = ""
    """ERR-2."""
    note: str = ""
    """One that must be among those of what is taken."""
    link: dict[str, Any] = field(default_factory=dict)


MRN = "MRN123^^^HOSP^MR"
LATIN = (b"DOE", b"D\xd6E")
ROWS = [
    Row("H-033 no MSH", b"PID|1\r", "AR 100", "MSH^1"),
    Row("H-033 MSH not first", f"{PID}\r{HEAD}\r".encode(), "AR 100", "MSH^1"),
    Row("H-033 nothing", b"", "AR 100"),
    Row("H-034 letter", headed().replace(b"|", b"x"), "AR 102", "MSH^1^1"),
    Row("H-034 digit", headed().replace(b"|", b"1"), "AR 102", "MSH^1^1"),
    Row("H-034 space", headed().replace(b"|", b" "), "AR 102", "MSH^1^1"),
    Row("H-034 CR", b"MSH\rPID|1\r", "AR 102", "MSH^1^1"),
    Row("H-035 #", headed().replace(b"|", b"#"), "AA"),
    Row("H-036 missing", headed(f2=""), "AR 102", "MSH^1^2"),
    Row("H-036 three", headed(f2="^~\\"), "AR 102", "MSH^1^2"),
    Row("H-036 repeated", headed(f2="^^\\&"), "AR 102", "MSH^1^2"),
    Row("H-036 the field separator again", headed().replace(b"^~\\&", b"^~\\|"), "AR 102", "MSH^1^2"),
    Row("H-037 five", headed(f2="^~\\&#", f12="2.7"), "AA"),
    Row("H-038 LF", headed().replace(b"\r", b"\n"), "AA", note="line-feed"),
    Row("H-038 CRLF", headed().replace(b"\r", b"\r\n"), "AA", note="carriage-return-line-feed"),
    Row("H-038 strict", headed().replace(b"\r", b"\n"), "AR 100", link={"strict": True}),
    Row("H-039 empty line", headed().replace(b"\rOBR", b"\r\rOBR"), "AA", note="empty-line"),
    Row("H-040 MSH-9", headed(f9=""), "AR 101", "MSH^1^9"),
    Row("H-041 type", headed(f9="ZZZ^Z01"), "AR 200", "MSH^1^9"),
    Row("H-042 event", headed(f9="ADT^Z99"), "AR 201", "MSH^1^9"),
    Row("H-042 event missing", headed(f9="ORU"), "AR 201", "MSH^1^9"),
    Row("H-043 MSH-10", headed(f10=""), "AR 101", "MSH^1^10"),
    Row("H-044 MSH-10", headed(f10="9" * 200), "AR 102", "MSH^1^10"),
    Row("H-044 just not", headed(f10="9" * 199), "AA"),
    Row("H-045 T", headed(f11="T"), "AR 202", "MSH^1^11"),
    Row("H-045 D", headed(f11="D"), "AR 202", "MSH^1^11"),
    Row("H-045 none", headed(f11=""), "AR 202", "MSH^1^11"),
    Row("H-045 T where it is agreed", headed(f11="T"), "AA", link={"processing": frozenset({"T"})}),
    Row("H-046 unknown", headed(f12="3.0"), "AR 203", "MSH^1^12"),
    Row("H-046 empty", headed(f12=""), "AR 203", "MSH^1^12"),
    Row("H-046 2.2", headed(f12="2.2"), "AR 203", "MSH^1^12"),
    Row("H-047 not us", headed(f5="OTHER"), "AR 207", "MSH^1^5", link={"receiver": Named("SECONDREAD", "")}),
    Row("H-048 not registered", headed(f3="OTHER"), "AR 207", "MSH^1^3"),
    Row("H-049 a year ahead", headed(f7="20270105"), "AA", note="message-time MSH-7"),
    Row("H-049 garbage", headed(f7="yesterday"), "AA", note="message-time MSH-7"),
    Row("H-050 one alone", headed(f15="AL"), "CA", note="acknowledgement-mode MSH-15"),
    Row("H-050 no wish", headed(f15="XX", f16="NE"), "CA", note="table-value MSH-15"),
    Row("H-051 absent", headed().replace(b"DOE", b"D\xd6E"), "AA", link={"character_set": "8859/1"}),
    Row("H-051 absent, none agreed", headed().replace(b"DOE", b"D\xd6E"), "AR 102", "MSH^1^18"),
    Row("H-052 UTF-8 of Latin-1", headed(f18="UNICODE UTF-8").replace(*LATIN), "AR 102", "MSH^1^18"),
    Row("H-053 Latin-1", headed(f18="8859/1").replace(b"DOE", b"D\xd6E"), "AA"),
    Row("H-053 windows-1252 as Latin-1", headed(f18="8859/1").replace(b"DOE", b"\x93"), "AR 102", "MSH^1^18"),
    Row("H-054 unknown", headed(f18="KLINGON"), "AR 103", "MSH^1^18"),
    Row("H-054 by another name", headed(f18="utf-8"), "AA", note="character-set-name MSH-18"),
    Row("H-055 IR87", headed(f18="~ISO IR87").replace(b"DOE", "\u5c71".encode("iso2022_jp")), "AA"),
    Row("H-055 broken", headed(f18="~ISO IR87").replace(b"DOE", b"\x1b$B;"), "AR 102", "MSH^1^18"),
    Row("H-055 two families", headed(f18="8859/1~ISO IR87"), "AR 103", "MSH^1^18"),
    Row("H-056 UTF-16", headed().decode().encode("utf-16"), "AR 103"),
    Row("H-056 UTF-16 without a mark", headed().decode().encode("utf-16-le"), "AR 103"),
    Row("H-056 UTF-16 said", headed(f18="UNICODE UTF-16"), "AR 103", "MSH^1^18"),
    Row("H-057 byte order mark", b"\xef\xbb\xbf" + headed(), "AA", note="byte-order-mark"),
    Row("H-058 sequence number", headed(f13="7"), "AA", note="sequence-number MSH-13"),
    Row("H-059 continuation", headed(f14="7"), "AR 207", "MSH^1^14"),
    Row("H-059 DSC", written(PID, OBR, observed(), "DSC|7|F"), "AR 207", "DSC^1"),
    Row("H-060 security", headed(f8="hunter2"), "AA"),
    Row("H-061 no PID in ORU", written(OBR, observed()), "AE 100", "PID^1"),
    Row("H-061 no PID in ADT", adt("PV1|1|I", kind="ADT^A08^ADT_A01"), "AE 100", "PID^1"),
    Row("H-062 PID-3 empty", written(pid(""), OBR, observed()), "AE 101", "PID^1^3"),
    Row("H-062 PID-3 null", written(pid('""'), OBR, observed()), "AE 101", "PID^1^3"),
    Row("H-062 PID-3 without a number", written(pid("^^^HOSP^MR"), OBR, observed()), "AE 101", "PID^1^3"),
    Row("H-063 without authority (held later)", written(pid("MRN123"), OBR, observed()), "AA"),
    Row("H-064 two", written(pid(f"{MRN}~MRN9^^^HOSP^MR"), OBR, observed()), "AE 205", "PID^1^3^2"),
    Row("H-064 of two kinds", written(pid(f"{MRN}~MRN9^^^HOSP^SS"), OBR, observed()), "AA"),
    Row("too many", written(pid("~".join(f"{n}^^^H{n}" for n in range(201))), OBR), "AE 207", "PID^1^3"),
    Row("H-066 unescaped &", written(pid("MRN&1^^^HOSP^MR"), OBR), "AE 102", "PID^1^3^1^1"),
    Row("H-066 in an order", written(PID, "ORC|NW|P&1^EHR", kind="ORM^O01"), "AE 102", "ORC^1^2^1^1"),
    Row("H-066 in a UID", written(PID, ORC, OBR, "ZDS|1.2&3", kind="ORM^O01"), "AE 102", "ZDS^1^1^1"),
    Row("a number with parts", result(observed("7^1")), "AE 102", "OBX^1^5^1"),
    Row("a number with subparts", result(observed("7&1")), "AE 102", "OBX^1^5^1"),
    Row("a text with parts", result(observed("120^80 & stable", "TX")), "AA", note="separator-in-text OBX-5"),
    Row("H-066 escaped", written(pid(r"MRN\T\\R\\S\^^^HOSP^MR"), OBR, observed()), "AA"),
    Row("H-068 no day", written(pid(MRN, "19900231"), OBR, observed()), "AE 102", "PID^1^7^1"),
    Row("H-068 0000", written(pid(MRN, "0000"), OBR, observed()), "AE 102", "PID^1^7^1"),
    Row("H-068 00000000", written(pid(MRN, "00000000"), OBR, observed()), "AE 102", "PID^1^7^1"),
    Row("H-069 sex", written(pid(MRN, eighth="Q"), OBR, observed()), "AA", note="table-value PID-8"),
    Row("H-070 OBX-2", result(observed(kind="")), "AE 101", "OBX^1^2"),
    Row("H-071 NM abc", result(observed("abc")), "AE 102", "OBX^1^5^1"),
    Row("H-072 7,1", result(observed("7,1")), "AE 102", "OBX^1^5^1"),
    Row("H-072 1.234,5", result(observed("1.234,5")), "AE 102", "OBX^1^5^1"),
    Row("H-072 1 000", result(observed("1 000")), "AE 102", "OBX^1^5^1"),
    Row("H-072 Arabic digits", headed(f18="UNICODE UTF-8").replace(b"7.1", "\u0667".encode()), "AE 102"),
    Row("H-073 <5", result(observed("<5")), "AA", note="comparator-in-number OBX-5"),
    Row("H-073 >500", result(observed(">500")), "AA", note="comparator-in-number OBX-5"),
    Row("H-073 SN", result(observed("<^5", "SN")), "AA"),
    Row("H-074 OBX-3", result(observed().replace("^LN", "")), "AA"),
    Row("H-074 OBX-3 empty", result(observed().replace("1001-1^Test^LN", "")), "AE 101", "OBX^1^3"),
    Row("OBX-2 unknown", result(observed(kind="QQ")), "AE 103", "OBX^1^2^1"),
    Row("OBX-11 missing", result(observed(status="")), "AE 101", "OBX^1^11"),
    Row("OBX-11 unknown", result(observed(status="Q")), "AE 103", "OBX^1^11^1"),
    Row("OBR-25 unknown", result(status="Q"), "AE 103", "OBR^1^25^1"),
    Row("H-010 a half", result(observed()).partition(b"|1-10")[0], "AE 101", "OBX^1^11"),
    Row("H-011 end of block inside", result(observed("a\x1cb", "ST")), "AA", note="control-characters"),
    Row("H-082 escapes", result(observed(r"a\F\b\S\c\X0D\d\.br\e", "TX")), "AA"),
    Row("H-083 unfinished", result(observed(r"a\X0", "TX")), "AA", note="escape"),
    Row("H-084 Z segment", written(PID, OBR, observed(), "ZZ1|a"), "AA", note="segment-without-place ZZ1"),
    Row("H-084 PID-99", written(PID + "|" * 91 + "x", OBR, observed()), "AA"),
    Row("H-085 null", written(PID.replace("JANE", '""'), OBR, observed()), "AA"),
    Row("H-086 OBR without OBX", written(PID, OBR), "AA"),
    Row("H-086 OBX without OBR", written(PID, observed()), "AE 100"),
    Row("H-089 markup and ANSI", result(observed("<script>\x1b[31m", "ST")), "AA", note="control-characters"),
    Row("H-090 injection", result(observed("'; DROP ${jndi:x} {{7*7}}", "ST")), "AA"),
    Row("H-091 path", headed(f10="../../etc/passwd"), "AA"),
    Row("H-093 into itself", adt(PID, f"MRG|{MRN}"), "AR 205", "MRG^1^1"),
    Row("H-093 MRG-1 missing", adt(PID, "MRG|"), "AE 101", "MRG^1^1"),
    Row("A40 without MRG", adt(PID), "AE 100", "MRG^1"),
    Row("H-098 A18", headed(f9="ADT^A18^ADT_A18"), "AR 201", "MSH^1^9"),
    Row("H-098 A35", headed(f9="ADT^A35^ADT_A30"), "AR 201", "MSH^1^9"),
    Row("H-100 A37", adt(PID, PID, kind="ADT^A37^ADT_A37"), "AA"),
    Row("two PIDs in ADT", adt(PID, PID, kind="ADT^A08^ADT_A01"), "AE 100", "PID^2"),
    Row("two PIDs in ORU", written(PID, OBR, observed(), PID, OBR, observed()), "AE 100", "PID^2"),
    Row("MSH alone", written(HEAD), "AE 100", "PID^1"),
    Row("a lower-case segment", written(PID, OBR, observed(), "obx|1"), "AE 100", "OBX^1"),
    Row("a second MSH", written(PID, OBR, observed(), HEAD), "AE 100", "MSH^2"),
    Row("H-108 last week", headed(f7="20251229090000"), "AA", note="message-time-old MSH-7"),
    Row("only agreed kinds", headed(), "AR 201", "MSH^1^9", link={"messages": frozenset({"ADT^A08"})}),
    Row("order without ORC-1", written(PID, "ORC||P1", OBR, kind="ORM^O01^ORM_O01"), "AE 101", "ORC^1^1"),
    Row("order control unknown", written(PID, "ORC|QQ|P1", kind="ORM^O01"), "AE 103", "ORC^1^1^1"),
    Row("OMI without IPC", written(PID, ORC, OBR, kind="OMI^O23^OMI_O23"), "AE 100", "IPC^1"),
    Row("order without a number", written(PID, "ORC|NW", kind="ORM^O01^ORM_O01"), "AE 101", "ORC^1^2"),
    Row("ZDS-1 no UID", written(PID, ORC, OBR, "ZDS|x", kind="ORM^O01^ORM_O01"), "AE 102", "ZDS^1^1^1"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_bad_input(row: Row) -> None:
    found = hear(row.payload, [link(**row.link)])
    assert not isinstance(found, Silent)
    answer = found.heard.answer if isinstance(found, Taken) else found.answer
    assert answer is not None
    lines = answer.decode("latin-1").split("\r")
    error = lines[2].split("|") if lines[2] else []
    assert " ".join([lines[1][4:6], *(error[3].split("^")[:1] if error else [])]) == row.code
    assert not row.place or error[2] == row.place
    assert isinstance(found, Taken) is (row.code[1] == "A")
    if row.note:
        assert isinstance(found, Taken)
        assert row.note in found.heard.notes


def test_nothing_that_is_refused_is_quoted() -> None:
    for row in ROWS:
        found = hear(row.payload, [link(**row.link)])
        if isinstance(found, Refused) and found.answer:
            words = found.answer.split(b"\rERR|")[-1] + found.turned.reason.encode()
            for value in (
                b"DOE",
                b"JANE",
                b"MRN",
                b"abc",
                b"1.234",
                b"KLINGON",
                b"yesterday",
                b"ZZZ",
                b"OTHER",
            ):
                assert value not in words, row.id


@pytest.mark.parametrize("payload", [
    written("MSA|AA|CTL0", kind="ACK^R01^ACK"),
    written("MSA|AA|CTL0", kind="ORR^O02^ORR_O02"),
    written("MSA|AA|CTL0", kind="ORU^R01^ORU_R01"),
    written("MSA|AA|CTL0", kind="ACK", end="\n"),
])  # fmt: skip
def test_an_acknowledgement_is_never_acknowledged(payload: bytes) -> None:
    assert isinstance(hear(payload), Silent), "H-032"
    assert isinstance(hear(payload, []), Silent)


def test_what_is_kept() -> None:
    payload = result()
    found = hear(payload)
    assert isinstance(found, Taken)
    heard = found.heard
    assert (heard.id, heard.link, heard.sender, heard.control_id) == ("m-1", "ris", "RIS|HOSP", "CTL1")
    assert (heard.kind, heard.structure, heard.version) == ("ORU^R01", "ORU_R01", "2.5.1")
    assert (heard.raw, heard.digest) == (payload, hashlib.sha256(payload).hexdigest())
    assert heard.sent_at == NOW
    assert heard.answer.split(b"\r")[1] == b"MSA|AA|CTL1"
    assert found.again is None


def test_a_wish_for_silence_is_kept_to_and_the_message_is_kept() -> None:
    found = hear(headed(f15="NE", f16="NE"))
    assert isinstance(found, Taken)
    assert found.heard.answer == b""


def test_a_link_may_refuse_a_control_id_that_comes_again() -> None:
    found = hear(result(), [link(reused_control_id=Reused.REFUSE)])
    assert isinstance(found, Taken)
    assert found.again
    assert b"ERR||MSH^1^10|207^Application internal error^HL70357|E|duplicate-control-id^" in found.again


def test_a_stranger_is_told_apart_from_a_mistake() -> None:
    stranger = hear(headed(f4="OTHER"))
    assert isinstance(stranger, Refused)
    assert (stranger.stranger, stranger.turned.link) == (True, "")
    mistaken = hear(headed(f9=""))
    assert isinstance(mistaken, Refused)
    assert (mistaken.stranger, mistaken.turned.link) == (False, "ris")


def test_the_link_that_names_the_sender_most_closely_is_taken() -> None:
    links = [link("any", sender=Named()), link("ris"), link("hospital", sender=Named("", "HOSP"))]
    found = [hear(each, links) for each in (result(), headed(f3="LAB"), headed(f4="X"))]
    assert [each.link.name for each in found if isinstance(each, Taken)] == ["ris", "hospital", "any"]


def test_too_long_is_said_to_whom_it_concerns() -> None:
    found = too_long(Arrived(result()[:200], NOW, "m-1"), [link()])
    assert isinstance(found, Refused)
    assert found.answer
    assert b"\rMSA|AR|CTL1\r" in found.answer
    assert b"|207^" in found.answer


def test_a_batch_is_for_links_that_say_so() -> None:
    batched = Arrived(result(), NOW, "m-1", batched=True)
    refused = judge(batched, [link()])
    assert isinstance(refused, Refused)
    assert refused.turned.reason.startswith("AR 200 batch "), "H-031"
    assert isinstance(judge(batched, [link(batches=True)]), Taken)


def test_messages_about_one_patient_share_a_lane() -> None:
    def lanes(third: str, merged: str = "", **changes: Any) -> set[str]:
        lines = (PID.replace(MRN, third), *([f"MRG|{merged}"] if merged else ()))
        found = hear(adt(*lines, kind="ADT^A40^ADT_A39" if merged else "ADT^A08^ADT_A01"), [link(**changes)])
        assert isinstance(found, Taken)
        return set(found.heard.lanes)

    one = lanes("1^^^HOSP")
    assert not one & lanes("1^^^OTHER")
    assert not one & lanes("2^^^HOSP")
    assert one < lanes("1^^^HOSP&1.2&ISO"), "by either name of an authority that is not known"
    assert one < lanes("2^^^HOSP", merged="1^^^HOSP"), "a merge is about both"
    assert lanes("2^^^HOSP") < lanes("1^^^HOSP~2^^^HOSP^SS")
    system = "https://hospital.example/mrn"
    known = {"authorities": (Authority("HOSP", "1.2", system),), "patient_system": system}
    assert lanes("1^^^HOSP", **known) == lanes("1^^^&1.2&ISO", **known) == lanes("1", **known)


def test_h010_the_beginning_of_a_message_is_refused_however_whole_it_looks() -> None:
    found = torn(Arrived(result(), NOW, "m-1"), [link()])
    assert isinstance(found, Refused)
    assert found.answer is not None
    assert b"\rMSA|AE|CTL1" in found.answer
    assert b"|100^" in found.answer
    assert isinstance(torn(Arrived(b"", NOW, "m-1"), [link()]), Refused)

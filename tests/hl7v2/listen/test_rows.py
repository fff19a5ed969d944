"""Rows of the catalogue that need the listener and the judgement together; what is taken goes nowhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from server.certificates import Certificates, TlsFiles
from server.hearing import MessageHearing
from server.hl7v2.link import Links, Named
from server.messages import Heard, Kept, Turned
from server.tls import TlsLine
from tests.certificates import Authority
from tests.hl7v2.listen.mllp import Door
from tests.hl7v2.listen.test_tls import shown
from tests.hl7v2.written import link, observed, result, written

MIB = 1024 * 1024


class Taken:
    """An Inbox."""

    def __init__(self) -> None:
        self.kept: list[Heard] = []
        self.turned: list[Turned] = []

    def keep(self, message: Heard, *, again: bytes | None = None) -> Kept:
        assert again is None
        self.kept.append(message)
        return Kept(message.answer)

    def turn_away(self, message: Turned) -> None:
        self.turned.append(message)


@pytest.fixture
def inbox() -> Taken:
    return Taken()


def hearing(inbox: Taken, links: Links) -> MessageHearing:
    return MessageHearing(inbox, lambda: links, structlog.get_logger())


@pytest.fixture
def door(inbox: Taken) -> Iterator[Door]:
    links = {"ris": link()}
    with Door(hearing(inbox, links), links=links) as opened:
        with opened.speaker() as speaker:  # tables of the version are loaded
            assert b"\rMSA|AA|CTL1\r" in speaker.say(result())
        inbox.kept.clear()
        yield opened


def said(door: Door, payload: bytes, seconds: float) -> bytes:
    """The answer, in that time."""
    with door.speaker() as speaker:
        began = time.monotonic()
        answer = speaker.say(payload)
        assert time.monotonic() - began < seconds
    return answer


def test_h016_one_segment_of_a_megabyte(door: Door, inbox: Taken) -> None:
    assert b"\rMSA|AA|CTL1\r" in said(door, result(observed("a" * MIB, "TX")), 0.5)
    assert len(inbox.kept) == 1


@pytest.mark.parametrize("line", ["NTE|1||x", "OBX|1|NM|1-1^a^LN||1|||||F", "ZZZ|1", "x"])
def test_h017_two_hundred_thousand_segments(door: Door, inbox: Taken, line: str) -> None:
    answer = said(door, result(*[line] * 200_000), 1.0)
    assert b"\rMSA|AR|CTL1\r" in answer
    assert b"|207^" in answer
    assert inbox.kept == []


@pytest.mark.parametrize("between", ["~", "^", "&", "|"])
@pytest.mark.parametrize("where", ["PID|1||", "OBX|1|TX|1-1^a^LN||"])
def test_h018_a_hundred_thousand_values_in_one_segment(
    door: Door, inbox: Taken, where: str, between: str
) -> None:
    line = where + between.join(["MRN1"] * 100_000)
    payload = written(line) if where.startswith("PID") else result(line)
    answer = said(door, payload, 1.0)
    assert b"\rMSA|AR|CTL1\r" in answer or b"\rMSA|AE|CTL1\r" in answer
    assert inbox.kept == []


def test_h021_who_shows_one_certificate_and_says_another_name_is_refused(
    inbox: Taken, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    ris, lab = authority.signs("ris"), authority.signs("lab")
    links = {
        "ris": link(certificates=frozenset({shown(ris[0])})),
        "lab": link("lab", sender=Named("LAB", "HOSP"), certificates=frozenset({shown(lab[0])})),
    }
    kept = Certificates(TlsFiles(*authority.signs("door"), authority.file, "MLLP_TLS", ()), lambda _: None)
    by_lab = result().replace(b"|RIS|", b"|LAB|")
    with Door(hearing(inbox, links), links=links, line=lambda sock: TlsLine(sock, kept.context())) as door:
        with door.speaker(authority.trusted(ris)) as speaker:
            assert b"\rMSA|AR|CTL1\r" in speaker.say(by_lab)
            assert b"\rMSA|AA|CTL1\r" in speaker.say(result())
        with door.speaker(authority.trusted(lab)) as speaker:
            assert b"\rMSA|AA|CTL1\r" in speaker.say(by_lab)
    assert [each.link for each in inbox.kept] == ["ris", "lab"]
    assert len(inbox.turned) == 1


def test_h031_a_batch_gets_one_acknowledgement_for_each_message_where_a_link_says_so(inbox: Taken) -> None:
    payload = b"BHS|^~\\&|RIS|HOSP\r" + result() + result().replace(b"|CTL1|", b"|CTL2|") + b"BTS|2\r"
    answers = []
    for batches in (False, True):
        links = {"ris": link(batches=batches)}
        with Door(hearing(inbox, links), links=links) as door:
            answers.append(said(door, payload, 5.0))
    refused, taken = answers
    assert b"|AA|" not in refused
    assert b"|200^" in refused
    assert [taken.count(b"\rMSA|AA|CTL%d\r" % each) for each in (1, 2)] == [1, 1]
    assert [each.control_id for each in inbox.kept] == ["CTL1", "CTL2"]

"""What we put in blocks is read by python-hl7, and what it puts in blocks by us."""

from __future__ import annotations

from server.hl7v2.framing import Frame, Framing
from tests.hl7v2.listen.mllp import Speaker
from tests.hl7v2.python_hl7 import PythonHl7
from tests.hl7v2.written import result


def test_its_server_hears_us_and_we_hear_its_answers() -> None:
    with PythonHl7() as peer:
        with Speaker(peer.port) as speaker:
            answers = [speaker.say(result()) for _ in range(3)]
        assert [str(each.segment("MSH")[10]) for each in peer.heard] == ["CTL1"] * 3
        assert all(b"\rMSA|AA|CTL1" in each for each in answers)
        assert peer.connections == 1, "it keeps the connection open"


def test_a_peer_that_says_nothing_closes() -> None:
    with PythonHl7(lambda _: None) as peer, Speaker(peer.port) as speaker:
        assert speaker.say(result()) == b""


def test_its_answers_are_blocks_by_our_framing() -> None:
    framing = Framing()
    with PythonHl7() as peer, Speaker(peer.port) as speaker:
        speaker.send(b"\x0b", result(), b"\x1c\r")
        while (event := framing.take()) is None:
            framing.feed(speaker.sock.recv(65536))
    assert isinstance(event, Frame)
    assert event.payload.startswith(b"MSH|^~\\&|SECONDREAD|GATEWAY|RIS|HOSP|")

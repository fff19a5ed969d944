"""The system that speaks HL7 v2: it answers by rule and by fault, and shows the newest of each statement."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from conformance.demo.telling import ris as command
from conformance.demo.telling import shown
from conformance.peers.ris import Ris
from conformance.peers.ris_chart import Said
from conformance.peers.ris_faults import RisFault, Trouble, read_ris_fault

RESULT = (
    "MSH|^~\\&|US|HERE|RIS||1||{kind}|{control}|P|2.5.1|||{asks}\r"
    "OBR|1||F1^US|code|||||||||||||||||||||{order}\r"
    "OBX|1|CWE|finding^F^SCT|1|{value}||||||{status}\r"
)


@pytest.fixture
def ris() -> Iterator[Ris]:
    with Ris(name="RIS") as program:
        yield program


@pytest.fixture
def line(ris: Ris) -> Iterator[socket.socket]:
    with socket.create_connection((ris.host, ris.port), 5) as opened:
        yield opened


def result(
    control: str = "1", value: str = "yes", status: str = "P", asks: str = "", kind: str = "ORU^R01"
) -> bytes:
    order = "C" if status == "W" else "R"
    return RESULT.format(
        control=control, value=value, status=status, asks=asks, kind=kind, order=order
    ).encode()


def tell(line: socket.socket, message: bytes) -> list[str]:
    """MSA of what comes back until a moment's silence, or the end."""
    line.sendall(b"\x0b" + message + b"\x1c\x0d")
    line.settimeout(0.3)
    came = b""
    try:
        while data := line.recv(4096):
            came += data
    except TimeoutError:
        pass
    return [each for each in came.decode().split("\r") if each.startswith("MSA")]


@pytest.mark.parametrize(("asks", "codes"), [("", ["AA"]), ("AL|NE", ["CA"]), ("AL|AL", ["CA", "AA"])])
def test_it_answers_as_it_is_asked(line: socket.socket, asks: str, codes: list[str]) -> None:
    assert tell(line, result(asks=asks)) == [f"MSA|{code}|1|" for code in codes]


def test_it_takes_results_and_referrals_only(line: socket.socket) -> None:
    assert tell(line, result(kind="ADT^A01")) == ["MSA|AR|1|unsupported message type"]


def test_the_newest_of_each_statement_is_shown(ris: Ris, line: socket.socket) -> None:
    tell(line, result())
    tell(line, result())
    tell(line, result("2", status="W"))
    assert (len(ris.came), list(ris.kept)) == (3, ["1", "2"])
    [report] = ris.chart.values()
    assert report.status == "C"
    assert report.said == {("finding", "1"): Said("yes", "W")}
    assert shown(ris) == ["F1 (C)  finding: yes (W)"]


@pytest.mark.parametrize(
    ("kind", "said", "kept"),
    [
        (Trouble.REFUSE, ["MSA|AE|1|required field missing"], 0),
        (Trouble.REFUSE_AFTER, ["MSA|AE|1|required field missing"], 1),
        (Trouble.SILENCE, [], 0),
        (Trouble.SILENCE_AFTER, [], 1),
        (Trouble.CLOSE, [], 0),
        (Trouble.CLOSE_AFTER, [], 1),
        (Trouble.GARBAGE, ["MSA|AA|SOMEBODY-ELSE|", "MSA|AA|1|"], 1),
        (Trouble.ONLY_GARBAGE, ["MSA|AA|SOMEBODY-ELSE|"], 0),
        (Trouble.SLOWLY, ["MSA|AA|1|"], 1),
        (Trouble.THEN_CLOSE, ["MSA|AA|1|"], 1),
    ],
)
def test_faults(ris: Ris, line: socket.socket, kind: Trouble, said: list[str], kept: int) -> None:
    ris.faults.add(RisFault(kind))
    assert tell(line, result()) == said
    assert len(ris.kept) == kept


def test_faults_are_read_and_counted() -> None:
    assert read_ris_fault("silence") == RisFault(Trouble.SILENCE)
    assert read_ris_fault("refuse:2:AR:207") == RisFault(Trouble.REFUSE, 2, "AR", "207")
    with pytest.raises(ValueError, match="allowed: kind"):
        read_ris_fault("sulk")


def test_a_port_that_is_taken_is_told(ris: Ris) -> None:
    done = CliRunner().invoke(command, ["--port", str(ris.port)])
    assert (done.exit_code, "it cannot listen there" in str(done.output)) == (1, True)

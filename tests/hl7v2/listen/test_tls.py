"""MLLP by TLS, at real sockets: who shows which certificate is told, and handshakes harm nobody."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path

import pytest

from server.certificates import Certificates, TlsFiles
from server.hl7v2.framing import block
from server.hl7v2.link import Link, Links, Named
from server.hl7v2.listen.limits import Limits
from server.tls import TlsLine
from tests.certificates import Authority
from tests.flow.processes import until
from tests.hl7v2.listen.mllp import ANYBODY, HERE, Door, Heard, accepted, message

Opened = Callable[..., Door]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def opened(tmp_path: Path, authority: Authority, heard: Heard) -> Iterator[Opened]:
    """Opens a door that speaks TLS, and wants to see certificates of the authority."""
    with ExitStack() as stack:

        def door(limits: Limits | None = None, links: Links = ANYBODY) -> Door:
            certificate, key = authority.signs("door")
            kept = Certificates(
                TlsFiles(certificate, key, authority.file, "MLLP_TLS", ()), lambda _: None, every=0.0
            )
            return stack.enter_context(
                Door(heard, limits, links, line=lambda sock: TlsLine(sock, kept.context()))
            )

        yield door


def shown(certificate: Path) -> str:
    return sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()


def test_messages_of_all_sizes_come_whole_and_in_order(opened: Opened, authority: Authority) -> None:
    """Bytes that OpenSSL has taken from the socket and no selector tells of are read all the same."""
    sent = [message(str(number), "a" * number * 5000) for number in range(30)]
    with opened().speaker(authority.trusted(authority.signs("ris"))) as speaker:
        speaker.send(*map(block, sent))
        assert [speaker.read() for _ in sent] == [accepted(each) for each in sent]


def test_h021_the_certificate_says_which_links_it_may_be(
    opened: Opened, authority: Authority, heard: Heard
) -> None:
    ris, lab = authority.signs("ris"), authority.signs("lab")
    links = {
        "ris": Link("ris", Named("RIS"), HERE, frozenset({shown(ris[0])})),
        "lab": Link("lab", Named("LAB"), HERE, frozenset({shown(lab[0])})),
        "any": Link("any", Named("ANY"), HERE),
    }
    door = opened(links=links)
    for each in (ris, lab, authority.signs("third")):
        with door.speaker(authority.trusted(each)) as speaker:
            speaker.say(message("1"))
    assert heard.links == [("ris", "any"), ("lab", "any"), ("any",)]


def test_a_certificate_of_no_link_is_closed(opened: Opened, authority: Authority, heard: Heard) -> None:
    door = opened(links={"a": Link("a", Named(), HERE, frozenset({"0" * 64}))})
    with door.speaker(authority.trusted(authority.signs("ris"))) as speaker:
        assert speaker.say(message("1")) == b""
    assert door.counted("connections refused certificate") == 1
    assert heard.payloads == []


def test_h020_no_certificate_is_a_tls_alert(opened: Opened, authority: Authority, heard: Heard) -> None:
    door = opened()
    nothing_shown = authority.trusted()
    nothing_shown.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 the client has finished by then
    with pytest.raises(ssl.SSLError, match="ALERT_HANDSHAKE_FAILURE"):
        door.speaker(nothing_shown)
    until(lambda: door.counted("handshakes failed") == 1, 5.0, "it is counted")
    assert heard.payloads == []


def test_h019_plain_text_on_the_tls_port_is_closed_and_others_go_on(
    opened: Opened, authority: Authority, heard: Heard
) -> None:
    door = opened()
    with door.speaker(authority.trusted(authority.signs("ris"))) as other, door.speaker() as speaker:
        began = time.monotonic()
        speaker.send(block(message("1")))
        with suppress(ConnectionError):
            while speaker.sock.recv(100):  # the alert
                continue
        assert time.monotonic() - began < 5.0
        assert other.say(message("2")) == accepted(message("2"))
    assert heard.payloads == [message("2")]


def test_a_handshake_that_does_not_come_is_ended(opened: Opened) -> None:
    assert Limits().handshake_seconds == 5
    door = opened(Limits(handshake_seconds=0.3))
    with door.speaker() as speaker:
        speaker.sock.settimeout(3)
        assert speaker.sock.recv(1) == b""
    assert door.counted("handshakes failed") == 1
    until(lambda: door.seats.taken == 0, 5.0, "its seat is free")

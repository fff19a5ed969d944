"""Associations by TLS, at real sockets: handshakes are bounded, nothing is lost between record and loop."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path

import pytest

from server.certificates import Certificates, TlsFiles
from server.dicom.limits import Limits
from server.dicom.peers import Called, Peer, Peers
from server.tls import TlsLine
from tests.certificates import Authority
from tests.dicom import wire
from tests.dicom.door import Door, Speaker
from tests.dicom.encoded import ct
from tests.dicom.web.messages import part10
from tests.flow.modality import dcmtk, demand_dcmtk

Opened = Callable[..., Door]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def opened(tmp_path: Path, authority: Authority) -> Iterator[Opened]:
    """Opens a door that speaks TLS; ``mutual``: and wants to see certificates of the authority."""
    with ExitStack() as stack:

        def door(limits: Limits | None = None, *, mutual: bool = False, peers: Peers | None = None) -> Door:
            certificate, key = authority.signs("door")
            files = TlsFiles(certificate, key, authority.file if mutual else None, "DICOM_TLS", ())
            kept = Certificates(files, lambda _: None, every=0.0)
            made = Door(tmp_path / "data", limits, peers, line=lambda sock: TlsLine(sock, kept.context()))
            return stack.enter_context(made)

        yield door


@contextmanager
def speaking(door: Door, trusts: ssl.SSLContext) -> Iterator[Speaker]:
    with door.associated(trusts=trusts) as speaker:
        yield speaker


def test_objects_of_all_sizes_come_whole(opened: Opened, authority: Authority) -> None:
    """Bytes that OpenSSL has taken from the socket and no selector tells of are read all the same."""
    door = opened()
    with speaking(door, authority.trusted()) as speaker:
        for number, pixels in enumerate((2, 16_000, 16_384, 16_400, 300_000, 3_000_000)):
            instance = wire.INSTANCE + b".%d" % number
            data = ct(instance, pixels)
            assert speaker.store(data, command=wire.store(instance=instance))[0] == 0x0000
            assert any(each.endswith(data) for each in door.stored())
        assert speaker.echo() == 0x0000
        speaker.send(wire.RELEASE)
        assert speaker.read()[0] == 0x06
        assert speaker.ended(), "with close_notify"


def test_several_pdus_in_one_record(opened: Opened, authority: Authority) -> None:
    with speaking(opened(), authority.trusted()) as speaker:
        speaker.send(wire.data(1, 3, wire.echo(1)) + wire.data(1, 3, wire.echo(2)))
        assert [speaker.status()[0], speaker.status()[0]] == [0, 0]


def test_more_than_one_turn_takes_in_one_record(opened: Opened, authority: Authority) -> None:
    """What did not fit is in OpenSSL's hands, where no selector sees it."""
    with speaking(opened(Limits(pdu_bytes=300)), authority.trusted()) as speaker:
        data = ct()
        parts = [data[at : at + 200] for at in range(0, len(data), 200)]
        sent = [wire.data(3, 3, wire.store()), *(wire.data(3, 0, each) for each in parts)]
        speaker.send(b"".join(sent) + wire.data(3, 2, b"") + wire.data(1, 3, wire.echo()))
        assert [speaker.status()[0], speaker.status()[0]] == [0, 0]


def test_a_request_in_many_records(opened: Opened, authority: Authority) -> None:
    door = opened()
    with Speaker(door.port, authority.trusted()) as speaker:
        for each in wire.request():
            speaker.send(bytes((each,)))
        assert speaker.read()[0] == 0x02


def test_d003_silence_in_the_handshake_is_dropped_and_nobody_waits(
    opened: Opened, authority: Authority
) -> None:
    door = opened(Limits(handshake_seconds=0.5))
    with ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", door.port), timeout=5))
            for _ in range(200)
        ]
        assert door.seats.taken == 0
        for _ in range(3):
            began = time.monotonic()
            with speaking(door, authority.trusted()) as speaker:
                assert speaker.echo() == 0x0000
            assert time.monotonic() - began < 0.5
        began = time.monotonic()
        assert all(each.recv(1) == b"" for each in silent)
        assert time.monotonic() - began < 3.0


def test_a_dripped_handshake_is_dropped(opened: Opened, authority: Authority) -> None:
    door = opened(Limits(handshake_seconds=0.4))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        authority.trusted().wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    with socket.create_connection(("127.0.0.1", door.port), timeout=0.02) as sock:
        began, over = time.monotonic(), False
        for each in outgoing.read():
            sock.sendall(bytes((each,)))
            try:
                over = sock.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                over = True
            break
        assert over
        assert time.monotonic() - began < 2.0


def test_hello_and_no_more_is_dropped_with_who_is_inside_served(opened: Opened, authority: Authority) -> None:
    """Each costs the server its half of the arithmetic; who is inside is not kept waiting by it."""
    door = opened(Limits(handshake_seconds=2.0))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        authority.trusted().wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    hello = outgoing.read()
    with ExitStack() as stack, speaking(door, authority.trusted()) as speaker:
        for _ in range(300):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", door.port), timeout=5))
            sock.sendall(hello)
        for _ in range(5):
            began = time.monotonic()
            assert speaker.echo() == 0x0000
            assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("sent", [wire.request(), b"GET / HTTP/1.1\r\n\r\n", bytes(600)])
def test_d004_what_is_no_tls_is_closed_at_once(opened: Opened, sent: bytes) -> None:
    door = opened()
    with door.speaker() as speaker:
        began = time.monotonic()
        speaker.send(sent)
        speaker.sock.settimeout(3.0)
        while speaker._exactly(1):
            continue
        assert time.monotonic() - began < 1.0


def test_old_versions_of_tls_are_refused(opened: Opened, authority: Authority) -> None:
    door = opened()
    old = authority.trusted()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Speaker(door.port, old)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        new = authority.trusted()
        new.minimum_version = new.maximum_version = version
        with speaking(door, new) as speaker:
            assert speaker.echo() == 0x0000


def test_who_must_show_a_certificate_and_shows_none_does_not_come_in(
    opened: Opened, authority: Authority, tmp_path: Path
) -> None:
    door = opened(mutual=True)
    with speaking(door, authority.trusted(authority.signs("modality"))) as speaker:
        assert speaker.echo() == 0x0000
    (tmp_path / "others").mkdir()
    for shown in (None, Authority(tmp_path / "others").signs("modality")):
        trusts = authority.trusted(shown)
        trusts.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 a client learns of it when it reads
        with pytest.raises((ssl.SSLError, ConnectionError)):
            Speaker(door.port, trusts)
    assert door.seats.taken == 0


def test_a_title_is_bound_to_its_certificate(opened: Opened, authority: Authority) -> None:
    ours, others = authority.signs("ct1"), authority.signs("other")
    fingerprint = sha256(ssl.PEM_cert_to_DER_cert(ours[0].read_text())).hexdigest()
    here = (ip_network("127.0.0.0/8"),)
    peers = Peers(
        {"SECOND_READER": Called("SECOND_READER")},
        {"CT1": Peer("CT1", here, certificates=frozenset((fingerprint,))), "CT2": Peer("CT2", here)},
    )
    door = opened(mutual=True, peers=peers)
    for shown, calling, answer in ((ours, b"CT1", 0x02), (others, b"CT1", 0x03), (others, b"CT2", 0x02)):
        with Speaker(door.port, authority.trusted(shown)) as speaker:
            speaker.send(wire.request(calling=calling))
            assert speaker.read()[0] == answer


def test_a_renewed_certificate_is_shown_without_a_new_start(opened: Opened, authority: Authority) -> None:
    door = opened()

    def shown() -> bytes:
        with Speaker(door.port, authority.trusted()) as speaker:
            assert isinstance(speaker.sock, ssl.SSLSocket)
            return speaker.sock.getpeercert(binary_form=True) or b""

    first = shown()
    with speaking(door, authority.trusted()) as speaker:
        authority.signs("door")
        assert shown() not in (first, b"")
        assert speaker.echo() == 0x0000, "who is inside stays"


def test_openssl_sees_what_is_promised(opened: Opened, authority: Authority) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine: apt-get install openssl")
    door = opened()
    asked = ["openssl", "s_client", "-connect", f"127.0.0.1:{door.port}", "-CAfile", str(authority.file)]
    told = subprocess.run([*asked, "-tls1_2"], input="", capture_output=True, text=True, check=False)
    assert "Verify return code: 0 (ok)" in told.stdout
    assert "ECDHE-ECDSA-AES" in told.stdout
    assert "No ALPN negotiated" in told.stdout
    weak = [*asked, "-tls1_2", "-cipher", "AES128-SHA:ECDHE-ECDSA-AES128-SHA"]
    refused = subprocess.run(weak, input="", capture_output=True, text=True, check=False)
    assert refused.returncode != 0


@pytest.mark.parametrize("profile", ["+py", "+px", "+pz"])
def test_storescu_of_dcmtk_sends_by_tls(
    opened: Opened, authority: Authority, tmp_path: Path, profile: str
) -> None:
    demand_dcmtk()
    certificate, key = authority.signs("modality")
    path = tmp_path / "a.dcm"
    path.write_bytes(part10())
    door = opened(mutual=True)
    secured = ["+tls", str(key), str(certificate), "+cf", str(authority.file), profile]
    words = ("-aet", "CT1", "-aec", "SECOND_READER", "127.0.0.1", str(door.port), str(path))
    assert dcmtk("storescu", *secured, *words) == (0, "")
    assert len(door.stored()) == 1
    assert dcmtk("storescu", "-to", "5", *words)[0] != 0, "without TLS"

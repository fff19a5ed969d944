"""Every wait of an association is bounded, whatever the other side does; and TLS, where it is asked for."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from conformance.peers.archive_faults import ArchiveFault, Trouble
from server.dicom.send import PATIENCE
from server.dicom.send.line import _Checkpoint
from server.model import DicomNode, PacsDestination, PacsKind, Trust
from tests.dicom.send.conftest import HOURS, LETS_GO, OURS, Open, Sender, to
from tests.dicom.send.objects import document
from tests.dicom.send.test_courier import wait_until
from tests.flow.processes import until

pytestmark = LETS_GO
SECONDS = 0.5


@contextmanager
def peer(behave: Callable[[socket.socket], None]) -> Iterator[PacsDestination]:
    """Listens, and does to each connection what it is told to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        behave(connection)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        node = DicomNode("PACS", "127.0.0.1", listening.getsockname()[1], OURS, HOURS)
        yield PacsDestination("pacs", ("ehr",), frozenset(PacsKind), timedelta(seconds=SECONDS), node)
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def drips(connection: socket.socket) -> None:
    """An A-ASSOCIATE-AC that never ends, a byte at a time."""
    connection.recv(65536)
    connection.sendall(b"\x02\x00\x00\x01\x00\x00")
    while True:
        connection.sendall(b"\x00")
        time.sleep(0.05)


def hangs_up(connection: socket.socket) -> None:
    connection.recv(65536)


def talks_nonsense(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    silent(connection)


def ours() -> set[int | None]:
    return {each.ident for each in threading.enumerate()}


@pytest.mark.parametrize("behave", [silent, drips, hangs_up, talks_nonsense])
def test_who_does_not_answer_is_not_waited_for(
    sender: Sender, behave: Callable[[socket.socket], None]
) -> None:
    sender.queue(document())
    with peer(behave) as archive:
        before = ours()
        began = time.monotonic()
        assert sender.worker(archive).once()
        took = time.monotonic() - began
        wait_until(lambda: not ours() - before)
    assert sender.state == "waiting"
    assert took < SECONDS * PATIENCE + 5  # a busy machine
    assert "Dapple" not in sender.outcome


def test_an_archive_that_hangs_while_it_stores_is_cut_off(sender: Sender, archive: Open) -> None:
    pacs = archive()
    pacs.faults.add(ArchiveFault(Trouble.SILENCE, seconds=60))
    sender.queue(document())
    began = time.monotonic()
    assert sender.worker(to(pacs, timeout=SECONDS)).once()
    assert sender.state == "waiting"
    assert time.monotonic() - began < SECONDS * PATIENCE + 5


# -- TLS -----------------------------------------------------------------------------------


def certified(folder: Path, name: str) -> Trust:
    """Whoever believes it believes itself only."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Trust(str(certificate), str(certificate), str(private))


@pytest.mark.parametrize(
    ("believes", "shows", "state"),
    [("theirs", "ours", "delivered"), ("ours", "ours", "waiting"), ("theirs", "others", "waiting")],
)
def test_both_sides_show_who_they_are(  # noqa: PLR0917
    sender: Sender, archive: Open, tmp_path: Path, believes: str, shows: str, state: str
) -> None:
    known = {name: certified(tmp_path, name) for name in ("theirs", "ours", "others")}
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=known["ours"].ca)
    theirs.load_cert_chain(known["theirs"].certificate, known["theirs"].certificate_key)
    theirs.verify_mode = ssl.CERT_REQUIRED
    pacs = archive(same_association=True, tls=theirs)
    trust = replace(known[shows], ca=known[believes].ca)
    sender.queue(document())
    assert sender.worker(to(pacs, timeout=5.0, trust=trust)).once()
    assert sender.state == state
    assert pacs.objects.stores == (state == "delivered")


def test_a_certificate_that_cannot_be_used_is_told(sender: Sender, archive: Open) -> None:
    pacs = archive()
    sender.queue(document())
    assert sender.worker(to(pacs, trust=Trust("/nowhere.pem"))).once()
    assert (sender.state, "a certificate file" in sender.outcome) == ("waiting", True)


def test_a_thread_that_stands_still_says_so_again_when_its_word_was_taken_back() -> None:
    class Open:
        _is_paused = False

    association = Open()
    checkpoint = _Checkpoint(association)  # type: ignore[arg-type]
    checkpoint.clear()
    standing = threading.Thread(target=checkpoint.wait, daemon=True)
    standing.start()
    for _ in range(3):
        association._is_paused = False
        until(lambda: association._is_paused, 5.0, "whoever wants to send sees that it may")
    checkpoint.set()
    standing.join(5.0)
    assert not standing.is_alive()

"""Which files make a certificate that the door can show, and what is said of others."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from server.errors import Category, Fault
from server.porch import certificates
from server.porch.certificates import Certificates, TlsFiles, context_of
from tests.certificates import Authority

SHORT = generate_private_key(65537, 1024)  # noqa: S505 - too short is what it is for


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def files(authority: Authority) -> TlsFiles:
    return TlsFiles(*authority.signs("door"))


def refused(files: TlsFiles) -> str:
    with pytest.raises(Fault) as wrong:
        context_of(files)
    assert wrong.value.category is Category.INCORRECT
    assert "/" not in str(wrong.value), "no path"
    return str(wrong.value).removeprefix("SECOND_READER_")


def test_what_new_connections_begin_with(authority: Authority, files: TlsFiles) -> None:
    made = context_of(files)
    assert made.minimum_version is ssl.TLSVersion.TLSv1_2
    assert made.options & ssl.OP_NO_RENEGOTIATION
    assert made.options & ssl.OP_NO_COMPRESSION
    assert all(
        each["name"].startswith("TLS_") or (each["aead"] and "ECDHE" in each["name"])
        for each in made.get_ciphers()
    )
    assert (made.verify_mode, made.get_ca_certs()) == (ssl.CERT_NONE, [])
    mutual = context_of(TlsFiles(files.certificate, files.key, authority.file))
    assert (mutual.verify_mode, len(mutual.get_ca_certs())) == (ssl.CERT_REQUIRED, 1)


def test_one_file_may_hold_both_with_comments(files: TlsFiles) -> None:
    files.key.write_bytes("# Schlüssel\n".encode() + files.key.read_bytes() + files.certificate.read_bytes())
    context_of(TlsFiles(files.key, files.key))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, files: TlsFiles) -> None:
    none = tmp_path / "none"
    missing = "cannot be read (No such file or directory)"
    assert refused(TlsFiles(none, files.key)) == f"TLS_CERTIFICATE {missing}"
    assert refused(TlsFiles(files.certificate, none)) == f"TLS_KEY {missing}"
    assert refused(TlsFiles(files.certificate, files.key, none)) == f"TLS_CLIENT_CA {missing}"
    assert refused(TlsFiles(tmp_path, files.key)) == "TLS_CERTIFICATE cannot be read (Is a directory)"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\0\n", b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_holds_something_else_is_named(tmp_path: Path, files: TlsFiles, content: bytes) -> None:
    other = tmp_path / "other"
    other.write_bytes(content)
    none = "holds no certificate; allowed: a PEM file of certificates"
    assert refused(TlsFiles(other, files.key)) == f"TLS_CERTIFICATE {none}"
    assert refused(TlsFiles(files.certificate, files.key, other)) == f"TLS_CLIENT_CA {none}"
    assert refused(TlsFiles(files.certificate, other)).startswith("TLS_KEY holds no usable key; allowed: ")
    assert refused(TlsFiles(files.key, files.certificate)) == f"TLS_CERTIFICATE {none}"


def test_a_key_of_another_certificate_is_told(authority: Authority, files: TlsFiles) -> None:
    _, other = authority.signs("other")
    assert refused(TlsFiles(files.certificate, other)) == (
        "TLS_KEY does not belong to the first certificate of SECOND_READER_TLS_CERTIFICATE"
    )


def test_a_key_under_a_password_is_not_asked_for_at_the_terminal(authority: Authority) -> None:
    assert "that no password protects" in refused(TlsFiles(*authority.signs("door", password=b"secret")))


def test_a_weak_key_is_told(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.certificates.generate_private_key", lambda _: SHORT)
    assert refused(TlsFiles(*authority.signs("weak"))).startswith("TLS_CERTIFICATE is too weak; allowed: ")


# -- renewal


def used_by(
    files: TlsFiles, monkeypatch: pytest.MonkeyPatch, every: float
) -> tuple[list, list, Certificates]:
    """(contexts that lines were made with, warnings, what makes them)."""
    used: list[ssl.SSLContext] = []
    told: list[str] = []
    monkeypatch.setattr(certificates, "TlsLine", lambda _, context: used.append(context))
    return used, told, Certificates(files, told.append, every=every)


def test_a_renewed_certificate_is_used_and_a_broken_one_is_told_once(
    authority: Authority, files: TlsFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, told, kept = used_by(files, monkeypatch, every=0.0)
    with socket.socket() as sock:
        kept.line(sock)
        kept.line(sock)
        whole = files.certificate.read_bytes()
        files.certificate.write_bytes(b"")
        kept.line(sock)
        kept.line(sock)
        files.certificate.unlink()
        kept.line(sock)
        assert len(set(map(id, used))) == 1
        assert [each.partition(": ")[2].split()[:2] for each in told] == [
            ["SECOND_READER_TLS_CERTIFICATE", "holds"],
            ["SECOND_READER_TLS_CERTIFICATE", "cannot"],
        ]
        files.certificate.write_bytes(whole)
        kept.line(sock)
    assert used[-1] is not used[0]
    assert len(told) == 2


def test_files_are_looked_at_every_so_often_only(files: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    used, told, kept = used_by(files, monkeypatch, every=3600.0)
    os.truncate(files.certificate, 0)
    with socket.socket() as sock:
        kept.line(sock)
    assert (len(used), told) == (1, [])

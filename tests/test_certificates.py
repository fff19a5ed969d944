"""Which files make a certificate that the door can show, and what is said of others."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from server.certificates import Certificates, TlsFiles, context_of
from server.errors import Category, Fault
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


def test_a_renewed_certificate_is_used_and_a_broken_one_is_told_once(files: TlsFiles) -> None:
    told: list[str] = []
    kept = Certificates(files, told.append, every=0.0)
    first = kept.context()
    assert kept.context() is first
    whole = files.certificate.read_bytes()
    files.certificate.write_bytes(b"")
    assert kept.context() is first
    assert kept.context() is first
    files.certificate.unlink()
    assert kept.context() is first
    assert [each.partition(": ")[2].split()[:2] for each in told] == [
        ["SECOND_READER_TLS_CERTIFICATE", "holds"],
        ["SECOND_READER_TLS_CERTIFICATE", "cannot"],
    ]
    files.certificate.write_bytes(whole)
    assert kept.context() is not first
    assert len(told) == 2


def test_files_are_looked_at_every_so_often_only(files: TlsFiles) -> None:
    told: list[str] = []
    kept = Certificates(files, told.append, every=3600.0)
    first = kept.context()
    os.truncate(files.certificate, 0)
    assert (kept.context(), told) == (first, [])


def test_another_door_names_its_own_settings(tmp_path: Path, files: TlsFiles) -> None:
    other = TlsFiles(tmp_path / "none", files.key, setting="DICOM_TLS", protocols=())
    assert refused(other) == "DICOM_TLS_CERTIFICATE cannot be read (No such file or directory)"

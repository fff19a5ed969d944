"""A key or certificate that cannot be used is refused at the start, by destination and key."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP384R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from server.errors import Category, Fault
from server.fhir.line import context
from server.fhir.smart.sound import demand_sound
from server.model import Destination, Login, Trust
from tests.access.keys import curve

NOW = datetime.now(UTC)


def certified(folder: Path, key: EllipticCurvePrivateKey, name: str) -> Path:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 1, NOW, NOW + timedelta(days=1))
    path = folder / f"{name}.pem"
    path.write_bytes(made.sign(key, SHA384()).public_bytes(Encoding.PEM))
    return path


def kept(folder: Path, key: EllipticCurvePrivateKey, password: bytes = b"") -> Path:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    path = folder / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    return path


def ehr(key: Path | None = None, **trust: str) -> Destination:
    login = key and Login("second-reader", str(key), "system/Task.rus")
    return Destination(
        "ehr", "https://ehr.example/fhir", ("urn:x",), timedelta(seconds=5), login, Trust(**trust)
    )


def refused(destination: Destination) -> str:
    with pytest.raises(Fault) as wrong:
        demand_sound(destination)
    assert wrong.value.category is Category.INCORRECT
    return str(wrong.value)


def test_what_is_right_passes(tmp_path: Path) -> None:
    key = generate_private_key(SECP384R1())
    jwk = tmp_path / "ehr.jwk.json"
    jwk.write_text(json.dumps(curve().as_dict(private=True)))
    pem = str(certified(tmp_path, key, "us"))
    demand_sound(ehr())
    demand_sound(ehr(jwk, ca=pem, certificate=pem, certificate_key=str(kept(tmp_path, key))))


def test_a_key_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "ehr.jwk.json"
    assert "destination ehr: private_key: " in refused(ehr(bad))
    bad.write_text(json.dumps(curve().as_dict(private=False)))
    assert "no private key; allowed: " in refused(ehr(bad))


def test_certificates_are_named(tmp_path: Path) -> None:
    key = generate_private_key(SECP384R1())
    pem = str(certified(tmp_path, key, "us"))
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    assert "destination ehr: ca: " in refused(ehr(ca=str(empty)))
    assert "destination ehr: ca: " in refused(ehr(ca=str(tmp_path / "none.pem")))
    assert "destination ehr: certificate: " in refused(ehr(certificate=pem))
    other = kept(tmp_path, generate_private_key(SECP384R1()))
    assert "certificate: " in refused(ehr(certificate=pem, certificate_key=str(other)))
    locked = kept(tmp_path, key, b"secret")
    assert "its key unencrypted" in refused(ehr(certificate=pem, certificate_key=str(locked)))


def test_a_bundle_that_is_replaced_is_read_again(tmp_path: Path) -> None:
    ca = certified(tmp_path, generate_private_key(SECP384R1()), "first")
    trust = Trust(ca=str(ca))
    before = context(trust)
    assert context(replace(trust)) is before
    certified(tmp_path, generate_private_key(SECP384R1()), "second").rename(ca)
    assert context(trust) is not before

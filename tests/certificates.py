"""Certificates of the tests' own authority, made anew for each use."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
NAMES = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])


class Authority:
    """Signs certificates for this machine; its own lies in ``file``."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.file = folder / f"{name}.pem"
        self._folder, self._key = folder, generate_private_key(SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        ours = self._build(self._name, self._key, DAY).add_extension(x509.BasicConstraints(True, None), True)
        self.file.write_bytes(ours.sign(self._key, SHA256()).public_bytes(Encoding.PEM))

    def signs(self, name: str, *, days: int = 1, password: bytes = b"") -> tuple[Path, Path]:
        """(certificate, key), of which those of the same name before are replaced."""
        key = generate_private_key(SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._build(subject, key, days * DAY).add_extension(NAMES, False).sign(self._key, SHA256())
        how = BestAvailableEncryption(password) if password else NoEncryption()
        files = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        files[0].write_bytes(made.public_bytes(Encoding.PEM))
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
        return files

    def trusted(self, shown: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """What a client begins with that believes this authority alone."""
        context = ssl.create_default_context(cafile=self.file)
        if shown:
            context.load_cert_chain(*shown)
        return context

    def _build(self, subject, key, span: timedelta) -> x509.CertificateBuilder:
        begins, ends = datetime.now(UTC) - 2 * DAY, datetime.now(UTC) + span
        return x509.CertificateBuilder(
            self._name, subject, key.public_key(), x509.random_serial_number(), begins, ends
        )

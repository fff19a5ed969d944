"""The certificate that a door shows: read again when its files change, while the server runs."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from server.errors import Category, Fault, fault
from server.settings import PREFIX

_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325 section 4.2)."""
_SETTINGS = ("CERTIFICATE", "KEY", "CLIENT_CA")
_WEAK = ("EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files."""

    certificate: Path
    """The server's own first, then those that lead to the root."""
    key: Path
    client_ca: Path | None = None
    """Whoever comes in must show a certificate that one of these has signed."""
    setting: str = "TLS"
    """How the settings that name them begin."""
    protocols: tuple[str, ...] = ("http/1.1",)
    """What is spoken inside, by its name in ALPN (RFC 7301); DICOM has none."""


class Certificates:
    """What new connections begin with, under the certificate of now. Used by one thread."""

    def __init__(self, files: TlsFiles, warn: Callable[[str], None], every: float = 1.0) -> None:
        """``warn`` is told of changed files that cannot be used; the last good ones stay in force.

        ``every``: how many seconds pass at least between two looks. Raises Fault as ``context_of``.
        """
        self._files, self._warn, self._every = files, warn, every
        self._stamp = _stamp(files)
        self._context = context_of(files)
        self._next_look = time.monotonic() + every

    def context(self) -> ssl.SSLContext:
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + self._every
            self._look()
        return self._context

    def _look(self) -> None:
        stamp = _stamp(self._files)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._context = context_of(self._files)
        except Fault as failure:
            self._warn(f"the changed TLS files are not used, those before stay in force: {failure}")


def context_of(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 or 1.3.

    Raises:
        Fault: INCORRECT, naming the setting; no path and nothing of what the file holds.
    """
    texts = {name: _text(name, path) for name, path in _named(files)}
    certificate, key, client_ca = (f"{files.setting}_{each}" for each in _SETTINGS)
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(_CIPHERS)
    if files.protocols:
        made.set_alpn_protocols(list(files.protocols))
    made.options |= ssl.OP_NO_RENEGOTIATION
    _demand_certificates(certificate, texts[certificate])
    try:
        # An encrypted key would be asked for at the terminal; this password opens none.
        made.load_cert_chain(files.certificate, files.key, password=lambda: b"")
    except (OSError, ValueError) as error:
        raise _told(getattr(error, "reason", None), certificate, key) from error
    if files.client_ca is not None:
        made.load_verify_locations(cadata=_demand_certificates(client_ca, texts[client_ca]))
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def _named(files: TlsFiles) -> Iterator[tuple[str, Path]]:
    for each, path in zip(_SETTINGS, (files.certificate, files.key, files.client_ca), strict=True):
        if path is not None:
            yield f"{files.setting}_{each}", path


def _text(name: str, path: Path) -> str:
    try:
        return path.read_text("ascii", errors="ignore")  # comments may be in any language
    except OSError as error:
        raise _wrong(name, f"cannot be read ({error.strerror})") from error


def _demand_certificates(name: str, text: str) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise _wrong(name, "holds no certificate; allowed: a PEM file of certificates") from error
    return text


def _told(reason: str | None, certificate: str, key: str) -> Fault:
    """What is wrong with which setting, from OpenSSL's name for it."""
    if reason == "KEY_VALUES_MISMATCH":
        return _wrong(key, f"does not belong to the first certificate of {PREFIX}{certificate}")
    if reason in _WEAK:
        what = "is too weak; allowed: RSA of 2048 bits or more, or EC, signed with SHA-256 or more"
        return _wrong(certificate, what)
    what = "holds no usable key; allowed: a PEM file of one private key that no password protects"
    return _wrong(key, what)


def _wrong(name: str, what: str) -> Fault:
    return fault(Category.INCORRECT, "value", f"{PREFIX}{name} {what}")


def _stamp(files: TlsFiles) -> tuple[tuple[int, int, int], ...]:
    """Tells changed files; one that is gone looks like a changed one."""
    return tuple(_seen(path) for _, path in _named(files))


def _seen(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)

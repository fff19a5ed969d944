"""Every setting once: name, type, default, one sentence. The only reader of the environment.

Each setting ``x`` is read from ``SECOND_READER_X``. ``python -m server check`` prints them all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from server import written
from server.consistency import demand_consistent
from server.errors import Category, fault

PREFIX = written.PREFIX
_PACKAGE = Path(__file__).parent


def _setting(
    default: Any, read: Callable[[str], Any], allowed: str, sentence: str, *, secret: bool = False
) -> Any:
    metadata = {"read": read, "allowed": allowed, "sentence": sentence}
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may choose."""

    data: Path = _setting(Path("var"), Path, "a folder path", "Where the database and the bytes live.")
    database_url: str = _setting(
        "",
        written.database,
        "postgresql://role@host/database, special characters percent-encoded",
        "A PostgreSQL database to use instead of the SQLite file in the data folder; empty: that file.",
        secret=True,  # it may hold a password
    )
    host: str = _setting("127.0.0.1", str, "an address", "The address that the FHIR door listens on.")
    port: int = _setting(8080, written.port, "1 to 65535", "The port of the FHIR door, health and metrics.")
    tls_certificate: Path | None = _setting(
        None,
        Path,
        "a PEM file",
        "The certificate that the FHIR door shows, and those that lead to its root; none: plain HTTP. "
        "Read again when it changes.",
    )
    tls_key: Path | None = _setting(
        None, Path, "a PEM file", "The private key of the certificate, not protected by a password."
    )
    tls_client_ca: Path | None = _setting(
        None,
        Path,
        "a PEM file",
        "Whoever comes in must show a certificate that one of these has signed; none: nobody must.",
    )
    clients: Path | None = _setting(
        None,
        Path,
        "a TOML file",
        "The systems that may come in, with their keys and scopes; none: nobody is told apart, "
        "and only this machine is listened to.",
    )
    open_network: bool = _setting(
        False,
        written.flag,
        "yes or no",
        "Without clients: allow listening beyond this machine although nobody is told apart; "
        "say yes only behind a proxy that authenticates, or with client certificates.",
    )
    base_url: str = _setting(
        "",
        written.url,
        "an http(s) URL",
        "Public FHIR base for Location headers; empty: http://host:port/fhir, with TLS https.",
    )
    destinations: Path | None = _setting(
        None, Path, "a TOML file", "The systems that results are written back to; none: results stay here."
    )
    subscribers: tuple[str, ...] = _setting(
        (),
        written.urls,
        "http(s) URLs with commas between",
        "Bases below which subscribers may be told, besides https on the public network.",
    )
    notify_for: timedelta = _setting(
        timedelta(hours=96),
        written.seconds,
        "seconds",
        "How long a notification is tried before its Subscription becomes error.",
    )
    cards: Path = _setting(
        _PACKAGE / "reader" / "cards", Path, "a folder", "Reader cards with their model files."
    )
    policies: Path = _setting(
        _PACKAGE / "routing" / "policies", Path, "a folder", "One policy file for each question."
    )
    operator: str = _setting(
        "Second Reader operator",
        str,
        "a name",
        "The organisation that takes responsibility for the opinions it sends.",
    )
    web_workers: int = _setting(2, written.positive, "1 or more", "Processes that serve HTTP.")
    web_threads: int = _setting(8, written.positive, "1 or more", "Threads of each HTTP process.")
    max_body: int = _setting(
        50 * 1024 * 1024, written.positive, "bytes", "Largest HTTP body; a larger one is answered with 413."
    )
    max_resource: int = _setting(
        8 * 1024 * 1024,
        written.positive,
        "bytes",
        "Largest single resource; a larger one is answered with 413.",
    )
    max_stow: int = _setting(1024**3, written.positive, "bytes", "Largest STOW-RS body; beyond it: 413.")
    max_entries: int = _setting(5_000, written.positive, "1 or more", "Most entries of one Bundle.")
    max_page: int = _setting(
        500, written.positive, "1 or more", "Most matches on one page of a search, whatever _count asks for."
    )
    max_included: int = _setting(
        1_000,
        written.positive,
        "1 or more",
        "Most resources that a page of a search brings beside its matches.",
    )
    lease: timedelta = _setting(
        timedelta(seconds=60),
        written.seconds,
        "seconds",
        "How long a worker may hold a case before another takes it over.",
    )
    step_attempts: int = _setting(
        5,
        written.positive,
        "1 or more",
        "How often a failing step is tried before the case is marked faulted.",
    )
    idle: timedelta = _setting(
        timedelta(milliseconds=10),
        written.seconds,
        "seconds",
        "How long an idle worker sleeps between looks.",
    )
    dicom_host: str = _setting("127.0.0.1", str, "an address", "The address that the DICOM door listens on.")
    dicom_port: int = _setting(
        11112, written.port_or_none, "0 to 65535", "The port of the DICOM door without TLS; 0: there is none."
    )
    dicom_tls_port: int = _setting(
        0,
        written.port_or_none,
        "0 to 65535",
        "Its port with TLS, 2762 by the standard's register; 0: there is none.",
    )
    dicom_tls_certificate: Path | None = _setting(
        None,
        Path,
        "a PEM file",
        "The certificate that the DICOM door shows, and those that lead to its root. "
        "Read again when it changes.",
    )
    dicom_tls_key: Path | None = _setting(
        None, Path, "a PEM file", "The private key of that certificate, not protected by a password."
    )
    dicom_tls_client_ca: Path | None = _setting(
        None,
        Path,
        "a PEM file",
        "Whoever calls by TLS must show a certificate that one of these has signed; none: nobody must.",
    )
    dicom_peers: Path | None = _setting(
        None,
        Path,
        "a TOML file",
        "Our AE titles with their rules, and the peers that may call them, by AE title and address; "
        "none: any title may call any title, from this machine only.",
    )
    dicom_processes: int = _setting(2, written.positive, "1 or more", "Processes that take associations.")
    dicom_max_associations: int = _setting(
        64, written.positive, "1 or more", "Most associations at once; 16 of them of one address."
    )
    dicom_max_object: int = _setting(
        4 * 1024**3, written.positive, "bytes", "Largest object; a larger one is answered with A700."
    )
    mllp_host: str = _setting("127.0.0.1", str, "an address", "The address that the HL7 v2 door listens on.")
    mllp_port: int = _setting(
        2575, written.port_or_none, "0 to 65535", "Its port without TLS (MLLP); 0: there is none."
    )
    mllp_tls_port: int = _setting(
        0, written.port_or_none, "0 to 65535", "Its port with TLS; 0: there is none."
    )
    mllp_tls_certificate: Path | None = _setting(
        None,
        Path,
        "a PEM file",
        "The certificate that the HL7 v2 door shows, and those that lead to its root. "
        "Read again when it changes.",
    )
    mllp_tls_key: Path | None = _setting(
        None, Path, "a PEM file", "The private key of that certificate, not protected by a password."
    )
    mllp_tls_client_ca: Path | None = _setting(
        None,
        Path,
        "a PEM file",
        "Whoever connects by TLS must show a certificate that one of these has signed; none: nobody must.",
    )
    mllp_links: Path | None = _setting(
        None,
        Path,
        "a TOML file",
        "The systems that send HL7 v2 messages, by address, certificate and name, and what their messages "
        "mean; none: whoever is on this machine. Read again when it changes.",
    )
    mllp_processes: int = _setting(2, written.positive, "1 or more", "Processes that take HL7 v2 messages.")
    mllp_max_connections: int = _setting(
        1000, written.positive, "1 or more", "Most MLLP connections at once; 200 of them of one address."
    )
    mllp_max_message: int = _setting(
        16 * 1024**2, written.positive, "bytes", "Largest HL7 v2 message; a larger one is answered with AR."
    )
    log_level: str = _setting("info", written.level, "debug, info, warning or error", "How much is logged.")

    @property
    def fhir_base(self) -> str:
        """The FHIR base URL that we print into Location headers and fullUrls."""
        host = f"[{self.host}]" if ":" in self.host else self.host  # IPv6, RFC 3986 section 3.2.2
        scheme = "https" if self.tls_certificate else "http"
        return self.base_url or f"{scheme}://{host}:{self.port}/fhir"

    @property
    def dicom_door(self) -> bool:
        """Whether there is one."""
        return bool(self.dicom_port or self.dicom_tls_port)

    @property
    def mllp_door(self) -> bool:
        """Whether there is one."""
        return bool(self.mllp_port or self.mllp_tls_port)

    @property
    def database(self) -> Path | str:
        """The file of the SQLite database, or the URL of the PostgreSQL one."""
        return self.database_url or self.data / "second-reader.db"


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment.

    Raises:
        Fault: INCORRECT, naming the variable and what is allowed.
    """
    source = os.environ if environment is None else environment
    chosen = {
        each.name: _read(each.name, source[PREFIX + each.name.upper()], each.metadata)
        for each in fields(Settings)
        if source.get(PREFIX + each.name.upper())
    }
    _known_only(source)
    settings = Settings(**chosen)
    demand_consistent(settings)
    return settings


def table() -> list[tuple[str, str, str, str]]:
    """(variable, default, allowed, sentence) of every setting, for people."""
    defaults = Settings()
    return [
        (
            PREFIX + each.name.upper(),
            str(getattr(defaults, each.name)),
            each.metadata["allowed"],
            each.metadata["sentence"],
        )
        for each in fields(Settings)
    ]


def _read(name: str, text: str, metadata: Mapping[str, Any]) -> Any:
    try:
        return metadata["read"](text)
    except (ValueError, KeyError, OverflowError) as error:
        raise fault(
            Category.INCORRECT,
            "value",
            f"{PREFIX}{name.upper()} is not usable; allowed: {metadata['allowed']}",
        ) from error


def _known_only(source: Mapping[str, str]) -> None:
    known = {PREFIX + each.name.upper() for each in fields(Settings)}
    unknown = sorted(name for name in source if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise fault(Category.INCORRECT, "value", f"no such setting: {', '.join(unknown)}")

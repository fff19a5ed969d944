"""What settings must be together: nobody is let in, and nothing is told, by two of them that differ."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from server.errors import Category, fault
from server.written import PREFIX

if TYPE_CHECKING:
    from server.settings import Settings


def demand_consistent(settings: Settings) -> None:
    """Raises Fault, naming the settings and what is allowed."""
    _whole_tls(settings)
    _whole_tls_port(settings, "dicom", "2762 is the usual one")
    _whole_tls_port(settings, "mllp", "any that is free")
    _distinct_ports(settings)
    _closed_network(settings)
    _known_peers(settings)
    _private_line(settings)


def _distinct_ports(settings: Settings) -> None:
    chosen = ("port", "dicom_port", "dicom_tls_port", "mllp_port", "mllp_tls_port")
    seen: dict[int, str] = {}
    for name in chosen:
        port = getattr(settings, name)
        if port and seen.setdefault(port, name) != name:
            names = " and ".join(f"{PREFIX}{each.upper()}" for each in (seen[port], name))
            text = f"{names} are one port; each door needs its own"
            raise fault(Category.INCORRECT, "value", text)


def _whole_tls(settings: Settings) -> None:
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        there, lacking = ("KEY", "CERTIFICATE") if settings.tls_key else ("CERTIFICATE", "KEY")
        text = f"{PREFIX}TLS_{there} needs {PREFIX}TLS_{lacking}; both may name one file"
        raise fault(Category.INCORRECT, "value", text)
    if settings.tls_client_ca is not None and settings.tls_certificate is None:
        text = f"{PREFIX}TLS_CLIENT_CA needs {PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY"
        raise fault(Category.INCORRECT, "value", text)
    if settings.tls_certificate is not None and not settings.fhir_base.startswith("https://"):
        text = (
            f"{PREFIX}BASE_URL must begin with https, because {PREFIX}TLS_CERTIFICATE is set; or leave it out"
        )
        raise fault(Category.INCORRECT, "value", text)


def _whole_tls_port(settings: Settings, door: str, usual: str) -> None:
    """Of a door that has a port with TLS beside one without."""
    port, plain, certificate, key, client_ca = (
        getattr(settings, f"{door}_{each}")
        for each in ("tls_port", "port", "tls_certificate", "tls_key", "tls_client_ca")
    )
    name = f"{PREFIX}{door.upper()}"
    if port and None in (certificate, key):
        text = f"{name}_TLS_PORT needs {name}_TLS_CERTIFICATE and {name}_TLS_KEY"
        raise fault(Category.INCORRECT, "value", text)
    if not port and any((certificate, key, client_ca)):
        text = f"{name}_TLS_PORT is needed for the certificate that is set; {usual}"
        raise fault(Category.INCORRECT, "value", text)
    if port and port == plain:
        text = f"{name}_PORT and {name}_TLS_PORT must differ; 0 switches one off"
        raise fault(Category.INCORRECT, "value", text)


def _closed_network(settings: Settings) -> None:
    if _on_this_machine(settings.host):
        return
    if settings.clients is None and not settings.open_network:
        raise fault(
            Category.FORBIDDEN,
            "security",
            f"{PREFIX}HOST is beyond this machine and nobody is told apart; name who may come in with "
            f"{PREFIX}CLIENTS, or put an authenticating proxy in front and set {PREFIX}OPEN_NETWORK=yes",
        )
    if settings.clients is not None and not settings.fhir_base.startswith("https://"):
        raise fault(
            Category.FORBIDDEN,
            "security",
            f"{PREFIX}HOST is beyond this machine, where tokens must not go unencrypted; set "
            f"{PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY, or end TLS in a proxy in front and set "
            f"{PREFIX}BASE_URL to the https address that clients use",
        )


def _known_peers(settings: Settings) -> None:
    if settings.dicom_peers is None and settings.dicom_door and not _on_this_machine(settings.dicom_host):
        raise fault(
            Category.FORBIDDEN,
            "security",
            f"{PREFIX}DICOM_HOST is beyond this machine and nobody is told apart; "
            f"name who may call with {PREFIX}DICOM_PEERS",
        )
    if settings.mllp_links is None and settings.mllp_door and not _on_this_machine(settings.mllp_host):
        raise fault(
            Category.FORBIDDEN,
            "security",
            f"{PREFIX}MLLP_HOST is beyond this machine and nobody is told apart; "
            f"name who may send with {PREFIX}MLLP_LINKS",
        )


def _private_line(settings: Settings) -> None:
    """Unasked, libpq goes on in clear text, without a word, with a server that offers no TLS."""
    url = urlsplit(settings.database_url)
    asked = parse_qs(url.query)
    hosts = [each for each in (url.hostname, *asked.get("host", [])) if each]
    if "sslmode" not in asked and not all(_on_this_machine(each) for each in hosts):
        raise fault(
            Category.FORBIDDEN,
            "security",
            f"{PREFIX}DATABASE_URL leads beyond this machine and does not say how the line is kept private; "
            "add ?sslmode=verify-full (and sslrootcert=FILE), or sslmode=disable on a private network",
        )


def _on_this_machine(host: str) -> bool:
    if host == "localhost" or host.startswith("/"):  # the folder of a socket
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""Whether a destination's key and certificates can be used, asked at the start and by ``check``."""

from __future__ import annotations

from pathlib import Path

from server.errors import Category, Fault, fault
from server.fhir.line import context
from server.fhir.smart.keys import signer
from server.model import Destination


def demand_sound(destination: Destination) -> None:
    """Raises Fault(INCORRECT) that names the destination, the file and what is allowed."""
    login, trust = destination.login, destination.trust
    if login is not None:
        try:
            signer(Path(login.private_key).read_bytes(), login.key_id)
        except OSError as error:
            raise _wrong(destination, "private_key", login.private_key, f"{error.strerror}") from error
        except ValueError as error:
            raise _wrong(destination, "private_key", login.private_key, str(error)) from None
    for name, file in (("ca", trust.ca), ("certificate", trust.certificate)):
        try:
            context(trust if name == "certificate" else type(trust)(ca=trust.ca))
        except OSError as error:
            raise _wrong(destination, name, file, "allowed: a PEM file, its key unencrypted") from error


def _wrong(destination: Destination, key: str, file: str, why: str) -> Fault:
    text = f"destination {destination.name}: {key}: {file} cannot be used: {why}"
    return fault(Category.INCORRECT, "value", text)

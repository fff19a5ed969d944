"""FHIR JSON as bytes and back, keeping decimals as they were written (1.10 stays 1.10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from conformance.peers.codes import Resource

FHIR_JSON = "application/fhir+json"

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Refused(Exception):
    """A request that a peer does not carry out; becomes an OperationOutcome."""

    def __init__(self, status: int, code: str, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    media_type: str = FHIR_JSON
    headers: dict[str, str] = field(default_factory=dict)
    afterwards: Callable[[], None] | None = None
    """What to do once the answer has left."""


def encode(value: Any) -> bytes:
    return _ENCODER.encode(value)


def decode(body: bytes) -> Any:
    """Any JSON value.

    Raises:
        ValueError: the bytes are not JSON.
    """
    return _DECODER.decode(body)


def decode_object(body: bytes) -> Resource:
    """One JSON object.

    Raises:
        Refused: 400 when the bytes are not JSON or not an object.
    """
    try:
        value = decode(body)
    except ValueError as error:
        raise Refused(400, "structure", "the body is not JSON; send one FHIR resource") from error
    if not isinstance(value, dict):
        raise Refused(400, "structure", "the body is not a JSON object; send one FHIR resource")
    return value


def outcome(code: str, text: str, severity: str = "error") -> Resource:
    """An OperationOutcome with one issue (R4 OperationOutcome)."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, "diagnostics": text}],
    }


def refusal(refused: Refused) -> Answer:
    body = encode(outcome(refused.code, str(refused)))
    return Answer(refused.status, body, headers=refused.headers)

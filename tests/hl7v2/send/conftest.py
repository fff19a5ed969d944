"""A system that takes results, and documents for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from conformance.peers.ris import Ris
from server.hl7v2.send.courier import MllpCourier
from server.model import Document, Hl7Destination, Hl7Kind, Hl7Terms

TERMS = Hl7Terms(("SECONDREAD", ""), ("EHR", ""))


def told(port: int, terms: Hl7Terms = TERMS, seconds: float = 5.0) -> Hl7Destination:
    return Hl7Destination(
        "ris", ("ehr",), (), frozenset(Hl7Kind), "127.0.0.1", port, timedelta(seconds=seconds), terms
    )


def document(control: str = "SR1", asks: str = "AL|NE") -> Document:
    text = f"MSH|^~\\&|SECONDREAD||EHR||20260105090212+0000||ORU^R01^ORU_R01|{control}|P|2.5.1|||{asks}\r"
    return Document(f"d-{control}", "oru", "ris", "application/hl7-v2", text.encode())


@pytest.fixture
def ris() -> Iterator[Ris]:
    with Ris() as program:
        yield program


@pytest.fixture
def courier(ris: Ris) -> Iterator[MllpCourier]:
    made = MllpCourier([told(ris.port)])
    yield made
    made.close()

from __future__ import annotations

from typing import Any

import pytest

from server.fhir.needs import needs
from tests.world import START


def spoken(code: str, system: str = "urn:ietf:bcp:47", **more: Any) -> dict[str, Any]:
    return {"language": {"coding": [{"system": system, "code": code}]}, **more}


@pytest.mark.parametrize(
    ("communication", "languages"),
    [
        ([], ()),
        ([spoken("fr-CH")], ("fr-ch",)),
        ([spoken("de"), spoken("fr")], ("de", "fr")),
        ([spoken("de"), spoken("fr", preferred=True)], ("fr",)),
        ([spoken("french", "urn:elsewhere")], ()),
        ([{"language": {"text": "French"}}], ()),
    ],
)
def test_languages(communication: list[dict[str, Any]], languages: tuple[str, ...]) -> None:
    assert needs({"communication": communication}, START).languages == languages


CH, FR, IT = {"country": "CH"}, {"country": "FR"}, {"country": "IT"}


@pytest.mark.parametrize(
    ("addresses", "places"),
    [
        ([], set()),
        ([CH], {"CH"}),
        ([CH, {**FR, "use": "home"}], {"FR"}),
        ([{**CH, "use": "home"}, {**FR, "use": "temp"}], {"FR"}),
        ([{**CH, "use": "home"}, {**FR, "use": "temp", "period": {"end": "2025-12-31"}}], {"CH"}),
        ([{**CH, "use": "home"}, {**FR, "use": "temp", "period": {"start": "2027"}}], {"CH"}),
        ([{**CH, "use": "work"}, {**FR, "use": "old"}, {**IT, "use": "billing"}], set()),
        ([{**CH, "type": "postal"}], set()),
        ([{"use": "home", "text": "over there"}, {**IT, "use": "home"}], {"IT"}),
    ],
)
def test_where_the_patient_lives(addresses: list[dict[str, Any]], places: set[str]) -> None:
    assert needs({"address": addresses}, START).places == places

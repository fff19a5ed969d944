"""Whose number it is: as the link says, as the world knows, else the link's own."""

from __future__ import annotations

import pytest

from server.hl7v2.mapping.convert import identifiers
from server.hl7v2.mapping.tables.patient import nobodys
from tests.hl7v2.mapping.convert.values import made
from tests.hl7v2.mapping.telling import MRN

OURS = "https://second-reader.example/hl7v2/link/hospital"


@pytest.mark.parametrize(
    ("authority", "system", "notes"),
    [
        ("HOSP", MRN, ()),
        ("HOSP&1.2.3&ISO", MRN, ()),
        ("&1.2.3&ISO", MRN, ()),
        ("OTHER&1.2.3&ISO", MRN, ()),
        ("&1.2.4&ISO", "urn:oid:1.2.4", ()),
        ("HOSP&1.2.4&ISO", "urn:oid:1.2.4", ()),
        ("&426D2726-51FC-89FE-A946-8596E80A80EB&GUID", "urn:uuid:426d2726-51fc-89fe-a946-8596e80a80eb", ()),
        ("&http://a.example/ids&URI", "http://a.example/ids", ()),
        ("&not an oid&ISO", f"{OURS}/authority/not%20an%20oid", ("assigning authority not known ZZZ-1",)),
        ("&1.2.4&L", f"{OURS}/authority/1.2.4", ("assigning authority not known ZZZ-1",)),
        ("ELSE", f"{OURS}/authority/ELSE", ("assigning authority not known ZZZ-1",)),
    ],
)
def test_a_patients_number_is_of_its_authority(authority: str, system: str, notes: tuple[str, ...]) -> None:
    found, said = made(identifiers.extended(nobodys), f"1^^^{authority}^MR")
    assert (found["system"], said) == (system, notes)


def test_a_bare_number_has_no_system() -> None:
    found, _ = made(identifiers.extended(nobodys), " 007 ")
    assert found == {"value": "007"}


def test_an_order_number_without_an_authority_is_the_links() -> None:
    placer = identifiers.entity("PLAC", identifiers.placer_system)
    assert made(placer, "1")[0]["system"] == f"{OURS}/placer"
    agreed = "https://a.example/orders"
    assert made(placer, "1", order_system=agreed)[0]["system"] == agreed
    assert made(placer, "1^X")[0]["system"] == f"{OURS}/authority/X", "two hospitals may use one number"
    others = "https://second-reader.example/hl7v2/link/other/filler"
    found = made(placer, f"1^^{others}^URI")[0]["system"]
    assert found.startswith(f"{OURS}/authority/"), "no link speaks of what we name for another"
    assert made(placer, "1^EHR")[0]["system"] == "https://hospital.example/orders"
    assert made(placer, "") == (None, ())


def test_only_numbers_with_a_system_tell_who_somebody_is() -> None:
    found = [{"system": "a", "value": "1"}, {"value": "2"}, {"system": "a", "value": "1"}]
    assert identifiers.pairs(found) == (("a", "1"),)

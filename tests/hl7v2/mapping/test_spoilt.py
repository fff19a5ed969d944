"""Whatever stands in a field: a story comes of it, and what it makes is valid."""

from __future__ import annotations

import random

import pytest

from server.fhir.parse import parse
from server.fhir.validate import check
from server.fhir.write import dump
from tests.hl7v2.mapping import full
from tests.hl7v2.mapping.telling import PID, line, told

JUNK = (
    "", '""', "00000000", "19900231", "99999999999999", "abc", "-1", "1e5", "7,1", "<5", "\x00\x07",
    "\xfc\xfc\xfc", " ", "&", "&&x", "^^^", "~~a~b",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "0", "+", ".", "2.16.840.1", "urn:x", "20200101250000", "20200101120000+9900", "20200101120060",
    "2020-01-01", "http://x y", "NaN", "\t", "1 000", "L", "a  b", "\u2028", "F", "W", "X", "NW",
    "\ufffe", "-0", "0.0000001",
    "11111111111111111111111111111111111111111111111111111111111111111111111111111111",
    "00010101000000+1400", "99991231235959-1400", "19700329023000", "^^^^^^^^^^^^^^^^^^^^^x",
    "x&y&z^a&b&c^d&e&f^g&h&i~j", "Y", "\ud7ff",
    "1^2^3^4^5^6^7^8^9^10^11^12^13^14^15^16^17^18^19^20^21^22",
)  # fmt: skip
_SEEDS = 12
_VISIT = full.SEGMENTS["PV1[Encounter]"][1][0]
_ORDERED = "\n".join(
    (PID, _VISIT, *(full.SEGMENTS[f"{name}[ServiceRequest]"][1][0] for name in ("ORC", "OBR", "TQ1", "NTE")))
)
_OBSERVED = "\n".join(full.SEGMENTS["OBX[Observation]"][1])
WHOLE = {
    "ADT^A08": f"{full.SEGMENTS['PID[Patient]'][1][0]}\n{_VISIT}\n{full.SEGMENTS['PV2[Encounter]'][1][0]}",
    "ADT^A40": f"{PID}\nMRG|9^^^HOSP^MR",
    "ORM^O01": f"{_ORDERED}\nDG1|1||J18^X^I10\n{_OBSERVED}\nZDS|1.2.3^X",
    "OMI^O23": f"{_ORDERED}\nIPC|A7^RIS|RP|1.2.3^RIS|SPS|CT^^DCM||||CT1",
    "OML^O21": f"{_ORDERED}\n{full.SEGMENTS['SPM[Specimen]'][1][0]}",
    "ORU^R01": f"{_ORDERED}\n{_OBSERVED}\n{full.SEGMENTS['SPM[Specimen]'][1][0]}\n{_OBSERVED}",
    "MDM^T02": f"{_ORDERED}\n{full.SEGMENTS['TXA[DocumentReference]'][1][0]}\n{_OBSERVED}",
    "REF^I12": "RF1|P^P|R|Med^M^L|||R7^EHR|20260105|20260205|20260104|O^Why^L|X9\n"
    f"PRD|RP|DOC^ANNA|^^CITY|^^^WARD|^WPN^PH^^^^^^^^^555||7^^^HOSP^NPI\nPRD|RT|A^B|||555||8||||HOME\n{_ORDERED}",
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("seed", range(_SEEDS))
def test_a_spoilt_message_still_makes_valid_resources(kind: str, seed: int) -> None:
    chance = random.Random(f"{kind} {seed}")
    text = "\n".join(_spoilt(each, chance) for each in WHOLE[kind].split("\n"))
    for draft in told(text, kind).drafts:
        check(parse(dump(draft.resource)), draft.type)


def _spoilt(segment: str, chance: random.Random) -> str:
    name, *fields = segment.split("|")
    for at in range(len(fields)):
        if chance.random() < 0.15 and (name, at) not in (("OBX", 1), ("PID", 2)):
            fields[at] = _changed(fields[at], chance)
    return "|".join((name, *fields))


def _changed(field: str, chance: random.Random) -> str:
    junk = chance.choice(JUNK)
    if chance.random() < 0.5:
        return junk
    components = field.split("^")
    components[chance.randrange(len(components))] = junk
    return "^".join(components)


@pytest.mark.parametrize("kind", WHOLE)
def test_a_message_of_empty_segments_makes_nothing_wrong(kind: str) -> None:
    names = [each.partition("|")[0] for each in WHOLE[kind].split("\n")]
    for draft in told("\n".join(names), kind).drafts:
        check(parse(dump(draft.resource)), draft.type)


@pytest.mark.parametrize("junk", JUNK)
def test_the_same_in_every_field_makes_nothing_wrong(junk: str) -> None:
    for kind, whole in WHOLE.items():
        names = [each.partition("|")[0] for each in whole.split("\n")]
        text = "\n".join(line(each, dict.fromkeys(range(1, 45), junk)) for each in names)
        for draft in told(text, kind).drafts:
            check(parse(dump(draft.resource)), draft.type)

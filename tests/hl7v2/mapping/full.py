"""Values with everything in them, for each map of HL7's that we follow, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.hl7v2.mapping import values
from server.hl7v2.mapping.concepts.people import GENDER
from server.hl7v2.mapping.convert import (
    addresses,
    attachments,
    codes,
    contacts,
    identifiers,
    names,
    numbers,
    people,
    times,
)
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.tables.patient import nobodys
from server.hl7v2.message import Repetition
from tests.hl7v2.mapping.telling import LINK, NOW, PID, line, told
from tests.hl7v2.splitter import split

PERSON = (
    "D1^LAST&van&OWN&de&PART^FIRST^MIDDLE^JR^DR^MD^^HOSP&1.2.3&ISO^L^5^M11^NPI^FAC"
    "^^^20100101&20110101^G^20120101^20130101^PHD"
)
CODED = "C1^One^LN^C2^Two^L^v1^v2^Original^C3^Three^99X^v3"
NUMBERED = "N1^7^M10^HOSP&1.2.3&ISO^MR^FAC^20200101^20210101"


def repetition(written: str) -> Repetition:
    message = split(rf"MSH|^~\&|A|B|C|D|||ORU^R01|1|P|2.5.1{chr(10)}ZZZ|{written}")
    return message.extra[0].first(1) if written else Repetition(())


def _made(convert: Callable[[Repetition, Making, str], Any]) -> Callable[[str], Any]:
    return lambda written: convert(repetition(written), Making(LINK, NOW), "HERE-1")


def _drafted(convert: Callable[[Repetition, Making, str], Any], type_: str) -> Callable[[str], Any]:
    """The resource that a reference leads to."""

    def run(written: str) -> Any:
        making = Making(LINK, NOW)
        convert(repetition(written), making, "HERE-1")
        return next((each.resource for each in making.drafts if each.type == type_), {})

    return run


def _observed(type_: str) -> Callable[[str], Any]:
    def run(written: str) -> Any:
        message = split(
            rf"MSH|^~\&|A|B|C|D|||ORU^R01|1|P|2.5.1{chr(10)}OBX|1|{type_}|C^N^LN||{written}||||||F"
        )
        found = values.value(message.content.segments("OBX")[0], Making(LINK, NOW))
        return next((each for key, each in found.items() if key.startswith("value")), found)

    return run


def _measured(unit: str) -> Any:
    message = split(rf"MSH|^~\&|A|B|C|D|||ORU^R01|1|P|2.5.1{chr(10)}OBX|1|NM|C^N^LN||7|{unit}|||||F")
    found = values.value(message.content.segments("OBX")[0], Making(LINK, NOW))["valueQuantity"]
    return {"Quantity": {key: each for key, each in found.items() if key != "value"}}


DATA_TYPES: dict[str, tuple[Callable[[str], Any], tuple[str, ...]]] = {
    "XPN[HumanName]": (
        _made(lambda *each: [names.name(*each), names.called_name(*each)]),
        (
            "LAST&van&OWN&de&PART^FIRST^MIDDLE^JR^DR^MD^L^^^20100101&20110101",
            "LAST&van&OWN&de&PART^FIRST^MIDDLE^JR^DR^MD^L^^^^G^20120101^20130101^PHD^NICK",
        ),
    ),
    "FN[HumanName]": (_made(names.family), ("LAST^van^OWN^de^PART",)),
    "XAD[Address]": (
        _made(addresses.address),
        (
            "ROAD&STREET&1^OTHER^CITY^STATE^ZIP^DE^H^^COUNTY^^^20200101&20210101^^^^^^^LINE",
            "ROAD&STREET&1^OTHER^CITY^STATE^ZIP^DE^M^^COUNTY^^^^20200101^20210101",
        ),
    ),
    "SAD[Address]": (_made(addresses.street), ("ROAD^STREET^1",)),
    "XTN[ContactPoint]": (
        _made(contacts.contact()),
        (
            "555^WPN^FX",
            "^NET^Internet^a@b.example",
            "^^^a@b.example",
            "^PRN^PH^^49^30^123",
            "^PRN^PH^^49^30^123^9^text^^^^20200101^20210101^^^^3",
            "^PRN^PH^^^30^123",
            "^PRN^PH^^^30^123^9",
            "^PRN^PH^^^^^^^^^5551234",
        ),
    ),
    "CX[Identifier]": (_made(identifiers.extended(nobodys)), (NUMBERED,)),
    "EI[Identifier-Extension]": (
        _made(identifiers.entity("PLAC", identifiers.placer_system)),
        ("N1^EHR^1.2.3^ISO",),
    ),
    "EI[Identifier-System]": (
        _made(identifiers.entity("PLAC", identifiers.placer_system)),
        ("N1^EHR", "N1^^1.2^ISO"),
    ),
    "EIP[Identifier-PlacerAssignedIdentifier]": (
        _made(identifiers.part_of(1, "PGN", identifiers.group_system)),
        ("P1&EHR^F1&LAB",),
    ),
    "EIP[Identifier-FillerAssignedIdentifier]": (
        _made(identifiers.part_of(2, "FGN", identifiers.group_system)),
        ("P1&EHR^F1&LAB",),
    ),
    "HD[uri]": (
        lambda written: identifiers.known_system(
            identifiers.authority(repetition(written)), Making(LINK, NOW)
        ),
        ("EHR", "^1.2.840.1^ISO", "^426d2726-51fc-89fe-a946-8596e80a80eb^UUID", "^http://a.example/x^URI"),
    ),
    "CWE[CodeableConcept]": (_made(codes.concept), (CODED,)),
    "CNE[CodeableConcept]": (_made(codes.concept), (CODED,)),
    "CF[CodeableConcept]": (_made(codes.concept), (CODED,)),
    "CE[CodeableConcept]": (_made(codes.concept), ("C1^One^LN^C2^Two^L",)),
    "CWE[Coding]": (_made(codes.coding), (CODED,)),
    "CWE[code]": (_made(codes.mapped(GENDER)), ("M", "^^^M")),
    "CWE[string]": (_made(addresses.district), ("^Two^^^^^^^Nine", "^Two")),
    "CWE[Quantity]": (
        _measured,
        ("mg/dL^milligram^UCUM", "mg/dL"),
    ),
    "IS[CodeableConcept]": (_made(codes.concept), ("C1",)),
    "ID[CodeableConcept]": (_made(codes.concept), ("C1",)),
    "XCN[Practitioner]": (
        _drafted(people.practitioner, "Practitioner"),
        (PERSON, PERSON.replace("20120101^20130101", "^"), PERSON.replace("^NPI", "^DN")),
    ),
    "CNN[Practitioner]": (
        _drafted(
            lambda value, making, where: people.reader(
                Repetition((tuple(each[0] for each in value.components),)), making, where
            ),
            "Practitioner",
        ),
        ("D1^LAST^FIRST^MIDDLE^JR^DR^MD^^HOSP^1.2.3^ISO",),
    ),
    "NDL[PractitionerRole]": (
        _made(lambda *each: {"practitioner": people.reader(*each)}),
        ("D1&LAST&FIRST^20200101^20210101^POC^ROOM^BED^FAC",),
    ),
    "XON[Organization]": (
        _drafted(people.organization, "Organization"),
        ("NAME^L^123^4^M10^HOSP&1.2.3&ISO^XX^FAC^^ID9", "NAME^L^123^4^M10^HOSP&1.2.3&ISO^XX"),
    ),
    "NM[Quantity]": (_made(lambda *each: (numbers.quantity(*each) or {}).get("value")), ("7.10",)),
    "NM[positiveInt]": (_made(numbers.positive), ("7",)),
    "NR[Range]": (_made(numbers.span), ("1^2",)),
    "SN[Quantity]": (_observed("SN"), ("<^5", "^5")),
    "SN[Range]": (_observed("SN"), ("^5^-^7",)),
    "SN[Ratio]": (_observed("SN"), ("<^1^:^128", "^1^/^2")),
    "DR[Period]": (_made(times.period), ("20200101^20210101",)),
    "DTM[dateTime]": (_made(times.date_time), ("20200101",)),
    "TS[dateTime]": (_made(times.date_time), ("20200101",)),
    "ED[Attachment]": (
        _made(attachments.embedded),
        ("APP^Application^PDF^Base64^AAAA", "APP^IM^^Base64^AAAA"),
    ),
    "RP[Attachment]": (_made(attachments.pointer), ("https://a.example/x^APP^Text^CSV",)),
}
"""Map -> what makes it, values."""


def resource(kind: str, type_: str, before: str = "", after: str = "") -> Callable[[str], Any]:
    def run(line: str) -> Any:
        found = told(f"{before}\n{line}\n{after}", kind)
        return next((each.resource for each in found.drafts if each.type == type_), {})

    return run


_ORDERED = "OBR|1|||24725-4^CT Head^LN"
_VISIT = {1: "1", 2: "I", 19: "V1^^^HOSP"}
_ORDER = {1: "1", 2: "P9^EHR", 4: "24725-4^CT Head^LN"}
_DOCUMENT = {1: "1", 2: "DI^Image^L", 12: "U1^HOSP", 17: "AU"}
SEGMENTS: dict[str, tuple[Callable[[str], Any], tuple[str, ...]]] = {
    "PID[Patient]": (
        resource("ADT^A08^ADT_A01", "Patient"),
        (
            line("PID", {
                1: "1", 2: "E1^^^EHR", 3: "123^^^HOSP^MR", 4: "A1^^^EHR", 5: "DOE^JANE", 6: "MAIDEN",
                7: "197001011230", 8: "F", 9: "ALIAS^X", 10: "R", 11: "^^CITY", 12: "COUNTY", 13: "555",
                14: "666",
                15: "en^English^HL70296", 16: "M", 17: "REL", 18: "ACC^^^HOSP^AN", 19: "SSN", 20: "DL1^NW",
                21: "MOTHER", 22: "ETH", 23: "PLACE", 24: "Y", 26: "CIT", 28: "NAT", 30: "Y", 35: "SPEC",
                36: "BREED", 39: "TRIBE", 40: "777^^CP",
            }),
            line("PID", {3: "123^^^HOSP^MR", 25: "2", 29: "20200101"}),
        ),
    ),
    "PV1[Encounter]": (
        resource("ADT^A08^ADT_A01", "Encounter", PID),
        (
            line("PV1", _VISIT | {
                3: "A^1^2", 4: "ELEC", 5: "PRE", 6: "B^1^2", 7: "D1^A", 8: "D2^B", 9: "D3^C", 10: "MED",
                11: "C^1",
                13: "R", 14: "SRC", 15: "AMB", 16: "VIP", 17: "D4^D", 36: "01", 37: "DEST", 38: "DIET",
                40: "X",
                42: "D^1", 44: "20200101", 50: "V2^^^HOSP", 52: "D5^E", 53: "EPI", 54: "E1",
            }),
            line("PV1", _VISIT | {45: "20200102"}),
            line("PV1", _VISIT | {2: "P", 3: "A^1^2"}),
        ),
    ),
    "PV2[Encounter]": (
        resource("ADT^A08^ADT_A01", "Encounter", f"{PID}\n{line('PV1', _VISIT)}"),
        (line("PV2", {1: "A^1", 3: "I10^Why^L", 8: "20200101", 9: "20200102", 11: "4", 12: "WORDS",
        13: "D1^A",
                      22: "Y", 25: "1", 38: "AMB"}),),
    ),
    "ORC[ServiceRequest]": (
        resource("ORM^O01", "ServiceRequest", PID, _ORDERED),
        (
            line("ORC", {
                1: "NW", 2: "P9^EHR", 3: "F9^LAB", 4: "G1&EHR^G2&LAB", 5: "CM", 7: "1^^^20200101^^S",
                9: "20200102", 12: "D3^C", 14: "555", 16: "R^Why^L", 21: "HOSPITAL", 22: "^^CITY", 23: "666",
                24: "^^STREET", 28: "CON", 29: "I", 33: "N1^^^HOSP", 38: "FG1",
            }),
            line("ORC", {1: "OC", 2: "P9^EHR"}),
        ),
    ),
    "OBR[ServiceRequest]": (
        resource("ORM^O01", "ServiceRequest", f"{PID}\nORC|NW"),
        (
            line("OBR", _ORDER | {
                3: "F9^LAB", 5: "S", 6: "20200101", 11: "G", 13: "INFO^Words^L", 16: "D2^B", 17: "555",
                24: "RAD",
                29: "PP&EHR^PF&LAB", 31: "WHY^Why^L", 46: "46^D^L", 47: "47^D^L", 53: "N1^^^HOSP",
            }),
            line("OBR", _ORDER | {11: "A", 27: "1^^^20200101^^S"}),
        ),
    ),
    "TQ1[ServiceRequest]": (
        resource("OML^O21^OML_O21", "ServiceRequest", f"{PID}\nORC|NW|P9^EHR", _ORDERED),
        (line("TQ1", {1: "1", 2: "1^mg", 3: "Q1H", 4: "1130", 5: "5^min", 6: "2^d", 7: "20200101",
        8: "20200102",
                      9: "S", 10: "COND", 11: "WORDS", 13: "1^h", 14: "5"}),),
    ),
    "ORC[DiagnosticReport]": (
        resource("ORU^R01^ORU_R01", "DiagnosticReport", PID, f"{_ORDERED}|||||||||||||||||||||F"),
        (line("ORC", {1: "RE", 2: "P9^EHR", 3: "F9^LAB", 4: "G1^G2", 9: "20200101", 16: "WHY", 28: "CON"}),),
    ),
    "OBR[DiagnosticReport]": (
        resource("ORU^R01^ORU_R01", "DiagnosticReport", PID),
        (
            line("OBR", _ORDER | {
                3: "F9^LAB", 7: "20200101", 8: "20200102", 22: "20200103120000", 24: "RAD", 25: "F",
                32: "D5&X&Y", 34: "D7&T&T", 35: "D8&S&S",
            }),
            line("OBR", _ORDER | {7: "20200101", 25: "F"}),
        ),
    ),
    "SPM[Specimen]": (
        resource("OML^O21^OML_O21", "Specimen", f"{PID}\nORC|NW|P9^EHR\n{_ORDERED}"),
        (
            line("SPM", {
                1: "1", 2: "P1&EHR^F1&LAB", 3: "PP&EHR^PF&LAB", 4: "BLD^Blood^L", 6: "ADD^A^L", 7: "MET^M^L",
                8: "SITE^S^L", 12: "5^mL", 14: "WORDS", 17: "20200101^20200102", 18: "20200103", 20: "Y",
                24: "COND^C^L", 27: "TUBE^T^L", 30: "AC1^^^HOSP", 31: "N1^^^HOSP", 32: "SH1",
            }),
            line("SPM", {1: "1", 2: "P1&EHR^F1&LAB", 17: "20200101"}),
        ),
    ),
    "TXA[DocumentReference]": (
        resource("MDM^T02^MDM_T02", "DocumentReference", PID, "OBX|1|TX|C^N^LN||WORDS||||||F"),
        (
            line("TXA", _DOCUMENT | {
                3: "TX", 6: "20200102120000", 9: "D2^B", 10: "D3^C", 16: "FILE", 18: "V", 19: "AV",
                25: "WORDS",
            }),
            line("TXA", _DOCUMENT | {19: "OB"}),
            line("TXA", _DOCUMENT),
        ),
    ),
    "NTE[ServiceRequest]": (
        resource("ORM^O01", "ServiceRequest", f"{PID}\nORC|NW|P9^EHR\n{_ORDERED}"),
        ("NTE|1|L|WORDS|RE^R^L|D1^A|20200101",),
    ),
    "NTE[Observation]": (
        resource("ORU^R01^ORU_R01", "Observation", f"{PID}\n{_ORDERED}\nOBX|1|NM|C^N^LN||7||||||F"),
        ("NTE|1|L|WORDS|RE^R^L|D1^A|20200101",),
    ),
}  # fmt: skip
_OBSERVED = (
    ("NM", "7.1", "mg/dL^^UCUM", "F"), ("ST", "WORDS", "", "F"), ("TX", "WORDS", "", "F"),
    ("FT", "WORDS", "", "F"),
    ("CF", CODED, "", "F"), ("CNE", CODED, "", "F"), ("CE", "C1^One^LN", "", "F"), ("CWE", CODED, "", "F"),
    ("IS", "C1", "", "F"), ("DR", "20200101^20200102", "", "F"), ("DTM", "20200101", "", "F"),
    ("DT", "20200101", "", "F"), ("NR", "1^2", "mg^^UCUM", "F"), ("VR", "1^2", "", "F"),
    ("TM", "1230", "", "F"),
    ("SN", "<>^5", "mg^^UCUM", "F"), ("SN", "^1^:^2", "mg^^UCUM", "F"), ("SN", "^1^-^2", "mg^^UCUM", "F"),
    ("SN", "^1^+", "mg^^UCUM", "F"), ("SN", "<^5", "mg^^UCUM", "F"), ("ED", "A^AP^PDF^Base64^AAAA", "", "F"),
    ("RP", "https://a.example/x^A^Image^JPEG", "", "F"), ("NM", "", "", "X"), ("NM", "", "", "N"),
)  # fmt: skip
SEGMENTS["OBX[Observation]"] = (
    resource("ORU^R01^ORU_R01", "Observation", f"{PID}\n{_ORDERED}"),
    tuple(
        line("OBX", {
            1: "1", 2: type_, 3: "C9^Nine^LN", 4: "1&2", 5: value, 6: unit, 7: "70-105", 8: "H^High^HL70078",
            9: "0.9", 10: "A", 11: status, 14: "20200102120000", 15: "PROD", 16: "D1^A", 17: "METH^M^L",
            18: "DEV1^EHR", 19: "20200103", 20: "SITE^S^L", 21: "RES1^LAB", 23: "ORG^L^5", 24: "^^CITY",
            29: "RSLT", 30: "ASO", 33: "SP1^SP2",
        })
        for type_, value, unit, status in _OBSERVED
    ),
)  # fmt: skip

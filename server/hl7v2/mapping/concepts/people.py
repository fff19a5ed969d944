"""Codes about people: tables 0001, 0002, 0136, 0190, 0200, 0201, 0202."""

from __future__ import annotations

from server.hl7v2.mapping.concepts.table import Concepts

_NULL = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"

GENDER = Concepts(
    "AdministrativeSex",
    "http://hl7.org/fhir/administrative-gender",
    {"F": "female", "M": "male", "O": "other", "U": "unknown", "A": "other", "N": "other"},
)
MARITAL = Concepts(
    "MaritalStatus",
    "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus",
    {
        "A": "L", "D": "D", "M": "M", "S": "S", "W": "W", "C": "C", "G": "T", "P": "T", "R": "T",
        "E": "L", "N": "A", "I": "I", "B": "U",
    },
    elsewhere={"U": (_NULL, "UNK"), "O": (_NULL, "OTH"), "T": (_NULL, "NAVU")},
    v2="http://terminology.hl7.org/CodeSystem/v2-0002",
)  # fmt: skip
YES = Concepts("YesNoIndicator", "", {"Y": "true", "N": "false"})
NAME_USE = Concepts(
    "NameType",
    "http://hl7.org/fhir/name-use",
    {
        "BAD": "old", "D": "usual", "L": "official", "M": "maiden", "MSK": "anonymous", "N": "nickname",
        "NAV": "temp", "R": "official", "TEMP": "temp",
    },
    # No longer to be used: FHIR's "old" is not to be used now either (R4 name-use).
    ours={"NOUSE": "old"},
)  # fmt: skip
ADDRESS_TYPE = Concepts(
    "AddressType[Type]", "http://hl7.org/fhir/address-type", {"M": "postal", "SH": "postal"}
)
ADDRESS_USE = Concepts(
    "AddressType[Use]",
    "http://hl7.org/fhir/address-use",
    {"BA": "old", "BI": "billing", "C": "temp", "B": "work", "H": "home", "O": "work"},
)
CONTACT_USE = Concepts(
    "TelecommunicationUseCode",
    "http://hl7.org/fhir/contact-point-use",
    {"PRN": "home", "WPN": "work", "PRS": "mobile"},
    # A further number of the home, and a temporary one where the holidays are spent.
    ours={"ORN": "home", "VHN": "temp"},
)
CONTACT_SYSTEM = Concepts(
    "TelecommunicationEquipmentType",
    "http://hl7.org/fhir/contact-point-system",
    {
        "PH": "phone", "FX": "fax", "MD": "other", "SAT": "other", "BP": "pager", "Internet": "email",
        "X.400": "email", "TDD": "other", "TTY": "other",
    },
    # HL7 makes "mobile", a use, of it; the system must be said too as soon as there is a value (cpt-2).
    ours={"CP": "phone"},
)  # fmt: skip

"""Which messages are taken, and what each is made of (HL7 v2.8 chapters 3, 4, 7, 9 and 11)."""

from __future__ import annotations

STRUCTURES = {
    ("ADT", "A01"): "ADT_A01",
    ("ADT", "A03"): "ADT_A03",
    ("ADT", "A04"): "ADT_A01",
    ("ADT", "A08"): "ADT_A01",
    ("ADT", "A11"): "ADT_A09",
    ("ADT", "A13"): "ADT_A01",
    ("ADT", "A28"): "ADT_A05",
    ("ADT", "A31"): "ADT_A05",
    ("ADT", "A34"): "ADT_A30",
    ("ADT", "A37"): "ADT_A37",
    ("ADT", "A40"): "ADT_A39",
    ("ADT", "A47"): "ADT_A30",
    ("MDM", "T02"): "MDM_T02",
    ("OMI", "O23"): "OMI_O23",
    ("OML", "O21"): "OML_O21",
    ("ORM", "O01"): "ORM_O01",
    ("ORU", "R01"): "ORU_R01",
    ("REF", "I12"): "REF_I12",
    ("REF", "I13"): "REF_I12",
    ("REF", "I14"): "REF_I12",
}
CODES = frozenset(code for code, _ in STRUCTURES)
TAKEN = tuple(sorted(f"{code}^{event}" for code, event in STRUCTURES))
VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
"""Those that there are tables of."""
NEAREST = {"2.7.1": "2.7"}
"""2.7.1 corrected 2.7 in words; of the structures that are taken none is another."""
KNOWN = tuple(sorted((*VERSIONS, *NEAREST)))


def nearest(version: str) -> tuple[str, ...]:
    """Versions in the order in which a structure is looked for: its own, older ones, then newer ones."""
    at = VERSIONS.index(version)
    return (*VERSIONS[at::-1], *VERSIONS[at + 1 :])

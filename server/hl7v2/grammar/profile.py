"""Our own profile: what we need beyond the standard, and what of the standard we can do without.

What the tables require and is not named here is overlooked when it is missing, and said by name.
"""

from __future__ import annotations


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEEDED_SEGMENTS: dict[str, tuple[str, ...]] = {
    "ADT_A01": ("PID",),
    "ADT_A03": ("PID",),
    "ADT_A05": ("PID",),
    "ADT_A09": ("PID",),
    "ADT_A30": ("PID", "MRG"),
    "ADT_A37": ("PID",),
    "ADT_A39": ("PID", "MRG"),
    "MDM_T02": ("PID", "TXA", "OBX"),
    "OMI_O23": ("PID", "ORC", "OBR", "IPC"),
    "OML_O21": ("PID", "ORC", "OBR"),
    "ORM_O01": ("PID", "ORC"),
    "ORU_R01": ("PID", "OBR"),
    "REF_I12": ("PID",),
}
"""Without them we could make nothing of it."""

ONCE = {"ORU_R01": {"PATIENT_RESULT"}}
"""Groups that we take one of: results of two patients in one message are two messages."""

NEVER_FIRST = {"PRIOR_RESULT": {"ORC", "OBR"}}
"""In OML an ORC after an order could begin its prior results as well as the next order. It is the next order;
prior results begin with what they have of the patient: PID, PV1 or AL1."""
ONE_ORDER = "ORDER_PRIOR"
"""After one an ORC is refused for the same reason: nobody can tell whether it is to be carried out."""
FOLLOWERS = frozenset({"NTE", "PRT"})
"""They say something about what stands before them, and belong to the innermost group that may have them."""

NEEDED_FIELDS: dict[str, tuple[int, ...]] = {"PID": (3,), "MRG": (1,), "OBR": (4,)}
NEEDED_IN: dict[str, dict[str, tuple[int, ...]]] = {
    "ORU_R01": {"OBX": (3, 11)},
    "ORM_O01": {"ORC": (1,)},
    "OML_O21": {"ORC": (1,)},
    "OMI_O23": {"ORC": (1,)},
}
"""By structure; beside ``NEEDED_FIELDS``, which hold everywhere."""

IDENTIFIERS = {("PID", 3), ("MRG", 1)}
"""Their first component must be valued: an authority without a number names nobody."""

NUMBERS = {
    ("PID", 3), ("PID", 18), ("MRG", 1), ("PV1", 19), ("ORC", 2), ("ORC", 3), ("OBR", 2), ("OBR", 3),
    ("OBR", 18), ("IPC", 1), ("IPC", 2), ("IPC", 3), ("TXA", 12),
}  # fmt: skip
"""A separator within one that was not escaped would make another number of it: refused."""

USED = {
    "PID": {7, 29},
    "PV1": {44, 45},
    "ORC": {9, 15},
    "OBR": {6, 7, 8, 14, 22, 36},
    "OBX": {14, 19},
    "TXA": {4, 6, 7, 8},
}
"""Dates and numbers that the mapping reads: one that is none is refused; elsewhere it is overlooked."""

OBX_TYPES = _codes(
    "AD AUI CCD CCP CD CE CF CK CN CNE CNN CP CSU CWE CX DDI DIN DLD DLN DLT DR DT DTM DTN ED "
    "EI EIP ELD ERL FC FN FT GTS HD ICD ID IS JCC LA1 LA2 MA MO MOC MOP MSG NA NDL NM NR OCD "
    "OSD OSP PIP PL PLN PN PPN PRL PT PTA QIP QSC RCD RFR RI RMC RP RPT SAD SCV SI SN SNM SPD "
    "SPS SRT ST TM TN TQ TS TX UVC VH VID VR WVI WVS XAD XCN XON XPN XTN"
)
"""Table 0125, of all versions."""
TABLES = {
    ("ORC", 1): _codes(
        "AF CA CH CN CP CR DC DE DF DR FU HD HR LI MC NA NR NW OC OD OE OF OH OK OP OR PA PR PY "
        "RA RC RD RE RF RL RM RO RP RQ RR RU SC SN SP SQ SR SS UA UC UD UF UH UM UN UR UX XO XR "
        "XX"
    ),
    ("OBR", 25): _codes("A C D F I M N O P R S X Y Z"),
    ("OBX", 2): OBX_TYPES,
    ("OBX", 11): _codes("A B C D F I N O P R S U V W X"),
}
"""Tables 0119, 0123, 0125 and 0085: what we act by must be one that is known."""
FLAGGED = {("PID", 8): _codes("A F M N O U X")}
"""Table 0001: another is kept, and said."""

OWN_SEGMENTS = frozenset({"ZDS"})
"""IHE Radiology TF-2 section 4.4.4.1.2.2: ZDS-1 is the Study Instance UID."""

"""How the specialist peer forms an opinion: five published criteria, any one is enough.

Spanos, Harrell and Durack, JAMA 1989;262:2700-2707: each of these findings alone predicted
bacterial rather than viral meningitis with 99 % certainty. Their units were SI; here they are
in the units the laboratory sends. It is a stand-in for a physician's judgement, good for
tests and demonstrations and for nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

GLUCOSE_BELOW = Decimal(34)
"""CSF glucose in mg/dL (1.9 mmol/L)."""
RATIO_BELOW = Decimal("0.23")
"""CSF glucose to blood glucose."""
PROTEIN_ABOVE = Decimal(220)
"""CSF protein in mg/dL (2.2 g/L)."""
LEUKOCYTES_ABOVE = Decimal(2000)
"""CSF leukocytes per microlitre."""
NEUTROPHILS_ABOVE = Decimal(1180)
"""CSF neutrophils per microlitre."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The rule's answer, with each criterion that was met, in words."""

    bacterial: bool
    reasons: tuple[str, ...]


def judge(values: Mapping[str, Decimal]) -> Judgement:
    """Apply the criteria to whatever of ``csf_wbc`` (/uL), ``csf_neut_pct`` (%), ``csf_gluc``,
    ``csf_prot`` and ``blood_gluc`` (mg/dL) is there; a criterion without its values is not met.
    """
    reasons = tuple(reason for reason in (_glucose(values), _ratio(values), _protein(values)) if reason)
    reasons += tuple(reason for reason in (_leukocytes(values), _neutrophils(values)) if reason)
    return Judgement(bool(reasons), reasons)


def _glucose(values: Mapping[str, Decimal]) -> str:
    met = "csf_gluc" in values and values["csf_gluc"] < GLUCOSE_BELOW
    return f"CSF glucose below {GLUCOSE_BELOW} mg/dL" if met else ""


def _ratio(values: Mapping[str, Decimal]) -> str:
    csf, blood = values.get("csf_gluc"), values.get("blood_gluc")
    met = csf is not None and blood and csf / blood < RATIO_BELOW
    return f"CSF to blood glucose ratio below {RATIO_BELOW}" if met else ""


def _protein(values: Mapping[str, Decimal]) -> str:
    met = "csf_prot" in values and values["csf_prot"] > PROTEIN_ABOVE
    return f"CSF protein above {PROTEIN_ABOVE} mg/dL" if met else ""


def _leukocytes(values: Mapping[str, Decimal]) -> str:
    met = "csf_wbc" in values and values["csf_wbc"] > LEUKOCYTES_ABOVE
    return f"CSF leukocytes above {LEUKOCYTES_ABOVE}/uL" if met else ""


def _neutrophils(values: Mapping[str, Decimal]) -> str:
    count, share = values.get("csf_wbc"), values.get("csf_neut_pct")
    met = count is not None and share is not None and count * share / 100 > NEUTROPHILS_ABOVE
    return f"CSF neutrophils above {NEUTROPHILS_ABOVE}/uL" if met else ""

"""DiagnosticReport: a copy of the specialist's own, under an identifier that we minted.

A human wrote and signed it: it keeps its status and carries no AI label.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence
from server.fhir.pens.datatypes import Json, logical
from server.model import SpecialistRead
from server.times import instant

_COPIED = (
    "status", "category", "code", "effectiveDateTime", "effectivePeriod", "conclusion", "conclusionCode",
    "presentedForm",
)  # fmt: skip
"""What stands on its own. Elements that point elsewhere at our door are not copied."""


def write_specialist_report(
    letter: Correspondence, read: SpecialistRead, name: str, posted: Mapping[str, Any]
) -> Json:
    """``posted``: the DiagnosticReport version that was signed; ``name``: the specialist's, for people."""
    security = posted.get("meta", {}).get("security")
    return {
        "resourceType": "DiagnosticReport",
        **({"meta": {"security": security}} if security else {}),
        "identifier": [letter.label(terms.SPECIALIST_REPORT, "specialist-report")],
        "basedOn": [logical("ServiceRequest", letter.label(terms.REFERRAL, "referral"))],
        **{part: posted[part] for part in _COPIED if part in posted},
        "subject": letter.subject(),
        "issued": instant(read.signed_at),
        "resultsInterpreter": [letter.reference(read.role, name)],
    }

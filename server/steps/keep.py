"""KEPT: the physician in charge keeps the first report against the specialist's answer (S2.7)."""

from __future__ import annotations

from server.arbitration import Kept
from server.fhir.pens.correspondence import Standing
from server.fhir.terms import Business
from server.ports import Progress
from server.steps.casefile import CaseFile
from server.steps.write_up import write_up_anew


def keep(file: CaseFile) -> Progress:
    """WRITTEN_UP once more: the report and the EHR's Task say who decided, and why."""
    said = file.needed("kept", Kept)
    text = f"{said.by} keeps the first report: {said.reason}"
    return write_up_anew(file, Standing("completed", Business.CLOSED_KEPT, text))

"""What is shown to fail at a wrong server holds at the right one: else it fails for another reason."""

from __future__ import annotations

import pytest

from conformance.checks.table import CLAIMS
from conformance.checks.verdict import Outcome

RESTING_ON_CASES = [each.id for each in CLAIMS if each.id.startswith(("opinion/", "rights/"))]


@pytest.mark.parametrize("id_", RESTING_ON_CASES)
def test_it_holds(judge, id_):
    assert judge(id_).outcome is Outcome.PASSED

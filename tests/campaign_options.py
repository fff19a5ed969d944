"""Command line options of the campaigns in tests/flow: short by default, longer on request."""

from __future__ import annotations

import pytest


def add_campaign_options(parser: pytest.Parser) -> None:
    """``--kills``, ``--seed``, ``--cuts``, ``--searches``, ``--seconds`` and ``--database``."""
    group = parser.getgroup("campaigns", "campaigns against real processes (tests/flow)")
    group.addoption("--kills", type=int, default=50, help="kill -9 of web and work, in all (default 50)")
    group.addoption("--seed", type=int, default=None, help="repeat the draws of a campaign that printed it")
    group.addoption("--cuts", type=int, default=3, help="power cuts on a loop device (default 3)")
    group.addoption("--searches", type=int, default=300, help="searches under six tokens (default 300)")
    group.addoption("--seconds", type=float, default=10.0, help="length of the SQLite campaign (default 10)")
    group.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="what the campaigns' sites keep their cases in (default sqlite)",
    )

"""Command line options of the campaigns: short by default, longer on request."""

from __future__ import annotations

import pytest


def add_campaign_options(parser: pytest.Parser) -> None:
    """``--kills``, ``--seed``, ``--cuts``, ``--searches``, ``--fates``, ``--seconds`` and ``--database``."""
    group = parser.getgroup("campaigns", "campaigns that take a count or a time")
    group.addoption("--kills", type=int, default=20, help="kill -9 of web and work, in all (default 20)")
    group.addoption("--seed", type=int, default=None, help="repeat the draws of a campaign that printed it")
    group.addoption("--cuts", type=int, default=2, help="power cuts on a loop device (default 2)")
    group.addoption("--searches", type=int, default=150, help="searches under six tokens (default 150)")
    group.addoption("--fates", type=int, default=4, help="cases that anything befalls (default 4)")
    group.addoption(
        "--seconds",
        type=float,
        default=6.0,
        help="length of the campaigns that say so, in seconds (default 6)",
    )
    group.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="what the campaigns' sites keep their cases in (default sqlite)",
    )

"""A resource to bytes: compact UTF-8 JSON in which every decimal keeps its digits.

``1.10`` must not become ``1.1`` (R4 datatypes, decimal: precision is part of the value). An
exponent stays an exponent, because ``1E+2`` written as ``100`` would claim two digits more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def dump(resource: Mapping[str, Any]) -> bytes:
    """``resource`` as JSON; Decimals as numbers, strings as they are."""
    return _ENCODER.encode(resource)

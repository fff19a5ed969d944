"""The types of resources that this door serves, and what may be done with each: one line for each type.

Everything that lists types reads this table: routes, the CapabilityStatement, search.
"""

from __future__ import annotations

from server.fhir.index import PARAMETERS

SEARCHED: tuple[str, ...] = tuple(sorted(PARAMETERS))

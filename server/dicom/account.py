"""What one request of a DICOM door touched, as accesses (``server/accesses.py``), by HTTP or by DIMSE."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.accesses import Access, Doing, Outcome
from server.errors import Category, Fault

TYPE = "ImagingStudy"
LONGEST = 65_536
"""Characters of a search that are kept."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks, when, for what."""

    at: datetime
    name: str
    client: str
    """By which id they are known; empty where nobody is told apart."""
    address: str
    doing: Doing
    query: str
    """A search as it came."""
    request: str = ""
    type: str = TYPE

    def of_studies(
        self,
        studies: Sequence[str],
        pictured: Callable[[Sequence[str]], tuple[str, ...]],
        outcome: Outcome = Outcome.SUCCESS,
        detail: str = "",
    ) -> list[Access]:
        """A search is one access, whatever it found; of anything else each study is one."""
        if self.doing is Doing.SEARCH or not studies:
            return [self._access(pictured(studies) if studies else (), "", outcome, detail)]
        return [self._access(pictured((each,)), each, outcome, detail) for each in studies]

    def of_resources(self, what: Sequence[str]) -> list[Access]:
        """``Type/id/_history/n`` of what was shown."""
        return [self._access(tuple(what), "", Outcome.SUCCESS, "")]

    def refused(self, failure: Fault) -> list[Access]:
        detail = "; ".join(dict.fromkeys(issue.code for issue in failure.issues))
        outcome = Outcome.SERIOUS if failure.category is Category.FORBIDDEN else Outcome.MINOR
        return [self._access((), "", Outcome.MAJOR if failure.category.ours else outcome, detail)]

    def _access(self, what: tuple[str, ...], document: str, outcome: Outcome, detail: str) -> Access:
        return Access(
            id=str(uuid.uuid4()),
            at=self.at,
            doing=self.doing,
            name=self.name,
            client=self.client,
            address=self.address,
            request=self.request,
            outcome=outcome,
            detail=detail,
            type=self.type,
            what=what,
            query=self.query[:LONGEST] if self.doing is Doing.SEARCH else "",
            document=document,
        )

"""Everything that a Task refers to, fetched from below the partner's base; bounded in number and depth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from server.errors import Category, fault
from server.fhir.line import Question
from server.fhir.partner.asking import Page, evidence, page, resource, unusable
from server.fhir.partner.names import key_of, target
from server.fhir.partner.translation import is_our_own
from server.fhir.proof import Answer
from server.fhir.references import pointers
from server.model import Coding
from server.ports import Resource

MOST_PAGES: Final = 20
_MOST_BYTES: Final = 16 * 2**20
_MOST: Final = 500
_DEPTH: Final = 3
"""Task, report, who signed it, for whom they work."""
_COMES_ALONG: Final = frozenset(
    {"DiagnosticReport", "Observation", "Organization", "Patient", "Practitioner", "PractitionerRole"}
)
"""What a case is read, signed and answered by; no more of a patient's record is fetched than that."""
_ABSENT: Final = (401, 403, 404, 410)
"""What may not be had: whether it is needed is for the rules of admission to say."""

Ask = Callable[[Question], Answer]


@dataclass(slots=True)
class Gathering:
    """What has been fetched from one partner for one Task, by ``Type/id`` there."""

    ask: Ask
    base: str
    fetched: dict[str, Resource] = field(default_factory=dict)
    _absent: set[str] = field(default_factory=set)

    def all_of(self, task: Resource, codes: Sequence[Coding]) -> dict[str, Resource]:
        """Raises:
        Undelivered: the partner cannot be read now.
        Fault: UNPROCESSABLE for more than anybody would read.
        """
        patient = target(task, "for", self.base)
        if patient is not None and codes:
            for each in self._observations(patient, codes):
                self.fetched[f"Observation/{each['id']}"] = each
        level: Iterable[Resource] = [task, *self.fetched.values()]
        for _ in range(_DEPTH):
            wanted = dict.fromkeys(key for each in level for key in self._keys(each))
            level = [found for key in wanted if (found := self._one(key)) is not None]
        return self.fetched

    def _keys(self, of: Resource) -> list[str]:
        keys = (key_of(each["reference"], self.base) for each in pointers(of))
        return [key for key in keys if key and key.partition("/")[0] in _COMES_ALONG]

    def _one(self, key: str) -> Resource | None:
        """A resource that is not here yet; None for one that is, or that may not be had."""
        if key in self.fetched or key in self._absent:
            return None
        answer = self.ask(Question("GET", f"/{key}", {}))
        found = None if answer.status in _ABSENT else resource(answer, key)
        if found is None or is_our_own(found):
            self._absent.add(key)
            return None
        self._keep(key, found)
        return found

    def _keep(self, key: str, found: Resource) -> None:
        if len(self.fetched) >= _MOST:
            text = f"this Task leads to more than {_MOST} resources; at most so many are fetched"
            raise fault(Category.UNPROCESSABLE, "too-costly", text, "Task")
        self.fetched[key] = found

    def _observations(self, patient: str, codes: Sequence[Coding]) -> list[Resource]:
        pages = pages_of(self.ask, evidence(patient, codes), self.base)
        found = [each for some in pages for each in some.resources if each["resourceType"] == "Observation"]
        theirs = [each for each in found if target(each, "subject", self.base) == patient]
        if len(theirs) > _MOST // 2:
            text = f"more than {_MOST // 2} measurements answer this question; at most so many are fetched"
            raise fault(Category.UNPROCESSABLE, "too-costly", text, "Task.for")
        return [each for each in theirs if not is_our_own(each)]


def pages_of(ask: Ask, path: str, base: str) -> list[Page]:
    """The pages of a search; a partner whose pages never end is read no further than MOST_PAGES."""
    pages: list[Page] = []
    following, size = path, 0
    while following and len(pages) < MOST_PAGES:
        answer = ask(Question("GET", following, {}))
        size += len(answer.body)
        if size > _MOST_BYTES:
            raise unusable("is too large: its pages hold more than 16 MiB together")
        pages.append(page(answer, base))
        following = pages[-1].next or ""
    return pages

"""What is wrong with a resource, collected so that the sender hears all of it at once."""

from __future__ import annotations

from server.errors import Category, Fault, Issue

MAX_ISSUES = 20
_GRAVEST_FIRST = (Category.INCORRECT, Category.TOO_LARGE, Category.UNPROCESSABLE)


class Findings:
    """The problems found so far; at most MAX_ISSUES are kept."""

    def __init__(self) -> None:
        self.malformed = 0
        """How many values had not the JSON type that their element needs."""
        self._found: list[tuple[Category, Issue]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, category: Category, code: str, text: str, path: str) -> None:
        if len(self._found) < MAX_ISSUES:
            self._found.append((category, Issue(code, text, path)))

    def incorrect(self, code: str, text: str, path: str) -> None:
        """It cannot be understood; rules about this value are not asked."""
        self.malformed += 1
        self.add(Category.INCORRECT, code, text, path)

    def against(self, code: str, text: str, path: str) -> None:
        """It is understood, and breaks a rule."""
        self.add(Category.UNPROCESSABLE, code, text, path)

    def take(self, other: Findings) -> None:
        """Add the problems of ``other``."""
        for category, issue in other._found:
            self.add(category, issue.code, issue.text, issue.path)

    def answer(self) -> None:
        """Raise one Fault with all issues, in the category of the gravest; none, nothing."""
        categories = {category for category, _ in self._found}
        for category in _GRAVEST_FIRST:
            if category in categories:
                raise Fault(category, *(issue for _, issue in self._found))

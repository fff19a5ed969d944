"""A made-up directory of specialists and adjudicated cases: the same from the same seed, none real.

Each specialist has a skill and a pace that nobody is shown. The directory tells what directories tell: a
count of adjudicated reads drawn from the skill, a stated turnaround near the pace, cases a year. A case is
adjudicated by who knows the truth: of those who may read it, ``PANEL`` are right, who have the best fit,
skill and pace.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PANEL = 10
BOARD = "urn:second-reader:bench:board"
SPECIALTIES: Mapping[str, tuple[str, ...]] = {
    "bacterial-meningitis": ("394807007", "418862001", "408454008", "394591006"),
    "child-pneumonia": ("394914008", "419170002"),
}
"""SNOMED CT concepts of R4's value set c80-practice-codes, in the order of the server's policies."""
_OTHERS = ("394579002", "394582007", "394594003", "394592004", "394597005")
_SHARES = {"de": 45, "fr": 25, "it": 15, "en": 10, "rm": 2, "pt": 3}
"""Languages in percent: rm is the one that few speak."""
_PLACES = ("CH-ZH", "CH-BE", "CH-VD", "CH-GE", "CH-TI", "CH-GR")
_HOUSES = 120
_WINDOW = 1.5
"""Hours that an urgent referral leaves."""

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Person:
    """One specialist, with what nobody is shown."""

    row: Row
    codes: tuple[str, ...]
    languages: frozenset[str]
    places: frozenset[str]
    skill: float
    hours: float
    boss: str
    free: bool
    """Active, qualified and not away."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One case, and who would be right for it."""

    question: str
    language: str
    place: str
    first: Row
    right: tuple[str, ...]
    eligible: int

    def cells(self) -> Row:
        return {
            "question": self.question,
            "language": self.language,
            "place": self.place,
            "role_id": self.first["role_id"],
            "right": ";".join(self.right),
            "eligible": str(self.eligible),
        }


def crowd(size: int, seed: int) -> list[Person]:
    """So many specialists; every tenth reports to nobody."""
    draw = random.Random(seed)
    heads = max(1, size // 10)
    return [_person(draw, number, heads) for number in range(size)]


def _person(draw: random.Random, number: int, heads: int) -> Person:
    question = draw.choice((*SPECIALTIES, "another"))
    known = SPECIALTIES.get(question, _OTHERS)
    codes = tuple(dict.fromkeys(draw.choices(known, k=draw.choice((1, 1, 2)))))
    house, boss = number % _HOUSES, f"p{draw.randrange(heads):05d}" if number >= heads else ""
    languages = frozenset(draw.choices(tuple(_SHARES), tuple(_SHARES.values()), k=draw.randint(1, 3)))
    interpreters = frozenset(draw.sample(sorted(_SHARES), k=draw.choice((0, 0, 1, 2))))
    places = frozenset(draw.sample(_PLACES, k=draw.randint(1, 3)))
    skill, hours = draw.betavariate(24, 6), min(draw.lognormvariate(-0.4, 0.6), 200.0)
    read = draw.choice((0, 0, 3, 10, 30, 100, 300))
    right = sum(draw.random() < skill for _ in range(read))
    active, qualified, away = draw.random() > 0.05, draw.random() > 0.1, draw.random() < 0.05
    stated = hours * draw.uniform(0.8, 1.25)
    row = {
        "role_id": f"r{number:05d}",
        "practitioner_id": f"p{number:05d}",
        "family": f"Made{number}",
        "given": "Upp",
        "organisation_id": f"o{house:03d}",
        "organisation": f"House {house} (made up)",
        "specialty_code": ";".join(codes),
        "active": "true" if active else "false",
        "turnaround_hours": f"{stated:.3f}",
        "not_available": "2020-01-01T00:00Z/" if away else "",
        "qualifications": f"{BOARD}|specialist|{' '.join(sorted(places))}|" if qualified else "",
        "languages": ";".join(sorted(languages)),
        "service_languages": ";".join(sorted(interpreters)),
        "reports_to": boss or "nobody",
        "track_record": f"{question}|{draw.randint(0, 400)}|{right}/{read}",
    }
    free = active and qualified and not away and stated <= _WINDOW
    return Person(row, codes, languages | interpreters, places, skill, hours, boss, free)


def cases(people: Sequence[Person], count: int, seed: int) -> list[Asked]:
    """So many cases, for each of which somebody is right; questions and languages take turns."""
    draw = random.Random(seed)
    turns = [(question, language) for question in SPECIALTIES for language in _SHARES]
    made: list[Asked] = []
    while len(made) < count:
        question, language = turns[len(made) % len(turns)]
        place, first = draw.choice(_PLACES), draw.choice(people)
        fit = [each for each in people if _may(each, first, question, language, place)]
        best = sorted(fit, key=lambda each: -_worth(each, question))[:PANEL]
        if best:
            right = tuple(each.row["role_id"] for each in best)
            made.append(Asked(question, language, place, first.row, right, len(fit)))
    return made


def _may(one: Person, first: Person, question: str, language: str, place: str) -> bool:
    return (
        one.free
        and not set(one.codes).isdisjoint(SPECIALTIES[question])
        and language in one.languages
        and place in one.places
        and one.row["organisation_id"] != first.row["organisation_id"]
        and _head(one) != _head(first)
    )


def _head(one: Person) -> str:
    return one.boss or one.row["practitioner_id"]


def _worth(one: Person, question: str) -> float:
    """What somebody who knew the truth would weigh: the fit, then the skill, then the pace."""
    known = SPECIALTIES[question]
    rank = min(known.index(each) for each in one.codes if each in known)
    return 0.4 * (1 - rank / len(known)) + one.skill + 0.2 * (1 - min(one.hours / _WINDOW, 1))

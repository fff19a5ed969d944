"""``python -m server.routing.measure DIRECTORY CASES``: how fast and how well made-up cases are matched.

DIRECTORY is a table as ``python -m server directory`` takes it. CASES is a CSV table: question, language,
place (ISO 3166-2), role_id of the first reader, right (role ids of those who are right, by somebody who
knows the truth) and eligible (how many might be asked). Prints one line of JSON; it reads no store and
changes nothing.
"""

from __future__ import annotations

import csv
import gc
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from server.model import (
    Candidate,
    Coding,
    FirstRead,
    Matching,
    Needs,
    Policy,
    ResourceKey,
    Specialist,
    Spoken,
    Urgency,
    Weights,
)
from server.routing.directory import DirectoryRow, read_directory
from server.routing.matching import match
from server.routing.policy import load_policies

_NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_DEMANDS = Matching(
    licence=True,
    language=Spoken.INTERPRETER,
    reporting_line=True,
    most_open=20,
    weights=Weights(specialty=0.35, volume=0.05, speed=0.15, quality=0.4, load=0.05),
)
Row = Mapping[str, str]


def main() -> None:
    directory, cases = (Path(each).read_text(encoding="utf-8") for each in sys.argv[1:3])
    specialists = [specialist(row) for row in read_directory(directory)]
    gc.collect()
    gc.freeze()  # as the roster does
    policies = load_policies(Path(__file__).parent / "policies")
    click.echo(json.dumps(measure(specialists, list(csv.DictReader(cases.splitlines())), policies)))


def measure(
    specialists: Sequence[Specialist], cases: Sequence[Row], policies: Mapping[str, Policy]
) -> dict[str, Any]:
    """Times, and the share of cases of which the first, and one of the first three, are right."""
    credential = next(code for each in specialists for held in each.qualifications for code in held.codes)
    known, taken = {each.role: each for each in specialists}, list[float]()
    hits: dict[str, list[tuple[bool, bool, float]]] = defaultdict(list)
    for number, case in enumerate(cases):
        policy = _demanding(policies[case["question"]], credential)
        begun = time.perf_counter()
        found = _match(specialists, policy, known[f"PractitionerRole/{case['role_id']}"], case, str(number))
        taken.append(1000 * (time.perf_counter() - begun))
        hit = _hit(found, case)
        for name in ("all", case["question"], f"{case['question']}, {case['language']}"):
            hits[name].append(hit)
    taken.sort()
    return {
        "specialists": len(specialists),
        "cases": len(cases),
        "matches per second": 1000 * len(taken) / sum(taken),
        "ms p50": _nearest(taken, 0.5),
        "ms p95": _nearest(taken, 0.95),
        "success": {name: _shares(each) for name, each in sorted(hits.items())},
    }


def specialist(row: DirectoryRow) -> Specialist:
    """A line of the table, without the way over FHIR."""
    return Specialist(
        role=f"PractitionerRole/{row.role_id}",
        practitioner=f"Practitioner/{row.practitioner_id}",
        organisation=row.organisation_id and f"Organization/{row.organisation_id}",
        name=row.family,
        active=row.active,
        specialties=row.specialties,
        absences=row.absences,
        turnaround=row.turnaround,
        qualifications=row.qualifications,
        languages=row.languages,
        service_languages=row.service_languages,
        superiors=frozenset(f"Practitioner/{each}" for each in row.superiors or ()),
        line_known=row.superiors is not None,
        renown=row.renown,
    )


def _demanding(policy: Policy, credential: Coding) -> Policy:
    return replace(policy, matching=replace(_DEMANDS, credentials=(credential,)))


def _match(
    specialists: Sequence[Specialist], policy: Policy, first: Specialist, case: Row, seed: str
) -> tuple[Candidate, ...]:
    clock = policy.clocks[Urgency.URGENT]
    read = FirstRead(
        ResourceKey("DiagnosticReport", "made-up", 1), "", _NOW, (), (first.role,), (first.organisation,)
    )
    return match(
        specialists,
        first=read,
        policy=policy,
        deadline=_NOW + clock.accept_within + clock.answer_within,
        usual=clock.answer_within,
        now=_NOW,
        already=frozenset(),
        seed=seed,
        needs=Needs((case["language"],), frozenset({case["place"][:2], case["place"]})),
    )


def _hit(found: Sequence[Candidate], case: Row) -> tuple[bool, bool, float]:
    """Whether the first, one of three, and by what chance one drawn from all who may be asked is right."""
    right = {f"PractitionerRole/{each}" for each in case["right"].split(";")}
    best = [each.specialist.role in right for each in found[:3] if not each.failed]
    return any(best[:1]), any(best), len(right) / int(case["eligible"])


def _shares(hits: Sequence[tuple[bool, bool, float]]) -> dict[str, float]:
    first, three, chance = (sum(each[n] for each in hits) / len(hits) for n in range(3))
    return {"cases": len(hits), "at 1": round(first, 3), "at 3": round(three, 3), "by lot": round(chance, 3)}


def _nearest(ranked: Sequence[float], share: float) -> float:
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


if __name__ == "__main__":
    main()

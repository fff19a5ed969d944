"""HL7's v2-to-FHIR maps, row by row: done as they say, or listed with the reason (exceptions*.tsv)."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.hl7v2.mapping.catalogue import CONCEPTS, DATA_TYPES, SEGMENTS
from server.hl7v2.mapping.concepts.table import Concepts
from tests.hl7v2.mapping import full, oracle

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(not oracle.MAPS.is_dir(), reason=oracle.ABSENT)
MAPS = (*(("segments", each) for each in full.SEGMENTS), *(("datatypes", each) for each in full.DATA_TYPES))


def listed(file: str) -> dict[tuple[str, ...], str]:
    """What is done otherwise -> why."""
    with (HERE / file).open(encoding="utf-8", newline="") as text:
        rows = list(csv.reader(text, delimiter="\t"))
    return {tuple(row[:-1]): row[-1] for row in rows[1:]}


def met(kind: str, target: oracle.Target) -> bool:
    convert, samples = (full.SEGMENTS if kind == "segments" else full.DATA_TYPES)[target.map]
    separator, before = ("|", 1) if kind == "segments" else ("^", 0)
    at = None if target.at is None else target.at + before
    return any(oracle.reached(target, oracle.supplied(convert, each, at, separator)) for each in samples)


@pytest.mark.parametrize(("kind", "name"), MAPS)
def test_each_row_is_done_as_the_map_says_or_listed(kind: str, name: str) -> None:
    exceptions = {each: why for each, why in listed("exceptions.tsv").items() if each[0] == name}
    wrong = {each.name for each in oracle.targets(kind, name) if not met(kind, each)}
    assert wrong == set(exceptions), "neither done nor listed; or listed, and done (or no row)"
    assert all(exceptions.values())


@pytest.mark.parametrize(("kind", "name"), MAPS)
def test_the_data_type_maps_are_those_of_the_map(kind: str, name: str) -> None:
    table = dict((*SEGMENTS, *DATA_TYPES)).get(name, ())
    done = {(row.source, row.kind.casefold()) for row in table if row.kind}
    rows = [each for each in oracle.targets(kind, name) if each.kind]
    for source, ours in done:
        theirs = {each.kind.casefold() for each in rows if each.source == source}
        assert ours in theirs or not theirs, source


def _other(concepts: Concepts) -> Iterator[tuple[str, str]]:
    for each in oracle.codes(concepts.oracle):
        ours = concepts.coding(each.code) or {}
        if concepts.system == "" and each.target:
            ours = {"code": concepts.get(each.code) or ""}
        same_system = not each.system or ours.get("system", each.system) == each.system
        if ours.get("code", "") != each.target or not same_system:
            yield each.map, each.code


@pytest.mark.parametrize("concepts", CONCEPTS, ids=lambda each: each.oracle)
def test_each_code_leads_where_the_map_says_or_is_listed(concepts: Concepts) -> None:
    exceptions = {each for each in listed("exceptions_codes.tsv") if each[0] == concepts.oracle}
    assert set(_other(concepts)) == exceptions


def test_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed with -s; the sums stand in docs/hl7v2.md."""
    counts = Counter[str]()
    for kind, name in MAPS:
        rows = list(oracle.targets(kind, name))
        counts[f"{kind} rows"] += len(rows)
        counts[f"{kind} done"] += sum(met(kind, each) for each in rows)
    codes = [(concepts, each) for concepts in CONCEPTS for each in oracle.codes(concepts.oracle)]
    counts["codes"] = len(codes)
    counts["codes done"] = len(codes) - sum(len(list(_other(each))) for each in CONCEPTS)
    with capsys.disabled():
        print("\nv2-to-FHIR:", ", ".join(f"{key} {value}" for key, value in counts.items()))  # noqa: T201 - the counts are the result
    assert counts["segments done"] >= 150

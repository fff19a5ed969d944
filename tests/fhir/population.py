"""Small populations by chance, alike enough that searches find several of them, and questions about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from server.fhir.definitions.parameters import PARAMETERS
from server.fhir.query.values import KINDS
from server.fhir.rows.extraction import searchable
from server.query import (
    AllOf,
    Amount,
    AnyOf,
    Chain,
    Composite,
    Date,
    DateRow,
    Has,
    Ids,
    Kind,
    Match,
    Missing,
    Moment,
    Not,
    Number,
    NumberRow,
    Prefix,
    Query,
    Reference,
    ReferenceRow,
    Row,
    Sealed,
    Sort,
    Test,
    Text,
    TextRow,
    Token,
    TokenRow,
    Updated,
    Uri,
)
from tests.fhir.brute import Collection, Item

TYPES = ("Patient", "Organization", "Observation", "Task", "DiagnosticReport")
_NAMES = ["Eve", "eve", "Éva  Maria", "Evelyn", "Müller", "mueller", "O'Neil", "李", "a%b_c", "Straße"]
_CODES = [("http://c", "x"), ("http://c", "y"), ("http://d", "x"), ("", "x")]
_DATES = [
    "2026",
    "2026-01",
    "2026-01-05",
    "2026-01-05T09:30:00Z",
    "2026-01-05T09:30:00.5+02:00",
    "2025-12-31",
]
_NUMBERS = [Decimal(each) for each in ("-1", "0", "5.4", "5.40", "5.5", "100", "1e2", "0.001")]
_URIS = ["http://p", "http://p/a", "http://p/a/b", "http://pa", "http://p/a|1"]

Made = dict[str, Any]


def population(chance: Random, size: int) -> list[Made]:
    """``size`` resources of several types that refer to one another."""
    kinds = [chance.choice(TYPES) for _ in range(size)]
    names = [f"{kind}/r{number}" for number, kind in enumerate(kinds)]
    return [_resource(chance, kind, f"r{number}", names) for number, kind in enumerate(kinds)]


def _resource(chance: Random, kind: str, id_: str, names: list[str]) -> Made:
    made = {"resourceType": kind, "id": id_, "meta": {"profile": [chance.choice(_URIS)]}}
    for name, make in _ELEMENTS[kind].items():
        if chance.random() < 0.6:
            made[name] = make(chance, names)
    return made


def _one(make: Callable[..., Any]) -> Callable[[Random, list[str]], Any]:
    return lambda chance, names: [make(chance, names) for _ in range(chance.randint(1, 2))]


def _code(*codes: str) -> Callable[[Random, list[str]], str]:
    return lambda chance, _: chance.choice(codes)


def _coding(chance: Random, _: list[str]) -> Made:
    system, code = chance.choice(_CODES)
    return {"code": code, **({"system": system} if system else {})}


def _concept(chance: Random, names: list[str]) -> Made:
    if chance.random() < 0.2:
        return {"text": chance.choice(_NAMES)}
    return {"coding": [_coding(chance, names) for _ in range(chance.randint(1, 2))]}


def _identifier(chance: Random, _: list[str]) -> Made:
    return {"system": chance.choice(["urn:a", "urn:b"]), "value": chance.choice("12")}


def _reference(chance: Random, names: list[str]) -> Made:
    if chance.random() < 0.15:
        return {"identifier": _identifier(chance, names)}
    away = "https://away.example/" if chance.random() < 0.1 else ""
    return {"reference": away + chance.choice(names)}


def _date(chance: Random, _: list[str]) -> str:
    return chance.choice(_DATES)


def _day(chance: Random, _: list[str]) -> str:
    return chance.choice(_DATES[:3])


def _period(chance: Random, names: list[str]) -> Made:
    start, end = sorted([_day(chance, names), _day(chance, names)])
    return chance.choice([{"start": start}, {"end": end}, {"start": start, "end": end}])


def _quantity(chance: Random, _: list[str]) -> Made:
    unit = chance.choice([{}, {"system": "urn:u", "code": "mg"}, {"unit": "mg"}, {"unit": "m", "code": "mg"}])
    sign = {"comparator": chance.choice("<>")} if chance.random() < 0.1 else {}
    return {"value": chance.choice(_NUMBERS), **unit, **sign}


def _component(chance: Random, names: list[str]) -> Made:
    return {"code": _concept(chance, names), "valueQuantity": _quantity(chance, names)}


def _name(chance: Random, _: list[str]) -> Made:
    return {"family": chance.choice(_NAMES), "given": [chance.choice(_NAMES)]}


def _text(chance: Random, _: list[str]) -> str:
    return chance.choice(_NAMES)


_ELEMENTS: dict[str, dict[str, Callable[[Random, list[str]], Any]]] = {
    "Patient": {
        "identifier": _one(_identifier),
        "name": _one(_name),
        "gender": _code("male", "female"),
        "birthDate": _day,
        "managingOrganization": _reference,
        "deceasedDateTime": _date,
    },
    "Organization": {"name": _text, "alias": _one(_text), "partOf": _reference, "type": _one(_concept)},
    "Observation": {
        "status": _code("final", "amended"),
        "code": _concept,
        "subject": _reference,
        "effectivePeriod": _period,
        "valueQuantity": _quantity,
        "component": _one(_component),
        "category": _one(_concept),
    },
    "Task": {
        "status": _code("requested", "accepted"),
        "code": _concept,
        "for": _reference,
        "focus": _reference,
        "owner": _reference,
        "partOf": _one(_reference),
        "authoredOn": _date,
        "executionPeriod": _period,
        "identifier": _one(_identifier),
    },
    "DiagnosticReport": {
        "status": _code("final", "partial"),
        "subject": _reference,
        "result": _one(_reference),
        "effectiveDateTime": _date,
        "conclusionCode": _one(_concept),
    },
}


# -- questions -----------------------------------------------------------------------------------


def question(chance: Random, held: Collection) -> Query:
    """A query that something in the collection may well answer."""
    type_ = chance.choice(TYPES)
    where = tuple(_test(chance, type_, held, 2) for _ in range(chance.randint(0, 3)))
    sort = tuple(_sort(chance, type_) for _ in range(chance.choice([0, 0, 1, 2])))
    return Query(type_, where, sort)


def _sort(chance: Random, type_: str) -> Sort:
    own = {"_id": Kind.ID, "_lastUpdated": Kind.UPDATED}
    kinds = own | {each.code: KINDS[each.type] for each in searchable(type_).values() if each.type in KINDS}
    code = chance.choice(sorted(kinds))
    return Sort(code, kinds[code], chance.random() < 0.5)


def _test(chance: Random, type_: str, held: Collection, deep: int) -> Test:
    there = [each for each in held.items if each.type == type_]
    item = chance.choice(there) if there else None
    kind = chance.choice(["row", "row", "row", "row", "own", "missing", "logic", "chain", "has", "composite"])
    if kind == "logic" and deep:
        inner = tuple(_test(chance, type_, held, deep - 1) for _ in range(chance.randint(0, 2)))
        return chance.choice([AllOf(inner), AnyOf(inner), Not(_test(chance, type_, held, deep - 1))])
    if kind in ("chain", "has") and deep:
        return _chain(chance, type_, held, deep, back=kind == "has")
    if kind == "missing":
        sort = _sort(chance, type_)
        if sort.by not in (Kind.ID, Kind.UPDATED):
            return Missing(sort.param, sort.by, chance.random() < 0.5)
    if item is None or kind == "own":
        return _own(chance, item, held)
    if kind == "composite" and (parts := [row for row in item.rows if row.part]):
        return _composite(chance, item, chance.choice(parts))
    plain = [row for row in item.rows if not row.part]
    return _of(chance, chance.choice(plain)) if plain else _own(chance, item, held)


def _own(chance: Random, item: Item | None, held: Collection) -> Test:
    low = chance.choice(held.items).updated_at + timedelta(seconds=chance.randint(-1, 1))
    updated = Updated((Moment(chance.choice([*Prefix]), low, low + timedelta(seconds=1)),))
    return chance.choice([updated, Ids((item.id if item else "x", "r1")), Sealed()])


def _chain(chance: Random, type_: str, held: Collection, deep: int, *, back: bool) -> Test:
    source = chance.choice(TYPES) if back else type_
    references = [each.code for each in PARAMETERS[source].values() if each.type == "reference"]
    param = chance.choice(references)
    other = source if back else chance.choice(TYPES)
    inner = tuple(_test(chance, other, held, deep - 1) for _ in range(chance.randint(0, 2)))
    return Has(source, param, inner) if back else Chain(param, other, inner)


def _composite(chance: Random, item: Item, row: Row) -> Test:
    code = row.param.rpartition(".")[0]
    whole = [each for each in item.rows if each.param.rpartition(".")[0] == code]
    kinds = {each.param: _of(chance, each) for each in chance.sample(whole, len(whole))}
    return Composite((tuple(kinds[param] for param in sorted(kinds)),))


def _of(chance: Random, row: Row) -> Test:
    """A test that the row meets, or nearly."""
    match row:
        case TokenRow():
            return _token(chance, row)
        case ReferenceRow():
            return Reference(row.param, (row.target, "Patient/r0")[: chance.randint(1, 2)])
        case TextRow():
            start = chance.randint(0, len(row.text) - 1)
            text = chance.choice([row.text, row.text[: start + 1], row.text[start:], row.text.swapcase()])
            how = chance.choice([Match.STARTS, Match.CONTAINS, Match.EXACT])
            return Text(row.param, (text,) if text.strip() else ("x",), how)
        case DateRow():
            moved = timedelta(seconds=chance.choice([-1, 0, 0, 1]))
            low = row.low + moved if row.low.year > 1 else row.low
            prefix = chance.choice([*Prefix])
            return Date(row.param, (Moment(prefix, low, max(row.high, low)),))
        case NumberRow():
            return _number(chance, row)


def _token(chance: Random, row: TokenRow) -> Test:
    if row.code.startswith("http"):
        how = chance.choice([Match.EXACT, Match.BELOW, Match.ABOVE])
        return Uri(row.param, (chance.choice([row.code, row.code.rpartition("/")[0], f"{row.code}/z"]),), how)
    pairs = [(row.system, row.code), (None, row.code), (row.system, None), ("", row.code)]
    chosen = chance.sample(pairs, chance.randint(1, 2))
    return Token(row.param, tuple(each for each in chosen if each != ("", None)) or ((None, "x"),))


def _number(chance: Random, row: NumberRow) -> Test:
    value = row.low if abs(row.low) < 1_000 else row.high
    value += chance.choice([Decimal(0), Decimal(0), Decimal("0.1")])
    margin = chance.choice([Decimal("0.05"), Decimal(5)])
    asked = Amount(chance.choice([*Prefix]), value, value - margin, value + margin)
    unit = chance.choice([{}, {"system": row.system, "code": row.code}, {"code": row.code}])
    return Number(row.param, (replace(asked, **unit),))

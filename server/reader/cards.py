"""Card files: one folder for each question with ``card.toml`` and the model file beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError

from server.errors import Category, Fault, Issue
from server.model import Band, Card, Coding, Feature, FilmContract, InputContract, SharedErrors, Subgroup
from server.reader.schema import FilmCardSchema, TabularCardSchema

CALIBRATION = ("slope", "intercept", "self_test_low", "self_test_high")
"""Platt slope and intercept on the raw log-odds; raw log-odds of the two self-test vectors."""
FILM_CALIBRATION = ("slope", "intercept", "scope_at_least", "self_test")
"""Platt as above; the least score by which pixels are a film of the contract; log-odds of the test film."""


OTHER = "other"
"""The folder of a question's other model, within that of its first."""


def load_cards(folder: Path) -> Mapping[str, Card]:
    """Every card under ``folder``, by question.

    Raises:
        Fault: INCORRECT, naming file and key and what is allowed.
    """
    cards = [load_card(path) for path in sorted(folder.glob("*/card.toml"))]
    if not cards:
        raise Fault(Category.INCORRECT, Issue("not-found", f"{folder} holds no card: expected */card.toml"))
    return MappingProxyType({card.question: card for card in cards})


def load_others(folder: Path) -> Mapping[str, Card]:
    """The cards of other models, which assess where a patient asks for one, by question; raises as above."""
    cards = (load_card(path) for path in sorted(folder.glob(f"*/{OTHER}/card.toml")))
    return MappingProxyType({card.question: card for card in cards})


def load_card(path: Path) -> Card:
    """One card file, checked as a whole."""
    data = _parsed(path)
    try:
        fields = (FilmCardSchema if data.get("kind") == "film" else TabularCardSchema)().load(data)
    except ValidationError as error:
        raise _refusal(path, _leaves(error.messages)) from error
    card = _card(fields)
    if broken := list(_rules(card, path)):
        raise _refusal(path, broken)
    return card


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refusal(path, [("", "must be a TOML file in UTF-8")]) from error
    except OSError as error:
        raise _refusal(path, [("", f"cannot be read: {error.strerror}")]) from error


def _card(fields: dict[str, Any]) -> Card:
    model, film = fields.pop("model"), fields.pop("film", None)
    shared = fields.pop("shared_errors", None)
    features = tuple(Feature(**each) for each in fields.pop("features", ()))
    del fields["kind"]
    return Card(
        model_file=model["file"],
        model_digest=model["digest"],
        contract=InputContract(features, fields.pop("age_years")),
        band=Band(**fields.pop("band")),
        finding=Coding(**fields.pop("finding")),
        report_code=Coding(**fields.pop("report_code")),
        present_codes=fields.pop("present"),
        absent_codes=fields.pop("absent"),
        limits=tuple(fields.pop("limits")),
        settles=tuple(fields.pop("settles")),
        subgroups=tuple(Subgroup(**each) for each in fields.pop("subgroups")),
        film=FilmContract(**film) if film else None,
        shared_errors=SharedErrors(**shared) if shared else None,
        **fields,
    )


def _rules(card: Card, path: Path) -> Iterator[tuple[str, str]]:
    """What one key alone cannot show: (key, what is allowed)."""
    folder = path.parent.parent if path.parent.name == OTHER else path.parent
    if card.question != folder.name:
        yield "question", "must be the name of the folder that the card lies in"
    if card.band.absent_at_most >= card.band.present_at_least:
        yield "band", "absent_at_most must be under present_at_least"
    if _shared(card.present_codes, card.absent_codes):
        yield "present", "a code must not stand under absent as well"
    if not _shared((card.finding,), card.present_codes):
        yield "finding", "must stand under present"
    keys = FILM_CALIBRATION if card.film else CALIBRATION
    if set(card.calibration) != set(keys):
        yield "calibration", f"must have the keys {', '.join(keys)}"
    if card.calibration.get("slope", 1) <= 0:  # it would turn the model's answers round
        yield "calibration.slope", "must be above zero"
    yield from _feature_rules(card.contract.features)


def _feature_rules(features: tuple[Feature, ...]) -> Iterator[tuple[str, str]]:
    codes = [(code.system, code.code) for feature in features for code in feature.codes]
    if len(set(codes)) < len(codes) or len({feature.name for feature in features}) < len(features):
        yield "features", "no name and no code may stand twice"
    for feature in features:
        if feature.units.get(feature.unit) != 1:
            yield f"features.{feature.name}.unit", "must stand under units with factor 1"
        inner, outer = feature.trained, feature.plausible
        if not (outer.holds(inner.low) and outer.holds(inner.high)):
            yield f"features.{feature.name}.trained", "must lie within plausible"


def _shared(some: tuple[Coding, ...], others: tuple[Coding, ...]) -> bool:
    return any(one.same_as(other) for one in some for other in others)


def _leaves(messages: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, sentence) for each leaf of marshmallow's tree of errors."""
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _leaves(below, path if key == "_schema" else f"{path}.{key}".lstrip("."))
    else:
        yield from ((path, sentence) for sentence in messages)


def _refusal(path: Path, broken: Any) -> Fault:
    where = f"{path.parent.name}/{path.name}"
    issues = (
        Issue("value", f"{where}: {key}: {text}" if key else f"{where}: {text}", key) for key, text in broken
    )
    return Fault(Category.INCORRECT, *issues)

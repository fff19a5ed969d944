"""``python -m server.reader.training``: train, evaluate, compare, bands, held-out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import xgboost as xgb
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table as Grid

from server.errors import Fault
from server.model import Card, SharedErrors, Subgroup
from server.reader.cards import OTHER, load_card
from server.reader.process import verified
from server.reader.scale import self_tests
from server.reader.training.families import BOOSTED, FOREST, Family
from server.reader.training.measure import COMMAND, bands, cross_validated, held_out, make, scored
from server.reader.training.model import margins
from server.reader.training.nested import OUTER_FOLDS, REPEATS, OutOfFold
from server.reader.training.publish import MARK, OTHER_MARK, differences, rewrite, save
from server.reader.training.shared import shared_errors
from server.reader.training.table import development, final_test, load
from server.reader.training.variants import area, variants

CARD = Path(__file__).parents[1] / "cards" / "bacterial-meningitis" / "card.toml"
_CLOSE = 0.001
console = Console()


@dataclass(frozen=True, slots=True)
class _Product:
    """One of the two models that are made here."""

    place: Path
    family: Family
    mark: str
    command: str


_FIRST = _Product(CARD, BOOSTED, MARK, COMMAND)
_OTHER = _Product(CARD.parent / OTHER / "card.toml", FOREST, OTHER_MARK, f"{COMMAND} --other")


@dataclass(frozen=True, slots=True)
class _Measured:
    """What the card says of a model before the held-out patients are looked at."""

    figures: dict[str, str]
    subgroups: tuple[Subgroup, ...]
    shared: SharedErrors | None = None


def _which(command: Callable[..., None]) -> Callable[..., None]:
    """``--other``, given to the command as one of the two."""
    words = "The forest, which assesses where a patient asks for another model; not the first model."

    def chosen(_context: click.Context, _option: click.Parameter, other: Any) -> _Product:
        return _OTHER if other else _FIRST

    return click.option("--other", "product", is_flag=True, callback=chosen, help=words)(command)


@click.group()
def main() -> None:
    """Make and measure the readers of "bacterial-meningitis" from the data in this folder."""


@main.command()
@_which
def train(product: _Product) -> None:
    """Fit the model, measure it (minutes), write model file and card.

    Of the other model it is measured, too, how far its errors go together with the first one's.
    """
    card = load_card(product.place)
    found = _measured(product, card)
    made = make(card, self_tests(card), product.family)
    console.print(f"chosen settings: {made.settings}")
    digest = save(made.booster, product.place.with_name(card.model_file))
    figures = found.figures | held_out(card, lambda x: margins(made.booster, x), made.calibration)
    figures["command"] = product.command
    rewrite(
        product.place,
        card.model_file,
        digest,
        made.calibration,
        figures,
        product.mark,
        found.subgroups,
        found.shared,
    )
    _show(figures, found)
    console.print(f"written: {product.place.name}, {card.model_file}")


@main.command()
@_which
def evaluate(product: _Product) -> None:
    """Measure again (minutes); exit 1 when the card or the model file says otherwise.

    Of the other model its errors together with the first one's, too.
    """
    card = load_card(product.place)
    found = _measured(product, card)
    booster = xgb.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(verified(product.place.with_name(card.model_file), card.model_digest)))
    except Fault as error:
        raise click.ClickException(str(error)) from error
    figures = found.figures | held_out(card, lambda x: margins(booster, x), card.calibration)
    _show(figures, found)
    wrong = [
        *differences(card.performance, figures | {"command": product.command}),
        *differences(_told(card.subgroups), _told(found.subgroups)),
        *differences(_told_errors(card.shared_errors), _told_errors(found.shared)),
        *_drift(card, product.family, booster),
    ]
    if wrong:
        raise click.ClickException(f"the card says otherwise about: {', '.join(wrong)}")
    console.print("the card's figures are reproduced")


@main.command()
def compare() -> None:
    """AUROC of other choices of inputs: Gram stain, month, missingness (half a minute)."""
    card = load_card(CARD)
    served = development(load(card)).served
    for variant in variants(card):
        console.print(f"{variant.name:45} {area(variant, served)}")


@main.command(name="bands")
@_which
def other_bands(product: _Product) -> None:
    """Sensitivity, specificity and share declined at other thresholds (about two minutes)."""
    card = load_card(product.place)
    for band, rates in bands(card, _scored(card, product.family)):
        told = "  ".join(f"{name} {rate:.3f}" for name, rate in rates.items())
        console.print(f"{band.absent_at_most:.2f} {band.present_at_least:.2f}  {told}", highlight=False)


@main.command(name="held-out")
def held_out_patients() -> None:
    """Print the case numbers that no training and no choice ever sees."""
    table = final_test(load(load_card(CARD)))
    for outcome in (1, 0):
        cases = [str(case) for case, y in zip(table.casenum, table.y, strict=True) if y == outcome]
        console.print(f"outcome {outcome}: {', '.join(cases)}", highlight=False)


def _measured(product: _Product, card: Card) -> _Measured:
    scores = _scored(card, product.family)
    figures, subgroups = cross_validated(card, scores)
    if product is _FIRST:
        return _Measured(figures, subgroups)
    first = load_card(_FIRST.place)
    shared, told = shared_errors(first, card, _scored(first, _FIRST.family), scores)
    return _Measured(figures | {"errors_of_both": told}, subgroups, shared)


def _scored(card: Card, family: Family) -> OutOfFold:
    shown = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*shown, console=console) as progress:
        task = progress.add_task(f"nested cross-validation, {card.identity}", total=REPEATS * OUTER_FOLDS)
        return scored(card, family, lambda: progress.advance(task))


def _drift(card: Card, family: Family, booster: xgb.Booster) -> list[str]:
    """Training again must give the committed model's scores."""
    again, x = make(card, self_tests(card), family), load(card).x
    apart = abs(margins(again.booster, x) - margins(booster, x)).max()
    return ["model"] if apart > _CLOSE else []


def _told(subgroups: Sequence[Subgroup]) -> dict[str, str]:
    return {
        f"{each.name}, {name}": str(getattr(each, name))
        for each in subgroups
        for name in ("people", "sensitivity", "specificity", "age_years", "sex")
    }


def _told_errors(shared: SharedErrors | None) -> dict[str, str]:
    """Nothing where it is not defined: then the card has to leave it out."""
    if shared is None:
        return {}
    return {"shared errors": f"phi {shared.phi:.3f} on {shared.cases} cases with {shared.other}"}


def _show(figures: Mapping[str, str], found: _Measured) -> None:
    grid = Grid("figure", "value (95% interval)")
    groups = _told(found.subgroups)
    shown = {name: text for name, text in groups.items() if not name.endswith(("age_years", "sex"))}
    for name, text in {**figures, **_told_errors(found.shared), **shown}.items():
        grid.add_row(name, text)
    console.print(grid)


if __name__ == "__main__":
    main()

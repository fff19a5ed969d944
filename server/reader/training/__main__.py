"""``python -m server.reader.training``: train, evaluate, compare, bands, held-out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click
import xgboost as xgb
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table as Grid

from server.errors import Fault
from server.model import Card, Subgroup
from server.reader.cards import load_card
from server.reader.process import verified
from server.reader.scale import self_tests
from server.reader.training.measure import COMMAND, bands, cross_validated, held_out, make
from server.reader.training.model import margins
from server.reader.training.nested import OUTER_FOLDS, REPEATS, Tick
from server.reader.training.publish import differences, rewrite, save
from server.reader.training.table import development, final_test, load
from server.reader.training.variants import area, variants

CARD = Path(__file__).parents[1] / "cards" / "bacterial-meningitis" / "card.toml"
_CLOSE = 0.001
T = TypeVar("T")
console = Console()


@click.group()
def main() -> None:
    """Make and measure the reader of "bacterial-meningitis" from the data in this folder."""


@main.command()
def train() -> None:
    """Fit the model, measure it (about two minutes), write model file and card."""
    card = load_card(CARD)
    figures, subgroups = _with_progress(cross_validated, card)
    made = make(card, self_tests(card))
    console.print(f"chosen settings: depth {made.settings.depth}, rows {made.settings.rows}")
    digest = save(made.booster, CARD.with_name(card.model_file))
    figures |= held_out(card, lambda x: margins(made.booster, x), made.calibration)
    figures["command"] = COMMAND
    rewrite(CARD, card.model_file, digest, made.calibration, figures, subgroups=subgroups)
    _show(figures, subgroups)
    console.print(f"written: {CARD.name}, {card.model_file}")


@main.command()
def evaluate() -> None:
    """Measure again (about two minutes); exit 1 when the card or the model file says otherwise."""
    card = load_card(CARD)
    figures, subgroups = _with_progress(cross_validated, card)
    booster = xgb.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(verified(CARD.with_name(card.model_file), card.model_digest)))
    except Fault as error:
        raise click.ClickException(str(error)) from error
    figures |= held_out(card, lambda x: margins(booster, x), card.calibration)
    _show(figures, subgroups)
    wrong = [
        *differences(card.performance, figures | {"command": COMMAND}),
        *differences(_told(card.subgroups), _told(subgroups)),
        *_drift(card, booster),
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
def other_bands() -> None:
    """Sensitivity, specificity and share declined at other thresholds (about two minutes)."""
    for band, rates in _with_progress(bands, load_card(CARD)):
        told = "  ".join(f"{name} {rate:.3f}" for name, rate in rates.items())
        console.print(f"{band.absent_at_most:.2f} {band.present_at_least:.2f}  {told}", highlight=False)


@main.command(name="held-out")
def held_out_patients() -> None:
    """Print the case numbers that no training and no choice ever sees."""
    table = final_test(load(load_card(CARD)))
    for outcome in (1, 0):
        cases = [str(case) for case, y in zip(table.casenum, table.y, strict=True) if y == outcome]
        console.print(f"outcome {outcome}: {', '.join(cases)}", highlight=False)


def _drift(card: Card, booster: xgb.Booster) -> list[str]:
    """Training again must give the committed model's scores."""
    again, x = make(card, self_tests(card)), load(card).x
    apart = abs(margins(again.booster, x) - margins(booster, x)).max()
    return ["model"] if apart > _CLOSE else []


def _with_progress(measure: Callable[[Card, Tick], T], card: Card) -> T:
    shown = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*shown, console=console) as progress:
        task = progress.add_task("nested cross-validation", total=REPEATS * OUTER_FOLDS)
        return measure(card, lambda: progress.advance(task))


def _told(subgroups: Sequence[Subgroup]) -> dict[str, str]:
    return {
        f"{each.name}, {name}": str(getattr(each, name))
        for each in subgroups
        for name in ("people", "sensitivity", "specificity", "age_years", "sex")
    }


def _show(figures: Mapping[str, str], subgroups: Sequence[Subgroup]) -> None:
    grid = Grid("figure", "value (95% interval)")
    shown = {name: text for name, text in _told(subgroups).items() if not name.endswith(("age_years", "sex"))}
    for name, text in {**figures, **shown}.items():
        grid.add_row(name, text)
    console.print(grid)


if __name__ == "__main__":
    main()

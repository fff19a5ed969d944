"""``python -m server.reader.training.film``: trials, fit, hard, train, publish, bands, evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table as Grid

from server.model import Card
from server.reader.cards import load_card
from server.reader.film.canvas import sample
from server.reader.film.child import load
from server.reader.process import verified
from server.reader.training.film.films import DATA, Films, known, unseen
from server.reader.training.film.measure import COMMAND, RINGS, Tick, baselines, figures
from server.reader.training.film.outsiders import rates
from server.reader.training.publish import differences, rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.reader.training.film.gate import Gate
    from server.reader.training.film.network import Network

CARD = Path(__file__).parents[2] / "cards" / "child-pneumonia" / "card.toml"
MARK = '# == written by "python -m server.reader.training.film train"; a change by hand is undone there =='
KEPT = Path("var/film")
NETWORKS, GATE_ROUNDS = 2, 6
console = Console()

data_option = click.option("--data", type=click.Path(path_type=Path, exists=True), default=DATA)
kept_option = click.option("--kept", type=click.Path(path_type=Path), default=KEPT, help="fitted networks")
threads_option = click.option("--threads", default=1)


@click.group()
def main() -> None:
    """Make and measure the reader of "child-pneumonia" from the published films."""


@main.command()
@data_option
@kept_option
@threads_option
@click.pass_context
def train(context: click.Context, data: Path, kept: Path, threads: int) -> None:
    """Fit networks and gate (about an hour on one core), then publish; what is fitted is kept."""
    context.invoke(fit, data=data, kept=kept, threads=threads)
    context.invoke(publish, data=data, kept=kept)


@main.command()
@data_option
@kept_option
@threads_option
def fit(data: Path, kept: Path, threads: int) -> None:
    """Fit what is not kept yet; ``hard`` then tells whether it is worth publishing."""
    import torch  # noqa: PLC0415

    from server.reader.training.film import gate  # noqa: PLC0415

    torch.set_num_threads(threads)
    films, _ = known(data)
    kept.mkdir(parents=True, exist_ok=True)
    for seed in range(1, NETWORKS + 1):
        _grown(kept / f"network{seed}.pt", films, seed)
    if not (kept / "gate.pt").exists():
        with _progress("gate", GATE_ROUNDS) as tick:
            made = gate.fit(films, 7, GATE_ROUNDS, lambda _, __: tick())
        torch.save([made.state_dict()], kept / "gate.pt")


@main.command()
@data_option
@kept_option
def publish(data: Path, kept: Path) -> None:
    """Choose calibration and gate on the validation part; write model file, figures and card."""
    from server.reader.training.film.choose import calibration, gate_at  # noqa: PLC0415
    from server.reader.training.film.export import export  # noqa: PLC0415

    networks, gate = _fitted(kept)
    _, chosen_with = known(data)
    slope, intercept = calibration(networks, chosen_with)
    path = CARD.with_name("model.onnx")
    digest = export(networks, gate, path)
    said = {"slope": slope, "intercept": intercept, "scope_at_least": gate_at(gate, chosen_with)}
    said["self_test"] = load(path.read_bytes())(sample())["log_odds"]
    rewrite(CARD, path.name, digest, said, {"command": COMMAND}, MARK)
    rewrite(CARD, path.name, digest, said, _measured(load_card(CARD), data), MARK)
    console.print(f"written: {CARD.name}, {path.name} ({path.stat().st_size / 1e6:.1f} MB)")


@main.command(name="bands")
@data_option
@kept_option
def other_bands(data: Path, kept: Path) -> None:
    """Sensitivity, specificity and share declined on the validation part at other thresholds."""
    import numpy as np  # noqa: PLC0415

    from server.reader.training.film.choose import bands, spread  # noqa: PLC0415

    card, (networks, _) = load_card(CARD), _fitted(kept)
    odds, y = spread(networks, known(data)[1])
    chance = 1 / (1 + np.exp(-(card.calibration["slope"] * odds + card.calibration["intercept"])))
    for band, told in bands(chance, y):
        text = "  ".join(f"{name} {rate:.3f}" for name, rate in told.items())
        console.print(f"{band.absent_at_most:.2f} {band.present_at_least:.2f}  {text}", highlight=False)


@main.command(name="hard")
@data_option
@kept_option
def harder(data: Path, kept: Path) -> None:
    """Measure what was fitted, stage by stage and together, on validation films made harder."""
    import numpy as np  # noqa: PLC0415

    from server.reader.training.film.elsewhere import by_kind, hard  # noqa: PLC0415
    from server.reader.training.film.fit import STAGES  # noqa: PLC0415

    (networks, _), chosen_with = _fitted(kept), known(data)[1]
    stages, found = len(STAGES), []
    for stage in range(stages):
        found.append(by_kind(networks[stage::stages], chosen_with))
        console.print(f"stage {stage + 1}: {hard(found[-1], chosen_with.y)}", highlight=False)
        together = {kind: np.mean([each[kind] for each in found], axis=0) for kind in found[-1]}
        console.print(f"up to stage {stage + 1}: {hard(together, chosen_with.y)}", highlight=False)


@main.command()
@data_option
@threads_option
@click.argument("names", nargs=-1)
def trials(data: Path, threads: int, names: Sequence[str]) -> None:
    """Fit one network shortly by each recipe, without one series of films, and measure it on that series."""
    import torch  # noqa: PLC0415

    from server.reader.training.film.trial import RECIPES, trial  # noqa: PLC0415

    torch.set_num_threads(threads)
    learned, chosen_with = known(data)
    for name in names or RECIPES:
        recipe = RECIPES[name]
        with _progress(name, recipe.rounds) as tick:
            told = trial(recipe, learned, chosen_with, tick)
        console.print(f"{name}: {told}", highlight=False)


@main.command()
@data_option
def evaluate(data: Path) -> None:
    """Measure the committed model again; exit 1 when the card or the model file says otherwise."""
    card = load_card(CARD)
    wrong = list(differences(card.performance, _measured(card, data)))
    if wrong:
        raise click.ClickException(f"the card says otherwise about: {', '.join(wrong)}")
    console.print("the card's figures are reproduced")


def _measured(card: Card, data: Path) -> dict[str, str]:
    score = load(verified(CARD.with_name(card.model_file), card.model_digest))
    films, (learned, chosen_with) = unseen(data), known(data)
    with _progress("test films", (2 + 2 * len(RINGS)) * len(films.y)) as tick:
        told = figures(card, films, score, tick)
    told |= baselines(learned, films)
    told["population"] = (
        f"{len(films.y)} films of {len(set(films.person))} persons of the published test part "
        f"({films.y.sum()} with pneumonia); trained on {len(learned.y)} films of {len(set(learned.person))} "
        f"persons, chosen with {len(chosen_with.y)} of {len(set(chosen_with.person))}; "
        "no person is in two parts; 95% intervals by bootstrap of persons; rates are among answered films"
    )
    with console.status("what it must decline"):
        for name, declined, of in rates(card, films, score, data):
            told[f"declined: {name}"] = f"{declined} of {of}"
    told["command"] = COMMAND
    grid = Grid("figure", "value (95% interval)")
    for name, text in told.items():
        grid.add_row(name, text)
    console.print(grid)
    return told


def _fitted(kept: Path) -> tuple[list[Network], Gate]:
    import torch  # noqa: PLC0415

    from server.reader.training.film.fit import STAGES, restored  # noqa: PLC0415
    from server.reader.training.film.gate import Gate  # noqa: PLC0415

    networks = []
    for path in sorted(kept.glob("network*.pt")):
        states = torch.load(path, weights_only=True)
        if len(states) != len(STAGES):
            raise click.ClickException(f"{path} is not fitted to its end; run fit")
        networks += restored(states)
    gate = Gate()
    gate.load_state_dict(torch.load(kept / "gate.pt", weights_only=True)[0])
    return networks, gate.eval()


def _grown(path: Path, films: Films, seed: int) -> None:
    """Fits the stages that the file lacks; each is kept as soon as it is fitted."""
    import torch  # noqa: PLC0415

    from server.reader.training.film.fit import STAGES, restored, stages  # noqa: PLC0415

    states = torch.load(path, weights_only=True) if path.exists() else []
    rounds = sum(stage.rounds for stage in STAGES[len(states) :])
    with _progress(path.stem, rounds) as tick:
        for made in stages(films, seed, restored(states), lambda _, __: tick()):
            states.append(made.state_dict())
            torch.save(states, path)


@contextmanager
def _progress(words: str, total: int) -> Iterator[Tick]:
    shown = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*shown, console=console) as progress:
        task = progress.add_task(words, total=total)
        yield lambda: progress.advance(task)


if __name__ == "__main__":
    main()

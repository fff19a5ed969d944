"""The lower part of a card file: written after training, compared after evaluation."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import xgboost as xgb

from server.model import SharedErrors, Subgroup

MARK = '# == written by "python -m server.reader.training train"; a change by hand is undone there =='
OTHER_MARK = MARK.replace(' train"', ' train --other"')
ROUNDING = 0.0015
"""Figures are given to three decimals; another processor may move the last one."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def save(booster: xgb.Booster, path: Path) -> str:
    """Write the model file; its SHA-256."""
    booster.save_model(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rewrite(  # noqa: PLR0917 - the parts of one card, in their order
    card_file: Path,
    file: str,
    digest: str,
    calibration: Mapping[str, float],
    performance: Mapping[str, str],
    mark: str = MARK,
    subgroups: Sequence[Subgroup] = (),
    shared: SharedErrors | None = None,
) -> None:
    """Replace everything below the mark."""
    above = card_file.read_text("utf-8").partition(mark)[0]
    lines = [
        "[model]",
        f'file = "{file}"',
        f'digest = "{digest}"',
        "",
        "[calibration]",
        *(f"{name} = {value:.6f}" for name, value in calibration.items()),
        "",
        "[performance]",
        *(f'{_key(name)} = "{text}"' for name, text in performance.items()),
        "",
        *(_errors(shared) if shared else ()),
        *(line for each in subgroups for line in _group(each)),
    ]
    card_file.write_text(f"{above}{mark}\n\n" + "\n".join(lines), "utf-8")


def _errors(shared: SharedErrors) -> Iterator[str]:
    yield "[shared_errors]"
    yield f'other = "{shared.other}"'
    yield f"phi = {shared.phi:.3f}"
    yield f"cases = {shared.cases}"
    yield ""


def _group(group: Subgroup) -> Iterator[str]:
    yield "[[subgroups]]"
    yield f'name = "{group.name}"'
    yield f"people = {group.people}"
    yield f'sensitivity = "{group.sensitivity}"'
    yield f'specificity = "{group.specificity}"'
    if group.age_years is not None:
        yield f"age_years = {{ low = {group.age_years.low}, high = {group.age_years.high} }}"
    if group.sex is not None:
        yield f'sex = "{group.sex}"'
    yield ""


def _key(name: str) -> str:
    """A key of TOML: bare where it may be, else a text."""
    return name if re.fullmatch(r"[\w-]+", name) else f'"{name}"'


def differences(stated: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    """The names whose texts differ by more than rounding."""
    for name in sorted(set(stated) | set(found)):
        if not _alike(stated.get(name, ""), found.get(name, "")):
            yield name


def _alike(one: str, other: str) -> bool:
    if _NUMBER.sub("#", one) != _NUMBER.sub("#", other):
        return False
    pairs = zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=True)
    return all(abs(float(a) - float(b)) <= ROUNDING for a, b in pairs)

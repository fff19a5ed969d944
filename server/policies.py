"""Policies as they count: kept by digest, each case under its own; files are where they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from server.changes import Counting, Kept
from server.configuration import demand_sure
from server.errors import Category, fault
from server.model import Card, Device, Policy
from server.ports import CaseRow
from server.routing.policy import read_policy
from server.store.database import Database
from server.store.policies import PolicyStore
from server.store.results import ResultStore
from server.store.switches import SwitchStore


@dataclass(frozen=True, slots=True)
class Rulings:
    """What is kept of how cases are judged."""

    changes: PolicyStore
    """Policies by digest, and who let which count from when."""
    results: ResultStore
    """What resolved cases came to, in numbers."""
    switches: SwitchStore
    """Whether everything is read by two humans."""


def rulings(database: Database) -> Rulings:
    """All of it in one database."""
    return Rulings(PolicyStore(database), ResultStore(database), SwitchStore(database))


class PolicyBook:
    """``server.changes.Policies``: a digest never means another policy, so each is fetched once."""

    def __init__(self, files: Mapping[str, Policy], kept: Rulings) -> None:
        self._files = files
        self._store = kept.changes
        self._switches = kept.switches
        self._kept: dict[str, Kept] = {}

    def of(self, case: CaseRow) -> Policy:
        """The policy under which a case was opened.

        One of before policies were kept counts under the first that is; where none is, under the file.
        """
        digest = case.policy
        if digest is None:
            first = self._store.first(case.question)
            return self._files[case.question] if first is None else parsed(first)
        if digest not in self._kept:
            kept = self._store.kept(digest)
            if kept is None:
                raise fault(Category.BROKEN, "not-found", "the policy of a case is not in the store")
            self._kept[digest] = kept
        return parsed(self._kept[digest])

    def doubled(self, question: str, devices: Collection[Device] = ()) -> bool:
        """Whether two humans read every case of a question, or of one of these devices, now."""
        return self._switches.on(question, devices) is not None


@lru_cache(maxsize=64)
def parsed(kept: Kept) -> Policy:
    """Raises Fault(INCORRECT), naming the keys that this version does not read any more."""
    return read_policy(kept.text, f"{kept.identity}, as it is kept")


def kept_file(path: Path) -> Kept:
    """A policy file as it would be kept.

    Raises:
        Fault: INCORRECT, one issue for each wrong key.
    """
    content = read_bytes(path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise fault(Category.INCORRECT, "structure", f"{path.name} is not a policy file in UTF-8") from error
    policy = read_policy(text, path.name)
    return Kept(hashlib.sha256(content).hexdigest(), policy.question, policy.version, text)


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        text = f"policy file {path.name} cannot be read: {error.strerror}"
        raise fault(Category.INCORRECT, "value", text) from error


def take_up(
    folder: Path, cards: Mapping[str, Card], store: PolicyStore, at: datetime
) -> Mapping[str, Policy]:
    """The policies in force; of a question that has none yet, its file is from now on.

    Raises:
        Fault: INCORRECT, when one cannot be used with the question's card.
    """
    files = [kept_file(path) for path in sorted(folder.glob("*.toml"))]
    counting = {each.kept.question for each in store.counting()}
    for each in files:
        if each.question not in counting:
            store.begin(each, at)
    return fitting(store.in_force(at), cards)


def fitting(in_force: Mapping[str, Counting], cards: Mapping[str, Card]) -> Mapping[str, Policy]:
    """The policies in force, each usable with its question's card; raises as ``take_up``."""
    found = {question: parsed(each.kept) for question, each in in_force.items()}
    for question, card in cards.items():
        if question in found:
            demand_sure(card, found[question])
    return found


def differing(folder: Path, in_force: Mapping[str, Counting]) -> Iterator[tuple[str, Path]]:
    """(question, file) for each file that is not the policy in force; it counts once it is approved."""
    for path in sorted(folder.glob("*.toml")):
        counting = in_force.get(path.stem)
        if counting is not None and _digest(path) != counting.kept.digest:
            yield path.stem, path


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None

"""What counts now, as ``/health``, ``check`` and the log tell it: policies, files that differ, the switch."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from server.changes import EVERYTHING, Counting, Switch, thrown
from server.clock import now
from server.log import logger
from server.policies import differing
from server.store.policies import PolicyStore
from server.store.switches import SwitchStore
from server.times import instant
from server.wiring import House


def tell_differing(house: House) -> None:
    """In the log, once for each start."""
    in_force = house.rulings.changes.in_force(now())
    for question, path in differing(house.settings.policies, in_force):
        logger().warning(
            "the policy file is not the policy in force, which counts",
            question=question,
            in_force=in_force[question].kept.identity,
            mend=_mend(path),
        )
    for each in thrown(house.rulings.switches.words()).values():
        logger().warning("two humans read every case", scope=_scope(each), since=instant(each.at))


def of_policies(house: House, at: datetime) -> dict[str, Any]:
    """For whoever watches: no names and no reasons, which ``policy list`` tells."""
    in_force = house.rulings.changes.in_force(at)
    body: dict[str, Any] = {
        "policies": {question: _short(each) for question, each in sorted(in_force.items())},
        "doubleReading": [
            {
                "scope": _scope(each),
                "since": instant(each.at),
                "by": each.by if each.figures is not None else "a person",
            }
            for each in thrown(house.rulings.switches.words()).values()
        ],
    }
    if changed := {q: _mend(Path(path.name)) for q, path in differing(house.settings.policies, in_force)}:
        body["policyFilesNotInForce"] = changed
    return body


def told_in_force(folder: Path, changes: PolicyStore, switches: SwitchStore, at: datetime) -> str:
    """One line for ``check``."""
    in_force = changes.in_force(at)
    if not in_force:
        return "none yet; the files are, from the next start on"
    told = [_short(each) for _, each in sorted(in_force.items())]
    told += [f"{path.name} differs from it: {_mend(path)}" for _, path in differing(folder, in_force)]
    told += [f"two humans read every case of {_scope(each)}" for each in thrown(switches.words()).values()]
    return "; ".join(told)


def _scope(word: Switch) -> str:
    return "all questions" if word.scope == EVERYTHING else word.scope


def _short(counting: Counting) -> str:
    return f"{counting.kept.identity} ({counting.kept.digest[:12]})"


def _mend(path: Path) -> str:
    return f"python -m server policy propose {path} --by NAME --reason TEXT"

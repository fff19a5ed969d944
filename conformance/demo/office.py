"""Two people change a policy at the server's command line, as a medical director and a colleague would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from conformance.demo.show import Show

Command = Callable[..., str]
"""Words after ``python -m server``; what it prints."""

DIRECTOR, COLLEAGUE = "Ada Modelle", "Bo Sampleby"
_REASON = "two humans for every case, until the audit has been looked at"


def change(command: Command, question: str, folder: Path, show: Show) -> None:
    """From the policy in force to one under which a specialist confirms what both readers say.

    Raises:
        NotDone: a command refused.
    """
    show.say(f"\nThe policy of {question} is changed by two people, replayed on the cases above.")
    in_force = _in_force(command, question)
    file = folder / f"{question}-proposed.toml"
    file.write_text(doubled(command("policy", "show", in_force, "--text")), encoding="utf-8")
    proposed = ("policy", "propose", str(file), "--by", DIRECTOR, "--reason", _REASON)
    for line in command(*proposed).splitlines():
        show.line(DIRECTOR.partition(" ")[0], line)
    digest = next(each["digest"] for each in _listed(command, question) if each["standing"] == "proposed")
    told = command("policy", "approve", digest[:12], "--by", COLLEAGUE)
    show.line(COLLEAGUE.partition(" ")[0], told.strip())


def doubled(text: str) -> str:
    """The file with rule P0 and the next version; whoever confirms is asked as urgently as all others."""
    lines = []
    for line in text.splitlines():
        key = line.partition(" ")[0]
        if key == "version":
            numbers = line.split('"')[1].split(".")
            lines.append(f'version = "{int(numbers[0]) + 1}.0.0"')
        elif key == "rule":
            lines.append('rule = "P0"')
        else:
            lines.append(line)
        if line == "[urgency]":
            lines.append('confirmation = "urgent"')
    return "\n".join(lines) + "\n"


def _in_force(command: Command, question: str) -> str:
    rows = _listed(command, question)
    return next(str(each["digest"]) for each in rows if each["standing"] == "in force")


def _listed(command: Command, question: str) -> list[dict[str, str]]:
    listed = json.loads(command("policy", "list", "--json"))
    return [each for each in listed["policies"] if each["question"] == question]

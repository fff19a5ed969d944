"""Two people change a policy at the server's command line, as a medical director and a colleague would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from conformance.demo.show import Show

Command = Callable[..., str]
"""Words after ``python -m server``; what it prints."""

DIRECTOR, COLLEAGUE = "Ada Modelle", "Bo Sampleby"
_REASON = "every agreement is audited for a week; who does not look is passed over at once"


def change(command: Command, question: str, folder: Path, show: Show) -> None:
    """From the policy in force to one that audits every agreement and passes over who does not look.

    Raises:
        NotDone: a command refused.
    """
    show.say(f"\nThe policy of {question} is changed by two people, replayed on the cases above.")
    in_force = _in_force(command, question)
    file = folder / f"{question}-proposed.toml"
    file.write_text(stricter(command("policy", "show", in_force, "--text")), encoding="utf-8")
    proposed = ("policy", "propose", str(file), "--by", DIRECTOR, "--reason", _REASON)
    for line in command(*proposed).splitlines():
        show.line(DIRECTOR.partition(" ")[0], line)
    digest = next(each["digest"] for each in _listed(command, question) if each["standing"] == "proposed")
    told = command("policy", "approve", digest[:12], "--by", COLLEAGUE)
    show.line(COLLEAGUE.partition(" ")[0], told.strip())


def stricter(text: str) -> str:
    """The file with the next version: every agreement is audited, and an offer waits for ten seconds.

    Ten seconds are for a demonstration; nobody is asked like that who has anything else to do.
    """
    lines, table = [], ""
    for line in text.splitlines():
        key = line.partition(" ")[0]
        table = line.strip("[]") if line.startswith("[") else table
        if key == "version":
            numbers = line.split('"')[1].split(".")
            lines.append(f'version = "{int(numbers[0]) + 1}.0.0"')
        elif key == "audit_fraction":
            lines.append("audit_fraction = 1.0")
        elif key == "accept_within" and table == "clocks.urgent":
            lines.append('accept_within = "10 s"')
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _in_force(command: Command, question: str) -> str:
    rows = _listed(command, question)
    return next(str(each["digest"]) for each in rows if each["standing"] == "in force")


def _listed(command: Command, question: str) -> list[dict[str, str]]:
    listed = json.loads(command("policy", "list", "--json"))
    return [each for each in listed["policies"] if each["question"] == question]

"""``python -m conformance``: peers to talk to, a demonstration, checks, and measurements."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import click

_COMMANDS = {
    "demo": "conformance.demo.command:demo",
    "ehr": "conformance.demo.by_hand:ehr",
    "modality": "conformance.demo.imaging:modality",
    "pacs": "conformance.demo.imaging:pacs",
    "ris": "conformance.demo.telling:ris",
    "specialist": "conformance.demo.by_hand:specialist",
    "bench": "conformance.bench:bench",
    "check": "conformance.checks.command:check",
}


class _OnDemand(click.Group):
    """Imports a command when it is asked for, so that one does not pay for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        if find_spec(module) is None:
            return None  # the measurements may be left out of an installation
        command = getattr(import_module(module), name, None)
        return command if isinstance(command, click.Command) else None


@click.group(cls=_OnDemand)
def main() -> None:
    """Programs that speak to Second Reader over the wire only."""


if __name__ == "__main__":
    main(prog_name="python -m conformance")

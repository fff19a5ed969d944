"""The command line: ``python -m server``."""

from __future__ import annotations

import sys

import click

from server.commands import main
from server.errors import Fault

if __name__ == "__main__":
    try:
        main(prog_name="python -m server")
    except Fault as failure:
        click.echo(f"second-reader: {failure}", err=True)
        sys.exit(2)

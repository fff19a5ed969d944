"""The command line: ``python -m server``."""

from __future__ import annotations

import sys

from server.commands import main
from server.errors import Fault

if __name__ == "__main__":
    try:
        main(prog_name="python -m server")
    except Fault as failure:
        print(f"second-reader: {failure}", file=sys.stderr)  # noqa: T201 - a command line speaks to people
        sys.exit(2)

"""The command line: ``python -m server``."""

from __future__ import annotations

import sys

from server.ending import one_sentence

if __name__ == "__main__":
    # Nothing of this at the top: the process of a model imports this module too (multiprocessing,
    # "spawn"), under another name and for nothing.
    from server.processes import PROCESSES

    with one_sentence():
        name, *rest = sys.argv[1:] or [""]
        if name in PROCESSES:
            PROCESSES[name].main(rest, prog_name=f"python -m server {name}")
        from server.commands import main

        main(prog_name="python -m server")

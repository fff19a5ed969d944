"""The peer of ``bench fhir``: fhirstarter (PyPI) serving Tasks from memory, under uvicorn with two processes.

Started by the bench as a program of its own: ``python -m conformance.bench.starter PORT TASK_FILE``. It
checks what it takes with fhir.resources, keeps it in a dictionary, and flushes nothing.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["FHIR_SEQUENCE"] = "R4B"  # before it is imported: it knows R4 only by the name of R4B

import uvicorn
from fhir.resources.R4B.task import Task
from fhirstarter import FHIRProvider, FHIRStarter, InteractionContext
from fhirstarter.exceptions import FHIRResourceNotFoundError

from conformance.bench.stock import FIRST

TASK_FILE = "FHIRSTARTER_TASK"
WORKERS = 2


def app() -> Any:
    """A process of its own holds each of these; made anew in every one."""
    first: dict[str, Any] = json.loads(Path(os.environ[TASK_FILE]).read_bytes())
    held = {FIRST: Task(**(first | {"id": FIRST}))}
    numbers = itertools.count(1)
    provider = FHIRProvider()

    @provider.read(Task)  # type: ignore[untyped-decorator]
    async def read(context: InteractionContext, id_: str) -> Task:
        del context
        if id_ not in held:
            raise FHIRResourceNotFoundError
        return held[id_]

    @provider.create(Task)  # type: ignore[untyped-decorator]
    async def create(context: InteractionContext, resource: Task) -> str:
        del context
        id_ = f"t{next(numbers)}"
        held[id_] = resource.model_copy(update={"id": id_})
        return id_

    made = FHIRStarter()
    made.add_providers(provider)
    return made


def main() -> None:
    port, task = int(sys.argv[1]), sys.argv[2]
    os.environ[TASK_FILE] = task
    uvicorn.run(
        "conformance.bench.starter:app",
        factory=True,
        host="127.0.0.1",
        port=port,
        workers=WORKERS,
        log_level="error",
        access_log=False,
    )


if __name__ == "__main__":
    main()

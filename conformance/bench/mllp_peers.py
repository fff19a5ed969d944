"""The peers of ``bench mllp``: MLLP servers that others wrote, each as a program of its own.

``python -m conformance.bench.mllp_peers {hl7apy,python-hl7} PORT FILE``. What a server does with a message
is left to whoever uses it: here each parses it with its own parser, writes it to the end of FILE, flushes
that to the disk, and answers AA. Neither checks more than its parser does.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import hl7
from hl7.mllp import start_hl7_server
from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message

from conformance.bench.archives import await_port
from conformance.demo.child import free_port

HL7APY, PYTHON_HL7 = "hl7apy", "python-hl7"
_HOST = "127.0.0.1"
_MOST = 16 * 1024 * 1024
_ANSWER = "MSH|^~\\&|PEER|BENCH|||20260105080000||ACK^R01^ACK|A{id}|P|2.5.1\rMSA|AA|{id}\r"


@contextmanager
def serving(name: str, folder: Path) -> Iterator[int]:
    """Its port."""
    port = free_port(_HOST, 0, "")
    command = [sys.executable, "-m", "conformance.bench.mllp_peers", name, str(port), str(folder / name)]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        await_port(process, port, name)
        yield port
    finally:
        process.terminate()
        process.wait()


class _Keeper:
    """Appends and flushes, one message at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._turn = threading.Lock()

    def keep(self, message: str) -> None:
        with self._turn:
            self._file.write(message.encode() + b"\n")
            self._file.flush()
            os.fdatasync(self._file.fileno())


class _Handler(AbstractHandler):  # type: ignore[misc]
    def __init__(self, message: str, keeper: _Keeper) -> None:
        super().__init__(message)
        self._keeper = keeper

    def reply(self) -> str:
        parsed = parse_message(self.incoming_message)
        self._keeper.keep(self.incoming_message)
        return f"\x0b{_ANSWER.format(id=parsed.msh.msh_10.value)}\x1c\r"


def _hl7apy(port: int, keeper: _Keeper) -> None:
    MLLPServer(_HOST, port, {"ORU^R01^ORU_R01": (_Handler, keeper)}).serve_forever()


async def _python_hl7(port: int, keeper: _Keeper) -> None:
    async def answer(reader: Any, writer: Any) -> None:
        while not reader.at_eof():
            try:
                message: hl7.Message = await reader.readmessage()
            except asyncio.IncompleteReadError:
                break
            keeper.keep(str(message))  # as its examples do: in the loop
            writer.writeblock(_ANSWER.format(id=str(message.segment("MSH")[10])).encode())
            await writer.drain()
        writer.close()

    server = await start_hl7_server(answer, _HOST, port, encoding="utf-8", limit=_MOST)
    await server.serve_forever()


def main() -> None:
    name, port, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    with path.open("ab") as file:
        keeper = _Keeper(file)
        if name == HL7APY:
            _hl7apy(port, keeper)
        else:
            asyncio.run(_python_hl7(port, keeper))


if __name__ == "__main__":
    main()

"""python-hl7's asyncio server, as its makers ship it, in a thread: a receiver that others wrote."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Self

import hl7
from hl7.mllp import start_hl7_server

AA: Callable[[hl7.Message], str] = lambda message: str(message.create_ack("AA"))  # noqa: E731


class PythonHl7:
    """Listens inside ``with``; ``heard`` are the messages that came, as it has parsed them.

    ``answer`` makes the answer to each; None: it says nothing, and closes.
    """

    def __init__(self, answer: Callable[[hl7.Message], str | None] = AA) -> None:
        self.heard: list[hl7.Message] = []
        self.connections = 0
        self.port = 0
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._listens, self._stop = threading.Event(), asyncio.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listens.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self) -> None:
        server = await start_hl7_server(self._hear, "127.0.0.1", 0, encoding="utf-8")
        self.port = server.sockets[0].getsockname()[1]
        self._listens.set()
        await self._stop.wait()
        server.close()

    async def _hear(self, reader: Any, writer: Any) -> None:
        self.connections += 1
        try:
            while True:
                message = await reader.readmessage()
                self.heard.append(message)
                answer = self._answer(message)
                if answer is None:
                    break
                writer.writeblock(answer.encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # The peer has closed.
        finally:
            writer.close()

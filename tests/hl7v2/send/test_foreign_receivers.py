"""Receivers that others wrote: the asyncio server of python-hl7, and hl7apy's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server
from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message

from server.hl7v2.pens.opinion import write_opinion
from server.hl7v2.send.courier import MllpCourier
from server.model import AckMode, Document
from tests.hl7v2.pens.nouns import OPINION, in_version
from tests.hl7v2.send.conftest import TERMS, told

ORIGINAL = {"mode": AckMode.ORIGINAL}
CONTENT = write_opinion(in_version("2.5.1", **ORIGINAL), OPINION)
SENT = Document("d", "oru", "ris", "application/hl7-v2", CONTENT)


def courier(port: int) -> MllpCourier:
    return MllpCourier([told(port, replace(TERMS, mode=AckMode.ORIGINAL))])


@contextmanager
def python_hl7(got: list[str]) -> Iterator[int]:
    """In a thread with a loop of its own; gives the port."""
    ready, ports = threading.Event(), list[int]()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def take(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        try:
            while True:
                message = await reader.readmessage()
                got.append(str(message))
                writer.writemessage(message.create_ack())
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()

    async def serve() -> None:
        async with await start_hl7_server(take, port=0, host="127.0.0.1") as server:
            ports.append(server.sockets[0].getsockname()[1])
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def test_python_hl7_acknowledges_what_we_send() -> None:
    got: list[str] = []
    with python_hl7(got) as port:
        ours = courier(port)
        for _ in range(3):
            assert ours.deliver(SENT).how == "AA"
        ours.close()
    assert [each.replace("\n", "\r").rstrip("\r") for each in got] == [CONTENT.decode().rstrip("\r")] * 3


class Accepts(AbstractHandler):  # type: ignore[misc]
    def __init__(self, message: str, got: list[str]) -> None:
        super().__init__(message)
        self.got = got

    def reply(self) -> str:
        message = parse_message(self.incoming_message)
        self.got.append(self.incoming_message)
        head = f"MSH|^~\\&|EHR||US||20260105||ACK^R01^ACK|1|P|2.5.1\rMSA|AA|{message.msh.msh_10.value}\r"
        return f"\x0b{head}\x1c\x0d"


def test_hl7apy_acknowledges_what_we_send_and_hangs_up() -> None:
    got: list[str] = []
    server = MLLPServer("127.0.0.1", 0, {"ORU^R01^ORU_R01": (Accepts, got)})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        ours = courier(server.server_address[1])
        for _ in range(3):
            assert ours.deliver(SENT).how == "AA"
        ours.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
    assert got == [CONTENT.decode()] * 3

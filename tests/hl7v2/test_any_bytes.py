"""Whatever comes: an answer that can be read, or silence; never an exception, always the same message."""

from __future__ import annotations

import random

from server.hl7v2 import batch, reading
from server.hl7v2.judge import Arrived, Judgement, Silent, Taken, judge
from server.hl7v2.text.head import read_head
from tests.hl7v2.written import NOW, PID, link, observed, result, written

SEEDS = (
    result(observed(), observed("<5")),
    written(PID, "ORC|NW|P1^EHR", "OBR|1|P1^EHR||36643-5^Chest^LN", "ZDS|1.2.3", kind="ORM^O01^ORM_O01"),
    written("EVN||20260105", PID, "MRG|MRN9^^^HOSP^MR", kind="ADT^A40^ADT_A39", version="2.8", end="\n"),
    b"BHS|^~\\&|RIS\r" + result() + b"BTS|1\r",
)
PIECES = (
    b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"\r\n", b"\x0b", b"\x1c", b"\x00", b"\xff", b"\xc3\xa9",
    b"MSH|", b"PID|", b"ORC|", b"OBR|", b"MSA|AA", b'""', b"\\X", b"\\X41\\", b"\\C2D41\\", b"\\M2442\\",
    b"\\.sp9\\", b"99999999999", b"OBX|1|NM|", b"BHS|^~\\&\r", b"\x1b$B", b"00000000",
)  # fmt: skip
LINKS = (
    link(batches=True),
    link(batches=True, strict=True),
    link(batches=True, character_set="ISO IR87"),
    link(batches=True, character_set="UNICODE UTF-8"),
    link(batches=True, character_set="GB 18030-2000"),
)


def mangled(chance: random.Random) -> bytes:
    found = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(found) // 3 if chance.random() < 0.9 else 0, len(found) + 1)
        match chance.randrange(4):
            case 0:
                found[at:at] = chance.choice(PIECES)
            case 1:
                del found[at : at + chance.randint(1, 30)]
            case 2:
                found[at : at + 1] = bytes([chance.randrange(256)])
            case _:
                found[at:at] = found[at : at + chance.randint(1, 200)]
    return bytes(found)


def test_any_bytes_get_an_answer() -> None:
    chance = random.Random(20260105)
    taken = 0
    for _ in range(3_000):
        payload, of = mangled(chance), chance.choice(LINKS)
        for part in batch.messages(payload) or (payload,):
            judged = judge(Arrived(part, NOW, "m-1", batched=part is not payload), [of])
            if isinstance(judged, Taken):
                taken += 1
                assert reading.message(part, of) == judged.message
            _readable(judged)
    assert taken > 300, "most would be refused by their heads"


def _readable(judged: Judgement) -> None:
    """A head, MSA, and where it is a no ERR, each on a line."""
    if isinstance(judged, Silent):
        return
    answer = judged.heard.answer if isinstance(judged, Taken) else judged.answer
    if answer:
        assert read_head(answer).msh.text(9, 1) in ("ACK", "ORR", "ORL", "ORI")
        assert [line[:4] for line in answer.split(b"\r")] in (
            [b"MSH|", b"MSA|", b""],
            [b"MSH|", b"MSA|", b"ERR|", b""],
        )

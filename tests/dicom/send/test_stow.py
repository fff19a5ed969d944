"""Delivery by DICOMweb, against a line that answers as it is told; Orthanc is another test's."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from server.dicom.send.outgoing import outgoing
from server.dicom.send.stow import by_web
from server.errors import Category
from server.fhir.proof import Answer, refusal
from server.ports import Undelivered
from tests.dicom.send.objects import SERIES, STUDY, document, part10, uid

FOUND = (200, json.dumps([{"00080018": {"vr": "UI", "Value": [uid(1)]}}]).encode())
OTHER = (200, json.dumps([{"00080018": {"vr": "UI", "Value": [uid(9)]}}]).encode())
TWICE = (200, json.dumps(json.loads(FOUND[1]) * 2).encode())
NONE = (204, b"")
STORED = (200, b"{}")
WHERE = (f"/studies/{STUDY}/series/{SERIES}/instances/{uid(1)}",)


def failing(status: int, reason: int | None, of: int = 1) -> tuple[int, bytes]:
    item: dict[str, Any] = {"00081155": {"vr": "UI", "Value": [uid(of)]}}
    if reason is not None:
        item["00081197"] = {"vr": "US", "Value": [reason]}
    return status, json.dumps({"00081198": {"vr": "SQ", "Value": [item]}}).encode()


@dataclass
class Line:
    """Answers in the order given."""

    answers: list[tuple[int, bytes]]
    asked: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, expected: Collection[int]
    ) -> tuple[int, bytes]:
        self.asked.append((method, path))
        self.bodies.append((headers, body))
        status, answer = self.answers.pop(0)
        if status not in expected:
            raise refusal(Answer(status))
        return status, answer


SENT = outgoing(document())
SEARCH = ("GET", f"/studies/{STUDY}/instances?SOPInstanceUID={uid(1)}")
STORE = ("POST", "/studies")


@pytest.mark.parametrize(
    ("attempt", "answers", "asked"),
    [
        (1, [STORED, FOUND], [STORE, SEARCH]),
        (1, [(202, b"<xml/>"), FOUND], [STORE, SEARCH]),
        (1, [failing(409, 0x0111), FOUND], [STORE, SEARCH]),
        (1, [failing(202, 0xA700, of=2), FOUND], [STORE, SEARCH]),
        (2, [FOUND], [SEARCH]),
        (2, [NONE, STORED, FOUND], [SEARCH, STORE, SEARCH]),
        (2, [OTHER, STORED, FOUND], [SEARCH, STORE, SEARCH]),
        (2, [(404, b""), STORED, FOUND], [SEARCH, STORE, SEARCH]),
        (2, [(400, b""), STORED, FOUND], [SEARCH, STORE, SEARCH]),
    ],
)
def test_delivered_means_found(
    attempt: int, answers: list[tuple[int, bytes]], asked: list[tuple[str, str]]
) -> None:
    line = Line(list(answers))
    receipt = by_web(line, SENT, attempt)
    assert (receipt.status, receipt.how, receipt.locations) == (200, "found", WHERE)
    assert line.asked == asked


@pytest.mark.parametrize(
    ("answers", "category", "said"),
    [
        ([STORED, NONE], Category.UNAVAILABLE, "a search does not find it"),
        ([STORED, (501, b"")], Category.UNAVAILABLE, "a search does not find it"),
        ([STORED, TWICE], Category.CONFLICT, "more than once"),
        ([failing(409, 0xA700)], Category.BUSY, "A700: it is out of resources"),
        ([failing(202, 0x0122)], Category.UNPROCESSABLE, "0122"),
        ([failing(409, 0xC122)], Category.UNPROCESSABLE, "C122: it does not take this transfer syntax"),
        ([failing(409, 0x0124)], Category.FORBIDDEN, "0124"),
        ([failing(409, None)], Category.UNAVAILABLE, "0110"),
        ([(409, b"no")], Category.UNPROCESSABLE, "does not say why"),
        ([(503, b"")], Category.BUSY, "HTTP 503"),
        ([failing(409, 0x0111), NONE], Category.UNAVAILABLE, "a search does not find it"),
    ],
)
def test_anything_else_is_not_delivered(
    answers: list[tuple[int, bytes]], category: Category, said: str
) -> None:
    with pytest.raises(Undelivered, match=said) as no:
        by_web(Line(list(answers)), SENT, 1)
    assert no.value.category is category


@pytest.mark.parametrize(
    ("answers", "nothing"),
    [
        ([failing(409, 0xA700)], True),
        ([failing(202, 0x0122)], True),
        ([(409, b"no")], True),
        ([(400, b"")], True),
        ([(401, b"")], True),
        ([failing(409, None)], False),
        ([(503, b"")], False),
        ([(408, b"")], False),
        ([STORED, NONE], False),
        ([STORED, TWICE], False),
        ([STORED, (401, b"")], False),
    ],
)
def test_what_a_failed_attempt_has_left_there(answers: list[tuple[int, bytes]], nothing: bool) -> None:
    with pytest.raises(Undelivered) as no:
        by_web(Line(list(answers)), SENT, 1)
    assert no.value.untouched is nothing


def test_the_object_is_one_part_as_it_is() -> None:
    line = Line([STORED, FOUND])
    by_web(line, SENT, 1)
    headers, body = line.bodies[0]
    kind, _, boundary = headers["Content-Type"].rpartition("; boundary=")
    assert kind == 'multipart/related; type="application/dicom"'
    first, part, last = body.split(f"--{boundary}".encode())
    assert (first, last) == (b"", b"--\r\n")
    assert part == b"\r\nContent-Type: application/dicom\r\n\r\n" + part10() + b"\r\n"

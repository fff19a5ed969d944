"""multipart/related: every part where it is, nothing taken from a message that is not whole."""

from __future__ import annotations

from io import BytesIO

import pytest

from server.dicom.web import multipart
from server.dicom.web.multipart import boundary_of, parts, read, written
from server.errors import Category, Fault
from tests.dicom.web.messages import CLOSE, RELATED, message, part

CONTENTS = (b"one", b"", b"\r\n--edg\r\n", b"\r\n-", bytes(range(256)) * 9_000)


def contents(body: bytes) -> list[bytes]:
    file = BytesIO(body)
    return [b"".join(read(file, each.start, each.end)) for each in parts(file, b"edge")]


@pytest.mark.parametrize("step", [1, 7, 64, 1 << 20])
def test_parts_are_found_wherever_the_reading_stops(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    monkeypatch.setattr(multipart, "_STEP", step)
    some = CONTENTS if step > 1 else CONTENTS[:4]
    assert contents(message(*some)) == list(some)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (CLOSE, []),
        (b"preamble\r\n" + message(b"one") + b"epilogue", [b"one"]),
        (b"--edge \t\r\n\r\nno head\r\n--edge--", [b"no head"]),
        (part(b"one").replace(b"Content-Type", b"CONTENT-type") + CLOSE, [b"one"]),
        (message(b"one") + message(b"two"), [b"one"]),
    ],
)
def test_what_the_grammar_allows(body: bytes, found: list[bytes]) -> None:
    assert contents(body) == found


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "closing delimiter"),
        (part(b"one"), "closing delimiter"),
        (part(b"one") + b"--edge", "end of its line"),
        (part(b"one") + b"--edge-", "end of its line"),
        (part(b"one") + b"-- edge--", "closing delimiter"),
        (b"--edge\r\n--edge--", "empty line"),
        (b"--edge\r\nX: " + b"x" * 9_000 + b"\r\n\r\none\r\n" + CLOSE, "empty line"),
        (b"--edgeX\r\n\r\none\r\n" + CLOSE, "end of its line"),
    ],
)
def test_what_is_no_message_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(Fault, match=says) as refused:
        parts(BytesIO(body), b"edge")
    assert refused.value.category is Category.INCORRECT


def test_no_beginning_of_a_message_is_one() -> None:
    whole = message(b"one", b"two")
    for end in range(len(whole) - len(b"\r\n")):
        with pytest.raises(Fault):
            parts(BytesIO(whole[:end]), b"edge")


def test_too_many_parts_are_refused() -> None:
    body = b"--edge\r\n\r\n\r\n" * 20_000 + CLOSE
    with pytest.raises(Fault) as refused:
        parts(BytesIO(body), b"edge")
    assert refused.value.category is Category.TOO_LARGE


@pytest.mark.parametrize(
    ("content_type", "category"),
    [
        ("application/dicom", Category.UNSUPPORTED),
        ("", Category.UNSUPPORTED),
        ("multipart/form-data; boundary=edge", Category.UNSUPPORTED),
        ("multipart/related", Category.INCORRECT),
        ("multipart/related; boundary=", Category.INCORRECT),
        ("multipart/related; boundary=" + "x" * 201, Category.INCORRECT),
        ('multipart/related; boundary="a b "', Category.INCORRECT),
        ("multipart/related; boundary=é", Category.INCORRECT),
        ("multipart/related; boundary", Category.INCORRECT),
    ],
)
def test_which_content_types_are_refused(content_type: str, category: Category) -> None:
    with pytest.raises(Fault) as refused:
        boundary_of(content_type)
    assert refused.value.category is category


@pytest.mark.parametrize(
    ("content_type", "told"),
    [
        (RELATED, ("application/dicom", b"edge")),
        ("Multipart/Related;boundary=edge", ("", b"edge")),
        ("multipart/related; boundary=" + "x" * 73, ("", b"x" * 73)),
        (
            'multipart/related; boundary="a b"; type=application/dicom+json',
            ("application/dicom+json", b"a b"),
        ),
    ],
)
def test_what_a_content_type_tells(content_type: str, told: tuple[str, bytes]) -> None:
    assert boundary_of(content_type) == told


def test_what_is_written_is_read_back() -> None:
    body = b"".join(written([("application/dicom", [b"o", b"ne"]), ("image/png", [b"two"])], "edge"))
    assert contents(body) == [b"one", b"two"]
    assert [each.content_type for each in parts(BytesIO(body), b"edge")] == ["application/dicom", "image/png"]

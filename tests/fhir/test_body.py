from __future__ import annotations

import gzip
from io import BytesIO

import pytest

from server.errors import Category, Fault
from server.fhir.body import read_body

LIMIT = 10_000
TEXT = b'{"resourceType":"Patient"}'


def read(raw: bytes, declared: int | None = None, encoding: str = "", limit: int = LIMIT) -> bytes:
    return read_body(BytesIO(raw), declared, encoding, limit)


@pytest.mark.parametrize(
    ("raw", "declared", "encoding"),
    [
        (TEXT, len(TEXT), ""),
        (TEXT, None, ""),
        (TEXT, len(TEXT), "identity"),
        (gzip.compress(TEXT, mtime=0), None, "gzip"),
    ],
)
def test_whole_bodies(raw: bytes, declared: int | None, encoding: str) -> None:
    assert read(raw, declared, encoding) == TEXT


def test_an_empty_body_is_a_body() -> None:
    assert read(b"", 0) == b""
    assert read(b"", None) == b""


def test_the_limit_itself_is_allowed() -> None:
    assert len(read(b"x" * LIMIT, LIMIT)) == LIMIT
    assert len(read(gzip.compress(b"x" * LIMIT, mtime=0), None, "gzip")) == LIMIT


ZIP = gzip.compress(TEXT, mtime=0)


@pytest.mark.parametrize(
    ("raw", "declared", "encoding", "category", "code"),
    [
        (TEXT, len(TEXT) + 1, "", Category.INCORRECT, "incomplete"),
        (TEXT, LIMIT + 1, "", Category.TOO_LARGE, "too-long"),
        (b"x" * (LIMIT + 1), None, "", Category.TOO_LARGE, "too-long"),
        (gzip.compress(b"x" * (LIMIT + 1), mtime=0), None, "gzip", Category.TOO_LARGE, "too-long"),
        (ZIP[:-1], None, "gzip", Category.INCORRECT, "structure"),
        (ZIP + b"x", None, "gzip", Category.INCORRECT, "structure"),
        (ZIP + ZIP, None, "gzip", Category.INCORRECT, "structure"),
        (TEXT, None, "gzip", Category.INCORRECT, "structure"),
        (b"", None, "gzip", Category.INCORRECT, "structure"),
        (TEXT, None, "br", Category.UNSUPPORTED, "not-supported"),
        (TEXT, None, "gzip, gzip", Category.UNSUPPORTED, "not-supported"),
    ],
)
def test_refused(raw: bytes, declared: int | None, encoding: str, category: Category, code: str) -> None:
    with pytest.raises(Fault) as caught:
        read(raw, declared, encoding)
    assert caught.value.category is category
    assert caught.value.issues[0].code == code


def test_a_bomb_is_not_inflated_to_its_end() -> None:
    """F-063: 100 times what was sent, whatever the limit says; a small body may still grow to 100 000."""
    bomb = gzip.compress(b" " * 10_000_000, mtime=0)
    with pytest.raises(Fault) as caught:
        read(bomb, None, "gzip", limit=50_000_000)
    assert caught.value.category is Category.TOO_LARGE
    assert len(read(gzip.compress(b" " * 90_000, mtime=0), None, "gzip", limit=50_000_000)) == 90_000


def test_no_more_is_read_than_the_limit_and_one() -> None:
    stream = BytesIO(b"x" * 1_000_000)
    with pytest.raises(Fault):
        read_body(stream, None, "", LIMIT)
    assert stream.tell() == LIMIT + 1

"""What an Accept header asks for."""

from __future__ import annotations

import pytest

from server.dicom.web.media import Range, covers, ranges, single
from server.errors import Category, Fault

RELATED = "multipart/related"


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("*/*", [Range("*/*", "", "", 1.0)]),
        (
            'multipart/related; type="application/dicom"; transfer-syntax=*',
            [Range(RELATED, "application/dicom", "*", 1.0)],
        ),
        (
            'multipart/related; type="application/dicom; transfer-syntax=1.2.3"',
            [Range(RELATED, "application/dicom", "1.2.3", 1.0)],
        ),
        (
            "multipart/related;type=image/jpeg;q=0.5, image/png",
            [Range("image/png", "", "", 1.0), Range(RELATED, "image/jpeg", "", 0.5)],
        ),
        ("IMAGE/PNG; q=0, image/jpeg", [Range("image/jpeg", "", "", 1.0)]),
        ('text/plain; x="a,b"', [Range("text/plain", "", "", 1.0)]),
    ],
)
def test_ranges_stand_in_the_order_in_which_they_are_wanted(accept: str, found: list[Range]) -> None:
    assert list(ranges(accept)) == found


@pytest.mark.parametrize(
    "accept", ["png", "image/png; q=2", "image/png; q=x", "image/png;;=", ",".join(["a/b"] * 65)]
)
def test_what_is_no_list_of_media_ranges_is_refused(accept: str) -> None:
    with pytest.raises(Fault) as refused:
        ranges(accept)
    assert refused.value.category is Category.INCORRECT


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("*/*", "image/jpeg"), ("image/*", "image/jpeg"), ("image/png", "image/png"),
     ("text/html, image/png;q=0.1", "image/png"), ("image/jpeg;q=0.1, image/png", "image/png")],
)  # fmt: skip
def test_one_of_the_types_offered_is_chosen(accept: str, kind: str) -> None:
    assert single(accept, ("image/jpeg", "image/png")) == kind


def test_what_is_offered_is_said_where_nothing_fits() -> None:
    with pytest.raises(Fault, match="image/jpeg; or image/png") as refused:
        single("text/html", ("image/jpeg", "image/png"))
    assert refused.value.category is Category.NOT_ACCEPTABLE


def test_covering() -> None:
    assert covers("*/*", "a/b")
    assert covers("a/*", "a/b")
    assert not covers("a/*", "ab/c")

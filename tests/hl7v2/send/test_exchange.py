"""Which answer delivers a message, which parks it, and which one waits on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.errors import Category
from server.hl7v2.send.exchange import Exchange
from server.model import AckMode, Hl7Terms
from server.ports import Undelivered
from tests.hl7v2.send.conftest import TERMS

ORIGINAL = replace(TERMS, mode=AckMode.ORIGINAL)
BOTH = replace(TERMS, application_answer=True)


def answer(code: str, error: str = "", of: str = "SR1", words: str = "") -> bytes:
    err = f"ERR|||{error}|E\r" if error else ""
    return f"MSH|^~\\&|EHR||US||1||ACK|9|P|2.5.1\rMSA|{code}|{of}|{words}\r{err}".encode()


@pytest.mark.parametrize(("terms", "code"), [(ORIGINAL, "AA"), (TERMS, "CA"), (TERMS, "AA"), (BOTH, "AA")])
def test_delivered(terms: Hl7Terms, code: str) -> None:
    receipt = Exchange("SR1", terms).heard(answer(code))
    assert receipt is not None
    assert (receipt.how, receipt.status, receipt.locations) == (code, None, ("MSH-10 SR1",))


def test_an_application_answer_is_waited_for_behind_ca() -> None:
    exchange = Exchange("SR1", BOTH)
    assert exchange.heard(answer("CA")) is None
    assert exchange.committed
    receipt = exchange.heard(answer("AA"))
    assert receipt is not None
    assert receipt.how == "AA"


def test_one_that_never_comes_leaves_ca() -> None:
    exchange = Exchange("SR1", BOTH)
    exchange.heard(answer("CA"))
    assert exchange.over().how == "CA"


def test_one_that_refuses_parks_what_was_stored() -> None:
    exchange = Exchange("SR1", BOTH)
    exchange.heard(answer("CA"))
    with pytest.raises(Undelivered, match="answered AE"):
        exchange.heard(answer("AE"))


@pytest.mark.parametrize(
    ("code", "error", "category"),
    [
        ("AE", "", Category.UNPROCESSABLE),
        ("AE", "207", Category.UNPROCESSABLE),
        ("CE", "101", Category.UNPROCESSABLE),
        ("AR", "200", Category.UNPROCESSABLE),
        ("AR", "201", Category.UNPROCESSABLE),
        ("AR", "202", Category.UNPROCESSABLE),
        ("CR", "203", Category.UNPROCESSABLE),
        ("AR", "101", Category.UNPROCESSABLE),
        ("AR", "", Category.UNAVAILABLE),
        ("AR", "207", Category.UNAVAILABLE),
        ("CR", "207", Category.UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("terms", [ORIGINAL, TERMS, BOTH], ids=["original", "enhanced", "both answers"])
def test_refused(terms: Hl7Terms, code: str, error: str, category: Category) -> None:
    with pytest.raises(Undelivered) as refused:
        Exchange("SR1", terms).heard(answer(code, error, words="no such order"))
    assert refused.value.category is category
    assert f"answered {code}" in str(refused.value)
    assert str(refused.value).endswith("it says: no such order")


def test_ca_where_aa_is_agreed_waits_for_a_person() -> None:
    with pytest.raises(Undelivered, match='mode = "enhanced"') as refused:
        Exchange("SR1", ORIGINAL).heard(answer("CA"))
    assert refused.value.category is Category.UNPROCESSABLE


def test_answers_to_something_else_are_ignored_and_counted() -> None:
    exchange = Exchange("SR1", TERMS)
    assert exchange.heard(answer("AE", of="SR2")) is None
    assert exchange.heard(b"what?") is None
    with pytest.raises(Undelivered, match="2 answers that are not to this message") as late:
        exchange.over()
    assert late.value.category is Category.UNAVAILABLE


def test_silence_passes() -> None:
    with pytest.raises(Undelivered, match=r"did not acknowledge the message in time$") as late:
        Exchange("SR1", TERMS).over()
    assert late.value.category is Category.UNAVAILABLE

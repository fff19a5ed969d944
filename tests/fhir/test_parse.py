from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Category, Fault
from server.fhir.parse import DEPTH, STRING_CHARACTERS, element_path, number, own, parse, read_json
from server.fhir.write import dump
from tests.badinput.builders import raw_value
from tests.badinput.fhir_bodies import JSON_ROWS


def refusal(body, **options):
    with pytest.raises(Fault) as caught:
        parse(body, **options)
    return caught.value


@pytest.mark.parametrize("row", [row for row in JSON_ROWS if row.expected != "ok"], ids=lambda row: row.id)
def test_rows_refused_by_reading_alone(row):
    fault = refusal(row.body)
    (issue,) = fault.issues
    assert (fault.category.name, issue.code, issue.path) == (row.expected, row.code, row.path or "")


def test_depth_limit():
    objects = b'{"a":' * (DEPTH - 1) + b'{"a":1}' + b"}" * (DEPTH - 1)
    parse(objects)
    assert refusal(b'{"a":%s}' % objects).issues[0].code == "too-costly"


@pytest.mark.parametrize("text", ["[[[[", "}}}}", '\\"[[', "\\\\", "{" * 200, '"'])
def test_brackets_in_strings_are_text(text):
    body = dump({"a": text})
    assert parse(body) == {"a": text}


def test_brackets_do_not_recurse():
    for body in (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000):
        assert refusal(body).category is Category.INCORRECT


def test_limit_counts_bytes():
    body = '{"a":"é"}'.encode()
    assert parse(body, limit=len(body)) == {"a": "é"}
    assert refusal(body, limit=len(body) - 1).category is Category.TOO_LARGE


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.10", Decimal("1.10")),
        ("2.00", Decimal("2.00")),
        ("1e2", Decimal("1E+2")),
        ("0E-8", Decimal("0E-8")),
        ("-0", Decimal("-0")),
        ("1234567890123456789", Decimal(1234567890123456789)),
        ("0.1234567890123456789012345678901", Decimal("0.1234567890123456789012345678901")),
        ("7", 7),
        ("-7", -7),
    ],
)
def test_numbers_keep_their_digits(text, value):
    number = parse(raw_value(text))["valueQuantity"]["value"]
    assert (type(number), str(number)) == (type(value), str(value))


@pytest.mark.parametrize(
    "text", ["", "+1", "01", "1.", ".5", "1e", "0x1", "1_0", " 1", "\u0663", "NaN", "1e400"]
)
def test_what_is_no_number_in_json_is_none_elsewhere(text):
    with pytest.raises(Fault) as caught:
        number(text)
    assert caught.value.category is Category.INCORRECT


def test_our_own_bytes_are_not_questioned():
    deep = b'{"a":' * (2 * DEPTH) + b'{"a":1.10}' + b"}" * (2 * DEPTH)
    assert dump(own(deep)) == deep
    for digits in (b"-0", b"1.10", b"1E+2", b"1" + b"0" * 30):
        assert dump(own(b"[%s]" % digits)) == b"[%s]" % digits


def test_surrogate_pairs_are_one_character():
    assert parse(rb'{"a":"\ud83d\ude00"}') == {"a": "\U0001f600"}


def test_whatever_is_read_can_be_written():
    assert read_json(rb'["\ud83d\ude00", "\\ud800"]', 100) == ["\U0001f600", "\\ud800"]
    for body in (rb'["\ud800"]', rb'[{"a\udc00": 1.10}]', rb'"\ude00\ud83d"'):
        with pytest.raises(Fault, match="surrogate"):
            read_json(body, 100)


def test_long_base64_is_not_a_long_string():
    assert len(parse(b'{"data":"%s"}' % (b"A" * 2**21))["data"]) == 2**21


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"resourceType":"Task","note":[{"text":"a"},{"text":""}]}', "Task.note[1].text"),
        (b'{"resourceType":"Task","code":{"coding":[]}}', "Task.code.coding"),
        (b'{"resourceType":5,"a":""}', "a"),
        (b'{"resourceType":"Not A Type","a":""}', "a"),
        (b'{"resourceType":"Task","Made Up Name":""}', "Task"),
        (b'{"given":[null],"_given":[null]}', "given[0]"),
        (b'{"given":[null,"a"],"_given":[{"id":"x"},null,null]}', "_given[2]"),
    ],
)
def test_paths(body, path):
    assert refusal(body).issues[0].path == path


def test_path_shows_element_names_only():
    assert element_path("Task", "_status") == "Task._status"
    assert element_path("Task", "a b") == "Task"
    assert element_path("", "status") == "status"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    with suppress(Fault):
        assert isinstance(parse(body), dict)


def outcome(body):
    try:
        return parse(body)
    except Fault as fault:
        return fault.category, fault.issues


ODD = st.recursive(
    st.sampled_from([None, "", "a", "\x00", "\ud800", "\uffff", "a\nb", '"', "\\", "null", "[]", 1, True]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "_a", "data"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["a", "_a", "b"]), ODD, max_size=3), st.booleans(), st.booleans())
def test_what_looks_plain_has_no_problem(value, spaced, escaped):
    """Most bodies are not gone through for nulls and the like; none that has one is let pass."""
    text = json.dumps(value, indent=1 if spaced else None, ensure_ascii=escaped)
    body = text.encode(errors="surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.fhir.parse._plain", lambda _: False)
        thorough = outcome(body)
    assert outcome(body) == thorough


def test_a_long_string_is_not_plain():
    assert refusal(dump({"a": "x" * (STRING_CHARACTERS + 1)})).issues[0].code == "too-long"


@pytest.mark.parametrize("row", JSON_ROWS, ids=lambda row: row.id)
def test_rows_are_read_alike_plain_or_not(row, monkeypatch):
    found = outcome(row.body)
    monkeypatch.setattr("server.fhir.parse._plain", lambda _: False)
    assert outcome(row.body) == found


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1)
VALUES = st.recursive(
    TEXT
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9),
    lambda inner: (
        st.dictionaries(TEXT, inner, min_size=1, max_size=3)
        | st.lists(TEXT | st.dictionaries(TEXT, inner, min_size=1, max_size=2), min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, VALUES, min_size=1, max_size=4))
def test_what_is_written_reads_back_to_the_digit(resource):
    body = dump(resource)
    assert dump(parse(body)) == body
    assert dump(own(body)) == body
    assert own(body) == parse(body)

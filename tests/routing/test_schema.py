from __future__ import annotations

import pytest
from marshmallow import ValidationError, fields

from server.routing.schema import Parsed, Strict, allowed, complaints, text


class Inner(Strict):
    size = Parsed(int, "must be a size")


class Outer(Strict):
    name = text("[a-z]+", "must be small letters")
    inner = fields.Nested(Inner, required=True, error_messages=allowed("must be an inner table"))
    many = fields.List(fields.Nested(Inner), data_key="all-of-them")


def told(data):
    try:
        Outer().load(data)
    except ValidationError as error:
        return dict(complaints(error.messages))
    return {}


KNOWN = "name, inner, all-of-them"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"name": "a", "inner": {"size": "3"}}, {}),
        ({"inner": {"size": 3}}, {"name": "must be small letters"}),
        ({"name": None, "inner": {"size": 3}}, {"name": "must be small letters"}),
        ({"name": "a1", "inner": {"size": 3}}, {"name": "must be small letters"}),
        ({"name": "a\n", "inner": {"size": 3}}, {"name": "must be small letters"}),
        ({"name": 3, "inner": {"size": 3}}, {"name": "must be small letters"}),
        ({"name": "a"}, {"inner": "must be an inner table"}),
        ({"name": "a", "inner": 3}, {"inner": "must be a table with the keys: size"}),
        ({"name": "a", "inner": {"size": "x"}}, {"inner.size": "must be a size"}),
        ({"name": "a", "inner": {"size": float("inf")}}, {"inner.size": "must be a size"}),
        (
            {"name": "a", "inner": {"size": 1}, "all-of-them": [{"size": 1}, {}]},
            {"all-of-them.1.size": "must be a size"},
        ),
        (
            {"name": "a", "inner": {"size": 1}, "other": 1},
            {"other": f"there is no such key; the keys here are: {KNOWN}"},
        ),
        ([], {"": f"must be a table with the keys: {KNOWN}"}),
    ],
)
def test_what_is_told(data, complaint):
    assert told(data) == complaint

"""Whether one resource meets a test, told from its rows: for versions that no index holds.

Only what stands in the resource itself can be told so; the store answers the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.query import AllOf, AnyOf, Ids, Not, Reference, ReferenceRow, Row, Test, Token, TokenRow


def tellable(test: Test) -> bool:
    """Whether ``meets`` can tell."""
    match test:
        case AllOf(tests) | AnyOf(tests):
            return all(tellable(each) for each in tests)
        case Not(inner):
            return tellable(inner)
        case _:
            return isinstance(test, Ids | Token | Reference)


def meets(test: Test, id_: str, rows: Sequence[Row]) -> bool:
    """Whether a resource with this id and these rows does."""
    match test:
        case AllOf(tests):
            return all(meets(each, id_, rows) for each in tests)
        case AnyOf(tests):
            return any(meets(each, id_, rows) for each in tests)
        case Not(inner):
            return not meets(inner, id_, rows)
        case Ids(ids):
            return id_ in ids
        case Token():
            return any(_coded(test, row) for row in rows if isinstance(row, TokenRow))
        case Reference():
            return any(_leads(test, row) for row in rows if isinstance(row, ReferenceRow))
        case _:
            raise TypeError(type(test).__name__)


def _coded(test: Token, row: TokenRow) -> bool:
    return row.param == test.param and any(
        system in (None, row.system) and code in (None, row.code) for system, code in test.any_of
    )


def _leads(test: Reference, row: ReferenceRow) -> bool:
    return row.param == test.param and row.target in test.any_of

"""What this door offers, as a table for people: types, how they are written, what finds them."""

from __future__ import annotations

from server.fhir.bindings import GUARDED, PUBLISHED, READABLE, WRITTEN
from server.fhir.definitions.parameters import PARAMETERS
from server.fhir.query.conditions import OWN
from server.fhir.rows.extraction import searchable


def table() -> str:
    """In Markdown; parameters of every type stand in the first line."""
    common = set.intersection(*(set(_found_by(type_)) for type_ in READABLE))
    lines = [
        "| type | written by others | search parameters |",
        "|---|---|---|",
        f"| every type | | {_words(common)} |",
        *(
            f"| {type_} | {_written(type_)} | {_words(set(_found_by(type_)) - common)} |"
            for type_ in READABLE
        ),
    ]
    return "\n".join(lines)


def _found_by(type_: str) -> list[str]:
    return [code for code in PARAMETERS[type_] if code in OWN or code in searchable(type_)]


def _words(codes: set[str]) -> str:
    return ", ".join(f"`{code}`" for code in sorted(codes))


def _written(type_: str) -> str:
    if type_ in GUARDED:
        return "yes; updates need `If-Match`"
    if type_ in PUBLISHED:
        return "no; says what this door is"
    return "yes" if type_ in WRITTEN else "no"

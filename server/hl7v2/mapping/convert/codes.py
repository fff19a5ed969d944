"""CE, CWE, CNE, CF, IS, ID (HL7 v2.8 2A.3.8 to 2A.3.10, 2A.3.36) as CodeableConcept, Coding and code."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from server.hl7v2.mapping import own
from server.hl7v2.mapping.concepts import systems
from server.hl7v2.mapping.concepts.table import Concepts
from server.hl7v2.mapping.convert.text import clean, token
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.message import Repetition

_TRIPLETS = ((1, 2, 3, 7, 14), (4, 5, 6, 8, 17), (10, 11, 12, 13, 20))
"""Components of code, text, system, its version and its OID (CWE; the shorter types lack the later ones)."""


def concept(value: Repetition, making: Making, where: str) -> Json | None:
    """What the link says that a local code means stands first, the code as it was sent after it."""
    found = list(_codings(value, making, where))
    text = clean(value.text(9)) or next((clean(value.text(at)) for at in (2, 5) if clean(value.text(at))), "")
    result: Json = {"coding": found} if found else {}
    if text and (value.text(9) or not found):
        result["text"] = text
    return result or None


def coding(value: Repetition, making: Making, where: str) -> Json | None:
    return next(_codings(value, making, where), None)


def _codings(value: Repetition, making: Making, where: str) -> Iterator[Json]:
    seen = set[tuple[str, str]]()
    for code_at, text_at, system_at, version_at, oid_at in _TRIPLETS:
        if not (code := token(value.text(code_at))):
            continue
        name = clean(value.text(system_at))
        display, version = clean(value.text(text_at)), clean(value.text(version_at))
        system = _system(name, value.text(oid_at), making, where)
        sent = {"system": system, "version": version, "code": code, "display": display}
        for each in (*meanings(code, name, making), {key: part for key, part in sent.items() if part}):
            pair = (each.get("system", ""), each["code"])
            if pair not in seen:
                seen.add(pair)
                yield each


def meanings(code: str, name: str, making: Making) -> Iterator[Json]:
    for each in making.link.meanings:
        if (each.local.code, each.local.system) == (code, name):
            said = {"system": each.system, "code": each.code, "display": each.display}
            yield {key: part for key, part in said.items() if part}


def _system(name: str, oid: str, making: Making, where: str) -> str | None:
    """None where none is said: nobody can know then what the code means, and nobody guesses (H-074)."""
    if known := systems.url(name) or systems.url(oid.strip()):
        return known
    if not name:
        making.note("no coding system", where)
        return None
    if not systems.local(name):
        making.note("coding system not known", where)
    return own.system(making.link.name, "code-system", name)


def mapped(table: Concepts) -> Callable[[Repetition, Making, str], str | None]:
    """An element of type code, by a concept map."""

    def convert(value: Repetition, making: Making, where: str) -> str | None:
        code = token(value.text(1)) or token(value.text(4))
        found = table.get(code)
        if code and found is None:
            making.note("code not known", where)
        return found

    return convert


def flag(value: Repetition, making: Making, where: str) -> bool | None:
    """Table 0136."""
    said = value.text().strip().upper()
    if said not in ("Y", "N"):
        if said:
            making.note("neither Y nor N, left out", where)
        return None
    return said == "Y"


def tabled(table: Concepts) -> Callable[[Repetition, Making, str], Json | None]:
    """A CodeableConcept by an HL7 table: mapped, or as it was sent where the table has none."""

    def convert(value: Repetition, making: Making, where: str) -> Json | None:
        code = token(value.text(1))
        said = value.text(3).upper()
        if code and said in ("", *_names(table)) and (found := table.coding(code)) is not None:
            display = clean(value.text(9)) or clean(value.text(2))
            return {"coding": [found], **({"text": display} if display else {})}
        return concept(value, making, where)

    return convert


def _names(table: Concepts) -> tuple[str, ...]:
    number = table.v2[-4:]
    return (f"HL7{number}", f"HL7-{number}") if number else ()

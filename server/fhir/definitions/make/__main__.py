"""``python -m server.fhir.definitions.make PACKAGE_FOLDER``: writes the definition files anew."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import track

from server.fhir.definitions.make.constraints import constraints
from server.fhir.definitions.make.elements import Elements, resource_types
from server.fhir.definitions.make.package import NAME, SOURCE, VERSION, NotThePackageError, Package
from server.fhir.definitions.make.search import Search
from server.fhir.definitions.types import TYPES

HERE = Path(__file__).parents[1]
console = Console()


@click.command()
@click.argument("package_folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--into",
    default=HERE,
    show_default="where the server reads them",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder to write to.",
)
def main(package_folder: Path, into: Path) -> None:
    r"""Make r4.json, search.json and constraints.json from the official package.

    PACKAGE_FOLDER is the folder "package" that the archive unpacks to:

    \b
        npm pack hl7.fhir.r4.examples@4.0.1
        tar xzf hl7.fhir.r4.examples-4.0.1.tgz
    """
    package = Package(package_folder)
    try:
        package.demand_right_one()
    except NotThePackageError as error:
        raise click.ClickException(str(error)) from error
    elements = Elements(package)
    for name in track(TYPES, "elements", console=console):
        elements.add(name)
    files = {
        "r4.json": _r4(package, elements),
        "search.json": _search(package, elements),
        "constraints.json": _constraints(package, elements),
    }
    for name, text in files.items():
        (into / name).write_text(text, encoding="utf-8")
        console.print(f"{name}: {len(text)} characters")
    console.print(f"required, but open or not in {NAME}@{VERSION}: {', '.join(sorted(elements.open))}")


def _r4(package: Package, elements: Elements) -> str:
    codes = {
        name: {system: " ".join(each) for system, each in sets.items()}
        for name, sets in elements.codes.items()
    }
    parts = {
        "resources": _line(resource_types(package)),
        "codes": _lines(codes),
        "types": _lines(elements.tables),
    }
    return _file(parts)


def _search(package: Package, elements: Elements) -> str:
    search = Search(package, elements)
    parameters = {
        name: search.parameters(name) for name in track(TYPES, "search parameters", console=console)
    }
    parts = {
        "parameters": _rows(parameters),
        "patient_compartment": _lines(search.compartment("patient", TYPES)),
    }
    return _file(parts)


def _constraints(package: Package, elements: Elements) -> str:
    types = [name for name in elements.tables if "." not in name]
    return _file({"constraints": _rows(constraints(package, types))})


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _lines(table: Mapping[str, Any]) -> str:
    """One line for each key, in order of the keys: what changes in R4 changes in one line here."""
    return _braced(f"{_line(name)}: {_line(table[name])}" for name in sorted(table))


def _rows(table: Mapping[str, Iterable[Mapping[str, Any]]]) -> str:
    """One line for each row below its key."""
    return _braced(f"{_line(name)}: [\n{_joined(map(_line, table[name]))}\n]" for name in sorted(table))


def _file(parts: Mapping[str, str]) -> str:
    told = [f'"source": {_line(SOURCE)}', *(f"{_line(name)}: {text}" for name, text in parts.items())]
    return f"{_braced(told)}\n"


def _braced(entries: Iterable[str]) -> str:
    return f"{{\n{_joined(entries)}\n}}"


def _joined(entries: Iterable[str]) -> str:
    return ",\n".join(entries)


if __name__ == "__main__":
    main()

"""The official package as a folder of JSON files: ``npm pack hl7.fhir.r4.examples@4.0.1``, unpacked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

Json = Mapping[str, Any]
CORE = "http://hl7.org/fhir/"
NAME, VERSION = "hl7.fhir.r4.examples", "4.0.1"
SOURCE = f"HL7 FHIR R4 4.0.1, from the npm package {NAME}@{VERSION} (CC0)"


class NotThePackageError(Exception):
    """The folder holds something else."""


@dataclass(frozen=True)
class Package:
    """The folder ``package`` of the unpacked archive."""

    folder: Path

    def demand_right_one(self) -> None:
        """Raises:
        NotThePackageError: when this is another package, or none.
        """
        try:
            said = self._read("package.json")
        except FileNotFoundError as error:
            raise NotThePackageError(f"there is no package.json; unpack {NAME}@{VERSION}") from error
        if (said.get("name"), said.get("version")) != (NAME, VERSION):
            raise NotThePackageError(f"this is another package; {NAME}@{VERSION} is needed")

    def structure(self, type_name: str) -> Json:
        """The StructureDefinition of a resource or datatype."""
        return self._read(f"StructureDefinition-{type_name}.json")

    def structures(self) -> Iterator[Json]:
        for path in sorted(self.folder.glob("StructureDefinition-*.json")):
            yield self._read(path.name)

    def search_parameters(self) -> Iterator[Json]:
        """Those of the specification itself: its own Bundle of them, and ``_filter``, which it left out."""
        for entry in self._read("Bundle-searchParams.json")["entry"]:
            yield entry["resource"]
        yield self._read("SearchParameter-filter.json")

    def compartment(self, name: str) -> Json:
        return self._read(f"CompartmentDefinition-{name}.json")

    @cached_property
    def value_sets(self) -> Mapping[str, Json]:
        return self._by_url("ValueSet")

    @cached_property
    def code_systems(self) -> Mapping[str, Json]:
        return self._by_url("CodeSystem")

    def _by_url(self, kind: str) -> Mapping[str, Json]:
        found = (self._read(path.name) for path in sorted(self.folder.glob(f"{kind}-*.json")))
        return {each["url"]: each for each in found if "url" in each}

    def _read(self, name: str) -> Json:
        read: Json = msgspec.json.decode((self.folder / name).read_bytes())
        return read

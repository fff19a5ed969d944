"""StructureDefinitions to ``r4.json``: each element of each type in one short spelling, in official order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from server.fhir.definitions.make.code_sets import Codes, expand
from server.fhir.definitions.make.package import CORE, Json, Package

_SYSTEM = "http://hl7.org/fhirpath/System."
_FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_NESTED = frozenset({"BackboneElement", "Element"})
_CODED = frozenset({"code", "Coding", "CodeableConcept"})
Tables = dict[str, dict[str, str]]


class Elements:
    """The tables of all types that the first ones lead to, and the code sets that they require."""

    def __init__(self, package: Package) -> None:
        self.tables: Tables = {}
        self.codes: dict[str, Codes] = {}
        self.open: set[str] = set()
        """Required value sets that cannot be listed from the package."""
        self._package = package
        self._wanted = ["Element"]  # what stands beside a primitive: its id and extensions

    def add(self, type_name: str) -> None:
        """``type_name`` and every datatype that it uses."""
        self._wanted.append(type_name)
        while self._wanted:
            name = self._wanted.pop()
            if name not in self.tables:
                self._add(self._package.structure(name), name)

    def _add(self, structure: Json, name: str) -> None:
        elements = [_renamed(each, structure["type"], name) for each in structure["snapshot"]["element"]]
        parents = {each["path"].rpartition(".")[0] for each in elements}
        self.tables[name] = {}
        for element in elements[1:]:
            path = element["path"]
            if path in parents:
                self.tables[path] = {}
            owner, _, last = path.rpartition(".")
            resource = structure["kind"] == "resource" and owner == name
            self.tables[owner].update(self._spelled(element, last, path in parents, resource))

    def _spelled(self, element: Json, last: str, nested: bool, resource: bool) -> Iterator[tuple[str, str]]:
        marks = _marks(element)
        if "contentReference" in element:
            yield last, f"{element['contentReference'].removeprefix('#')}{marks}"
            return
        choice = last.removesuffix("[x]")
        for type_ in element["type"]:
            code = "id" if resource and last == "id" else _code(type_)
            shown = element["path"] if nested and code in _NESTED else self._known(type_, code)
            spelling = f"{shown}{_targets(type_)}{self._required(element, code)}{marks}"
            if choice == last:
                yield last, spelling
            else:
                yield f"{choice}{code[0].upper()}{code[1:]}", f"{spelling}?{choice}"

    def _known(self, type_: Json, code: str) -> str:
        """The table to look into: SimpleQuantity where the profile of the type says so."""
        simple = f"{CORE}StructureDefinition/SimpleQuantity" in type_.get("profile", ())
        shown = "SimpleQuantity" if simple else code
        if shown[0].isupper() and shown != "Resource":
            self._wanted.append(shown)
        return shown

    def _required(self, element: Json, code: str) -> str:
        binding = element.get("binding", {})
        if binding.get("strength") != "required" or code not in _CODED:
            return ""
        canonical = binding["valueSet"]
        name = canonical.partition("|")[0].rpartition("/")[2]
        codes = expand(self._package, canonical)
        if codes is None:
            self.open.add(name)
            return ""
        self.codes[name] = codes
        return f"={name}"


def resource_types(package: Package) -> list[str]:
    """All concrete resource types of R4."""
    return sorted(
        each["type"]
        for each in package.structures()
        if each["kind"] == "resource" and not each["abstract"] and each["derivation"] == "specialization"
    )


def _renamed(element: Json, type_name: str, name: str) -> Json:
    """A profile of a datatype speaks of the datatype: SimpleQuantity of Quantity."""
    return {**element, "path": f"{name}{element['path'].removeprefix(type_name)}"}


def _code(type_: Json) -> str:
    code: str = type_["code"]
    if not code.startswith(_SYSTEM):
        return code
    said: Iterable[str] = (
        each["valueUrl"] for each in type_.get("extension", ()) if each["url"] == _FHIR_TYPE
    )
    return next(iter(said))


def _targets(type_: Json) -> str:
    prefix = f"{CORE}StructureDefinition/"
    names = [each.removeprefix(prefix) for each in type_.get("targetProfile", ())]
    return f"({'|'.join(names)})" if names and "Resource" not in names else ""


def _marks(element: Json) -> str:
    if element["max"] not in ("1", "*", "0") or element["min"] > 1:
        raise ValueError(f"{element['path']}: this cardinality has no spelling")
    return "".join(
        mark
        for mark, told in (
            ("*", element["max"] == "*"),
            ("!", element["min"] == 1),
            ("^", element.get("isSummary", False)),
            ("~", element.get("isModifier", False)),
        )
        if told
    )

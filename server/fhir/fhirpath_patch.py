"""FHIRPath Patch (R4 fhirpatch.html): Parameters whose operations add, insert, delete, replace and move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.errors import Category, Fault, fault
from server.fhir.amend import Edit
from server.fhir.fhirpath_place import Budget, Node, Path
from server.fhir.fhirpath_reading import understood
from server.fhir.fhirpath_value import Value, built, present
from server.ports import Resource

OPERATIONS = 500
_NEEDS: dict[str, tuple[str, ...]] = {
    "add": ("path", "name", "value"),
    "insert": ("path", "value", "index"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}
_IS: dict[str, tuple[str, ...]] = {
    "type": ("valueCode", "valueString"),
    "path": ("valueString",),
    "name": ("valueString",),
    "index": ("valueInteger",),
    "source": ("valueInteger",),
    "destination": ("valueInteger",),
}
_LARGEST = 2**31


@dataclass(frozen=True, slots=True)
class _Operation:
    kind: str
    path: Path
    at: str
    """Where it stands in the Parameters."""
    parts: dict[str, Any]

    def refused(self, text: str, code: str = "processing") -> Fault:
        return fault(Category.UNPROCESSABLE, code, text, self.at)


def fhirpath_patch(type_: str, parameters: Resource) -> Edit:
    """What the operations do to a resource of one type.

    Raises:
        Fault: INCORRECT or UNPROCESSABLE when they are none, TOO_LARGE when there are too many.
    """
    told = parameters.get("parameter", [])
    if len(told) > OPERATIONS:
        raise fault(Category.TOO_LARGE, "too-costly", f"at most {OPERATIONS} operations are accepted")
    operations = [_operation(each, f"Parameters.parameter[{n}]", type_) for n, each in enumerate(told)]
    if not operations:
        text = "a FHIRPath Patch has parameters named operation (R4 fhirpatch.html)"
        raise fault(Category.INCORRECT, "required", text, "Parameters.parameter")

    def edit(root: Any) -> Any:
        budget = Budget()
        for each in operations:
            try:
                _apply(root, each, Node((), root, type_), budget)
            except Fault as failure:
                raise _placed(failure, each.at) from failure
        return root

    return edit


def _operation(parameter: Resource, at: str, type_: str) -> _Operation:
    if parameter.get("name") != "operation":
        raise fault(Category.INCORRECT, "value", "each parameter of a patch is named operation", f"{at}.name")
    parts: dict[str, Any] = {}
    for part in parameter.get("part", []):
        name = part.get("name")
        if name in parts or (name not in _IS and name != "value"):
            accepted = ", ".join((*_IS, "value"))
            raise fault(Category.INCORRECT, "value", f"the parts of an operation, once each: {accepted}", at)
        parts[name] = part if name == "value" else _plain(part, name, at)
    kind = parts.pop("type", None)
    if kind not in _NEEDS:
        raise fault(Category.INCORRECT, "value", f"type is one of {', '.join(_NEEDS)}", at)
    if missing := [name for name in _NEEDS[kind] if name not in parts]:
        raise fault(Category.INCORRECT, "required", f"{kind} needs {', '.join(missing)}", at)
    try:
        return _Operation(kind, understood(parts["path"], type_), at, parts)
    except Fault as failure:
        raise _placed(failure, at) from failure


def _plain(part: Resource, name: str, at: str) -> Any:
    for json_name in _IS[name]:
        if json_name in part:
            return part[json_name]
    raise fault(Category.INCORRECT, "structure", f"{name} is given as {' or '.join(_IS[name])}", at)


def _placed(failure: Fault, at: str) -> Fault:
    """The same refusal, told of an operation."""
    first = failure.issues[0]
    return fault(failure.category, first.code, first.text, first.path or at)


def _apply(root: Any, each: _Operation, top: Node, budget: Budget) -> None:
    match each.kind:
        case "add":
            _add(root, each, _one(each, each.path.nodes(top, budget)))
        case "delete":
            found = each.path.nodes(top, budget)
            if found:  # R4: no match is no error here
                _delete(root, each, _one(each, found))
        case "replace":
            _replace(root, each, _one(each, each.path.nodes(top, budget)))
        case _:
            _rearrange(root, each, top, budget)


def _one(each: _Operation, found: list[Node]) -> Node:
    if len(found) != 1:
        code = "multiple-matches" if found else "not-found"
        raise each.refused("the path must lead to one element; it leads to none or several", code)
    return found[0]


def _add(root: Any, each: _Operation, parent: Node) -> None:
    name = str(each.parts["name"])
    json_name, element, value = built(each.parts["value"], parent.type, name)
    held = _held(root, parent.path)
    if element.many:
        _into(held, json_name, len(held.get(json_name) or ()), value)
    elif present(held, parent.type, name):
        raise each.refused("this element does not repeat, and is there already; replace it")
    else:
        _set(held, json_name, value)


def _replace(root: Any, each: _Operation, node: Node) -> None:
    if not node.path:
        raise each.refused("the resource itself is replaced by an update, not by a patch")
    parent, name, index = _parent(root, node)
    json_name, _, value = built(each.parts["value"], node.owner, node.label)
    if index is not None:
        parent[name][index] = value.plain
        _companions(parent, name)[index] = value.companion
        _tidy(parent, name)
        return
    parent.pop(name)
    parent.pop(f"_{name}", None)
    _set(parent, json_name, value)


def _delete(root: Any, each: _Operation, node: Node) -> None:
    if not node.path:
        raise each.refused("the resource itself is deleted by DELETE, not by a patch")
    parent, name, index = _parent(root, node)
    if index is None:
        del parent[name]
        parent.pop(f"_{name}", None)
        return
    companions = _companions(parent, name)
    del parent[name][index], companions[index]
    _tidy(parent, name)


def _rearrange(root: Any, each: _Operation, top: Node, budget: Budget) -> None:
    """Insert and move: the path names a list, which may be empty, in one element."""
    if each.path.last is None:
        raise each.refused("the path must end with the name of the list")
    parent = _one(each, each.path.parents(top, budget))
    held = _held(root, parent.path)
    if each.kind == "insert":
        json_name, element, value = built(each.parts["value"], parent.type, each.path.last)
        length, index = len(held.get(json_name) or ()), each.parts["index"]
        if not element.many or not 0 <= index <= length:
            raise each.refused("insert needs an element that repeats, and an index up to its length")
        _into(held, json_name, index, value)
        return
    values = held.get(each.path.last)
    source, destination = each.parts["source"], each.parts["destination"]
    if not isinstance(values, list) or not all(0 <= n < len(values) for n in (source, destination)):
        raise each.refused("move needs a list, and two places in it")
    companions = _companions(held, each.path.last)
    values.insert(destination, values.pop(source))
    companions.insert(destination, companions.pop(source))
    _tidy(held, each.path.last)


# -- where in the JSON -------------------------------------------------------------------------


def _held(root: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        root = root[key]
    return root


def _parent(root: Any, node: Node) -> tuple[Any, str, int | None]:
    """The object that an element stands in, its JSON name there, and its place if it repeats."""
    *rest, last = node.path
    if isinstance(last, int):
        return _held(root, tuple(rest[:-1])), str(rest[-1]), last
    return _held(root, tuple(rest)), str(last), None


def _set(held: Any, name: str, value: Value) -> None:
    if value.plain is not None:
        held[name] = value.plain
    if value.companion is not None:
        held[f"_{name}"] = value.companion


def _into(held: Any, name: str, index: int, value: Value) -> None:
    held.setdefault(name, [])
    companions = _companions(held, name)
    held[name].insert(index, value.plain)
    companions.insert(index, value.companion)
    _tidy(held, name)


def _companions(held: Any, name: str) -> list[Any]:
    """The array of extensions beside an array of primitives, as long as it is (R4 json.html#primitive)."""
    companions: list[Any] = held.setdefault(f"_{name}", [])
    companions += [None] * (len(held[name]) - len(companions))
    return companions


def _tidy(held: Any, name: str) -> None:
    """No array is empty, nor one of extensions without any."""
    if not any(each is not None for each in held[f"_{name}"]):
        del held[f"_{name}"]
    if not held[name]:
        del held[name]

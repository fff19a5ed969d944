"""FHIRPath Patch: the five operations, values of every kind, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from server.errors import Category, Fault
from server.fhir.fhirpath_patch import OPERATIONS, fhirpath_patch

PERSON: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "birthDate": "1990-05-01",
    "_birthDate": {"extension": [{"url": "u", "valueBoolean": True}]},
    "name": [{"family": "A", "given": ["B", "C"]}, {"family": "D"}],
    "identifier": [{"system": "x", "value": "1"}, {"system": "y", "value": "2"}],
    "contact": [{"gender": "male"}],
}
MEASURED: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"text": "x"},
    "valueQuantity": {"value": 1},
}


def part(name: str, **value: Any) -> dict[str, Any]:
    return {"name": name, **value}


def operation(type_: str, path: str, *parts: dict[str, Any]) -> dict[str, Any]:
    told = [part("type", valueCode=type_), part("path", valueString=path), *parts]
    return {"name": "operation", "part": told}


def name(text: str) -> dict[str, Any]:
    return part("name", valueString=text)


def value(**more: Any) -> dict[str, Any]:
    return part("value", **more)


def insert(path: str, index: int, what: dict[str, Any]) -> dict[str, Any]:
    return operation("insert", path, part("index", valueInteger=index), what)


def move(path: str, source: int, destination: int) -> dict[str, Any]:
    return operation(
        "move", path, part("source", valueInteger=source), part("destination", valueInteger=destination)
    )


def edit(*operations: dict[str, Any], on: dict[str, Any] = PERSON) -> dict[str, Any]:
    change = fhirpath_patch(on["resourceType"], {"resourceType": "Parameters", "parameter": [*operations]})
    edited: dict[str, Any] = change(copy.deepcopy(on))
    return edited


def refusal(*operations: dict[str, Any], on: dict[str, Any] = PERSON) -> tuple[str, str, str]:
    with pytest.raises(Fault) as caught:
        edit(*operations, on=on)
    [issue] = caught.value.issues
    return caught.value.category.name, issue.code, issue.path


def test_add_what_is_not_there() -> None:
    made = edit(operation("add", "Patient", name("gender"), value(valueCode="other")))
    assert made["gender"] == "other"


def test_add_to_a_list() -> None:
    made = edit(
        operation("add", "Patient", name("name"), value(valueHumanName={"family": "Z"})),
        operation("add", "Patient.name[0]", name("given"), value(valueString="Q")),
        operation("add", "Patient", name("address"), value(valueAddress={"city": "X"})),
    )
    assert [each["family"] for each in made["name"]] == ["A", "D", "Z"]
    assert made["name"][0]["given"] == ["B", "C", "Q"]
    assert made["address"] == [{"city": "X"}]


def test_add_in_parts_what_has_no_type_of_its_own() -> None:
    made = edit(
        operation(
            "add",
            "Patient",
            name("contact"),
            value(
                part=[
                    part("gender", valueCode="female"),
                    part("name", valueHumanName={"family": "N"}),
                    part("telecom", valueContactPoint={"value": "1"}),
                    part("telecom", valueContactPoint={"value": "2"}),
                ]
            ),
        )
    )
    assert made["contact"][1] == {
        "gender": "female",
        "name": {"family": "N"},
        "telecom": [{"value": "1"}, {"value": "2"}],
    }


def test_add_a_choice_of_types() -> None:
    bare = {k: v for k, v in MEASURED.items() if k != "valueQuantity"}
    made = edit(operation("add", "Observation", name("value"), value(valueString="x")), on=bare)
    assert made["valueString"] == "x"
    assert refusal(operation("add", "Observation", name("value"), value(valueString="x")), on=MEASURED) == (
        "UNPROCESSABLE", "processing", "Parameters.parameter[0]",
    )  # fmt: skip


def test_replace() -> None:
    made = edit(
        operation("replace", "Patient.birthDate", value(valueDate="1991-05-01")),
        operation("replace", "Patient.name[1].family", value(valueString="E")),
        operation("replace", "Patient.name[0].given[1]", value(valueString="Q")),
        operation("replace", "Patient.identifier.where(system = 'y').value", value(valueString="9")),
    )
    assert made["birthDate"] == "1991-05-01"
    assert "_birthDate" not in made, "the extension was of the value that is gone"
    assert made["name"] == [{"family": "A", "given": ["B", "Q"]}, {"family": "E"}]
    assert made["identifier"][1]["value"] == "9"


def test_replace_a_choice_of_types_by_another() -> None:
    made = edit(operation("replace", "Observation.value", value(valueString="x")), on=MEASURED)
    assert made["valueString"] == "x"
    assert "valueQuantity" not in made


def test_a_value_with_extensions() -> None:
    said = {"extension": [{"url": "u", "valueString": "why"}]}
    made = edit(
        operation("add", "Patient", name("gender"), value(_valueCode=said)),
        operation("replace", "Patient.birthDate", value(valueDate="1991", _valueDate=said)),
        operation("add", "Patient.name[0]", name("given"), value(valueString="Q", _valueString=said)),
    )
    assert ("gender" in made, made["_gender"]) == (False, said)
    assert (made["birthDate"], made["_birthDate"]) == ("1991", said)
    assert made["name"][0] == {"family": "A", "given": ["B", "C", "Q"], "_given": [None, None, said]}


def test_delete() -> None:
    made = edit(
        operation("delete", "Patient.birthDate"),
        operation("delete", "Patient.name[0].given[0]"),
        operation("delete", "Patient.identifier.first()"),
        operation("delete", "Patient.contact[0]"),
        operation("delete", "Patient.telecom[0]"),
    )
    assert "birthDate" not in made
    assert "_birthDate" not in made
    assert made["name"][0]["given"] == ["C"]
    assert made["identifier"] == [{"system": "y", "value": "2"}]
    assert "contact" not in made, "no list is empty"


def test_insert_and_move() -> None:
    made = edit(
        insert("Patient.name[0].given", 1, value(valueString="X")),
        insert("Patient.name[1].given", 0, value(valueString="Y")),
        insert("Patient.identifier", 2, value(valueIdentifier={"value": "3"})),
        move("Patient.identifier", 2, 0),
    )
    assert [each.get("given") for each in made["name"]] == [["B", "X", "C"], ["Y"]]
    assert [each["value"] for each in made["identifier"]] == ["3", "1", "2"]


def test_extensions_move_with_their_values() -> None:
    said = {"id": "x"}
    person = {**PERSON, "name": [{"given": ["B", "C"], "_given": [None, said]}]}
    assert edit(move("Patient.name.given", 1, 0), on=person)["name"] == [
        {"given": ["C", "B"], "_given": [said, None]}
    ]
    assert edit(operation("delete", "Patient.name.given[1]"), on=person)["name"] == [{"given": ["B"]}]


def test_each_operation_works_on_what_the_one_before_made() -> None:
    made = edit(
        operation("add", "Patient", name("address"), value(valueAddress={"city": "X"})),
        operation("replace", "Patient.address[0].city", value(valueString="Y")),
    )
    assert made["address"] == [{"city": "Y"}]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (operation("replace", "Patient.gender", value(valueCode="other")), "not-found"),
        (operation("replace", "Patient.name.family", value(valueString="E")), "multiple-matches"),
        (operation("delete", "Patient.name"), "multiple-matches"),
        (operation("delete", "Patient.name.given"), "multiple-matches"),
        (operation("add", "Patient.name", name("family"), value(valueString="E")), "multiple-matches"),
        (operation("add", "Patient.maritalStatus", name("text"), value(valueString="E")), "not-found"),
        (operation("add", "Patient", name("birthDate"), value(valueDate="1990")), "processing"),
        (operation("add", "Patient", name("nickname"), value(valueString="E")), "structure"),
        (operation("add", "Patient.birthDate", name("extension"), value(valueString="E")), "structure"),
        (operation("add", "Patient", name("gender"), value(valueString="other")), "structure"),
        (operation("add", "Patient", name("deceased"), value(part=[])), "structure"),
        (operation("add", "Patient", name("gender"), value()), "required"),
        (operation("replace", "Patient", value(valueString="E")), "processing"),
        (operation("delete", "Patient"), "processing"),
        (insert("Patient.name", 3, value(valueHumanName={})), "processing"),
        (insert("Patient.name", -1, value(valueHumanName={})), "processing"),
        (insert("Patient.gender", 0, value(valueCode="other")), "processing"),
        (insert("Patient.name[0]", 0, value(valueHumanName={})), "processing"),
        (move("Patient.name", 2, 0),
         "processing"),
        (move("Patient.gender", 0, 0),
         "processing"),
    ],
)  # fmt: skip
def test_what_does_not_apply(told: dict[str, Any], code: str) -> None:
    assert refusal(told) == ("UNPROCESSABLE", code, "Parameters.parameter[0]")


@pytest.mark.parametrize(
    ("parameter", "code"),
    [
        ({"name": "other"}, "value"),
        ({"name": "operation"}, "value"),
        ({"name": "operation", "part": [part("type", valueCode="merge")]}, "value"),
        ({"name": "operation", "part": [part("type", valueCode="add")]}, "required"),
        ({"name": "operation", "part": [part("type", valueBoolean=True)]}, "structure"),
        ({"name": "operation", "part": [part("type", valueCode="delete")] * 2}, "value"),
        ({"name": "operation", "part": [part("who", valueString="x")]}, "value"),
        (operation("add", "Patient", name("gender")), "required"),
        (operation("insert", "Patient.name", value(valueHumanName={})), "required"),
        (operation("move", "Patient.name", part("source", valueInteger=0)), "required"),
        (operation("move", "Patient.name", part("source", valueString="0")), "structure"),
    ],
)  # fmt: skip
def test_what_is_no_operation(parameter: dict[str, Any], code: str) -> None:
    category, told, path = refusal(parameter)
    assert (category, told) == ("INCORRECT", code)
    assert path.startswith("Parameters.parameter[0]")


def test_too_many_operations() -> None:
    """F-081."""
    one = operation("delete", "Patient.telecom[0]")
    assert edit(*[one] * OPERATIONS) == PERSON
    assert refusal(*[one] * (OPERATIONS + 1))[:2] == ("TOO_LARGE", "too-costly")


def test_paths_that_look_at_everything_have_an_end() -> None:
    crowd = {**PERSON, "identifier": [{"value": str(n)} for n in range(3_000)]}
    look = operation("delete", "Patient.identifier.where(value = 'x')")
    assert refusal(*[look] * OPERATIONS, on=crowd)[:2] == ("TOO_LARGE", "too-costly")


def test_values_are_not_told() -> None:
    with pytest.raises(Fault) as caught:
        edit(operation("replace", "Patient.name.where(family = 'Zebedee')", value(valueString="Zebedee")))
    assert "Zebedee" not in caught.value.issues[0].text
    assert caught.value.category is Category.UNPROCESSABLE

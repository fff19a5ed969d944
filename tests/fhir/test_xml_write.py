from __future__ import annotations

from decimal import Decimal

import pytest

from server.errors import Category, Fault
from server.fhir.xml_write import write
from tests.fhir.test_narrative import XMLNS, div

HEAD = '<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"'


def person(**more):
    return {"resourceType": "Patient", **more}


def inside(**more):
    text = write(person(**more)).decode()
    assert text.startswith(HEAD)
    assert text.endswith("</Patient>")
    return text.removeprefix(HEAD + ">").removesuffix("</Patient>")


def test_a_resource_without_anything():
    assert write(person()).decode() == HEAD + "/>"


def test_order_is_that_of_the_definitions():
    one = inside(birthDate="1990", gender="male", id="a", _gender={"id": "g"})
    other = inside(_gender={"id": "g"}, id="a", gender="male", birthDate="1990")
    assert one == other == '<id value="a"/><gender id="g" value="male"/><birthDate value="1990"/>'


def test_attributes_have_an_order_too():
    extension = {"valueCode": "c", "url": "http://e.example", "id": "x"}
    assert (
        inside(extension=[extension])
        == '<extension id="x" url="http://e.example"><valueCode value="c"/></extension>'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.10"), "1.10"),
        (Decimal("1E-7"), "1E-7"),
        (Decimal("-0"), "-0"),
        (7, "7"),
        (True, "true"),
        (False, "false"),
        ('"<&>\t\r\n', "&quot;&lt;&amp;&gt;&#9;&#13;&#10;"),
    ],
)
def test_values(value, text):
    assert inside(extension=[{"url": "u", "valueString": value}]) == (
        f'<extension url="u"><valueString value="{text}"/></extension>'
    )


def test_pretty_leaves_a_narrative_alone():
    text = {"status": "generated", "div": div("<p>a</p> <p>b</p>")}
    assert write(person(text=text, active=True), pretty=True).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Patient xmlns="http://hl7.org/fhir">\n'
        '  <text>\n    <status value="generated"/>\n'
        f"    <div {XMLNS}><p>a</p> <p>b</p></div>\n  </text>\n"
        '  <active value="true"/>\n</Patient>\n'
    )


FORMLESS = {
    "no type": {"active": True},
    "a type that R4 has not": {"resourceType": "Banana"},
    "a type that is not in the tables": {"resourceType": "Account"},
    "a type that is no text": {"resourceType": ["Patient"]},
    "the same, contained": person(contained=[{"resourceType": "Account", "id": "a"}]),
    "nothing contained": person(contained=[None]),
    "unknown element": person(foo="a"),
    "unknown element of extensions": person(_foo={"id": "a"}),
    "resourceType where there is none": person(name=[{"resourceType": "HumanName", "text": "a"}]),
    "text for an object": person(name=["Anna"]),
    "object for a text": person(birthDate={"id": "a"}),
    "extensions of an object": person(name=[{"text": "a"}], _name=[{"id": "a"}]),
    "extensions of an attribute": person(name=[{"id": "a", "_id": {"id": "b"}}]),
    "float": person(extension=[{"url": "u", "valueDecimal": 1.5}]),
    "no XHTML": person(text={"status": "generated", "div": "<div>a</div>"}),
    "XHTML that goes on": person(text={"status": "generated", "div": div("a") + "<active value='true'/>"}),
    "extensions of a narrative": person(text={"status": "empty", "div": div("a"), "_div": {"id": "a"}}),
    "control character": person(birthDate="\x1b"),
    "surrogate": person(birthDate="\ud800"),
    "U+FFFF": person(birthDate="\uffff"),
    "null": person(name=[{"id": None, "text": "a"}]),
}


@pytest.mark.parametrize("resource", FORMLESS.values(), ids=FORMLESS.keys())
def test_what_has_no_form_is_refused_and_not_quoted(resource):
    with pytest.raises(Fault) as caught:
        write(resource)
    assert caught.value.category is Category.NOT_ACCEPTABLE
    (issue,) = caught.value.issues
    assert "application/fhir+json" in issue.text
    assert "foo" not in issue.text

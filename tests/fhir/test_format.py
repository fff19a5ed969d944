from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from server.errors import Category, Fault
from server.fhir.exchange import Request, Response
from server.fhir.format import FORM, XML, Format, demand_readable, received, wanted, written

JSON = "application/fhir+json"
PERSON = b'{"resourceType":"Patient","id":"a","multipleBirthInteger":1}'
AS_XML = (
    b'<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><id value="a"/>'
    b'<multipleBirthInteger value="1"/></Patient>'
)
FOREIGN = b'{"resourceType":"Patient","contained":[{"resourceType":"Account","id":"a"}]}'


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (XML, XML),
        ("Application/FHIR+XML", XML),
        (f"{XML}; fhirVersion=4.0", XML),
        (f"{XML};fhirversion=4.0.1; charset=utf-8", XML),
        (f"{XML}, {JSON}", JSON),
        (f"{JSON}, {XML}", JSON),
        (f"{JSON};q=0.5, {XML}", XML),
        (f"{JSON};q=0.5, {XML};q=0.501", XML),
        (f"{XML};q=0.9, */*;q=0.8", XML),
        (f"{JSON};q=0, */*", "application/json"),
        (f"{JSON};q=0, application/json;q=0, text/json;q=0, */*", XML),
        ("application/*;q=0.2, application/fhir+xml;q=0.1", JSON),
        ("text/*", "text/json"),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "application/xml"),
        (f"{JSON}; fhirVersion=5.0, {XML}; fhirVersion=4.0", XML),
        (f"{XML};q=high, {JSON};q=0.1", JSON),
        (f"{XML};q=nan, {JSON};q=0.1", JSON),
        (f"{XML};q=2, {JSON};q=0.1", JSON),
        (f",, {XML} ,", XML),
    ],
)
def test_accept(accept: str, media_type: str) -> None:
    assert wanted("", accept) == Format(media_type)


@pytest.mark.parametrize("media_type", ["application/json", "text/json", "application/xml", "text/xml"])
def test_a_generic_type_is_answered_by_its_name(media_type: str) -> None:
    """R4 http.html#mime-type: the server SHOULD respond with the requested mime type."""
    assert wanted("", media_type).content_type == f"{media_type}; charset=utf-8"


@pytest.mark.parametrize(
    ("format_", "media_type"),
    [
        ("json", JSON),
        ("xml", XML),
        (XML, XML),
        ("application/fhir xml", XML),
        ("text/xml", "text/xml"),
        (f"{XML}; fhirVersion=4.0", XML),
    ],
)
def test_the_parameter_wins(format_: str, media_type: str) -> None:
    assert wanted(format_, "text/html").media_type == media_type
    assert wanted(format_, JSON).media_type == media_type


@pytest.mark.parametrize(
    ("format_", "accept"),
    [
        ("ttl", ""),
        ("exe", JSON),
        ("html", ""),
        ("XML", ""),
        (",", JSON),
        ("", "text/html"),
        ("", "*/*;q=0"),
        ("", f"{JSON};q=0"),
        ("", f"{XML}; fhirVersion=3.0"),
        ("", "application/fhir+turtle, application/fhir+xml;q=0.0"),
        ("", "application/fhir"),
        ("", "xml"),
    ],
)
def test_what_is_not_offered(format_: str, accept: str) -> None:
    with pytest.raises(Fault) as caught:
        wanted(format_, accept)
    assert caught.value.category is Category.NOT_ACCEPTABLE
    assert XML in caught.value.issues[0].text


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        (JSON, False),
        (XML, False),
        ("text/xml; charset=UTF-8", False),
        ('Application/XML ; charset="utf-8"', False),
        (f"{XML}; fhirVersion=4.0; charset=us-ascii", False),
        (FORM, True),
        (f"{FORM}; charset=utf-8", True),
    ],
)
def test_readable(content_type: str, form: bool) -> None:
    demand_readable(content_type, form=form)


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("", False),
        ("text/plain", False),
        (FORM, False),
        (XML, True),
        (f"{XML}; charset=utf-16", False),
        (f"{JSON}; charset=iso-8859-1", False),
        (f"{XML}; fhirVersion=5.0", False),
        ("application/fhir+turtle", False),
    ],
)
def test_not_readable(content_type: str, form: bool) -> None:
    with pytest.raises(Fault) as caught:
        demand_readable(content_type, form=form)
    assert caught.value.category is Category.UNSUPPORTED


@pytest.mark.parametrize(
    ("content_type", "body"),
    [(JSON, PERSON), ("text/json; charset=utf-8", PERSON), (XML, AS_XML), ("Text/XML", AS_XML)],
)
def test_received(content_type: str, body: bytes) -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    request = Request("POST", "/fhir/Patient", "", {"content-type": content_type}, body, at)
    assert received(request, 1_000) == json.loads(PERSON)
    with pytest.raises(Fault):
        received(request, len(body) - 1)


def test_json_goes_out_as_it_is() -> None:
    body, chosen = written(Response(200, PERSON), Format("application/json"))
    assert body is PERSON
    assert chosen.media_type == "application/json"


def test_xml() -> None:
    assert written(Response(200, PERSON), Format(XML)) == (AS_XML, Format(XML))
    assert written(Response(304, b""), Format(XML))[0] == b""


def test_pretty() -> None:
    digits = b'{"resourceType":"Observation","valueQuantity":{"value":1.10}}'
    pretty, _ = written(Response(200, digits), wanted("", "", "true"))
    assert pretty.splitlines()[3] == b'    "value": 1.10'
    assert written(Response(200, digits), wanted("", "", "false"))[0] == digits
    xml, _ = written(Response(200, digits), wanted("xml", "", "true"))
    assert b'\n    <value value="1.10"/>\n' in xml
    assert written(Response(204), wanted("", "", "true"))[0] == b""


def test_what_has_no_form_in_xml() -> None:
    with pytest.raises(Fault) as caught:
        written(Response(200, FOREIGN), Format(XML))
    assert caught.value.category is Category.NOT_ACCEPTABLE


def test_a_write_that_is_done_is_not_answered_by_a_refusal() -> None:
    done = Response(201, FOREIGN, {"Location": "http://x/fhir/Patient/a/_history/1"})
    assert written(done, Format(XML)) == (FOREIGN, Format(JSON))


def test_a_stored_body_may_be_deeper_in_a_bundle_than_it_could_be_sent() -> None:
    deep = b'{"resourceType":"Bundle","entry":[{"resource":%b}]}'
    extension = b'{"url":"a","extension":[' * 31 + b'{"url":"b"}' + b"]}" * 31
    resource = b'{"resourceType":"Patient","extension":[%b]}' % extension
    assert written(Response(200, deep % resource), Format(XML))[0].count(b"<extension") == 32

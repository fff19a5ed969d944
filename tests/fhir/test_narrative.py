from __future__ import annotations

import pytest

from server.fhir.narrative import is_safe

XMLNS = 'xmlns="http://www.w3.org/1999/xhtml"'


def div(inside):
    return f"<div {XMLNS}>{inside}</div>"


SAFE = {
    "text": div("a"),
    "table": div('<table class="grid"><tr><td colspan="2"><b>a</b><br/></td></tr></table>'),
    "links": div(
        '<a href="https://e.example/">a</a><a href="#x">b</a><a href="Patient/1">c</a><a name="d">d</a>'
    ),
    "image alone": div('<img src="data:image/png;base64,AAAA" alt=""/>'),
    "local image": div('<img src="#pic"/>'),
    "style": div('<p style="color: red">a</p>'),
    "entities": div("&nbsp;&copy;&amp;&#233;&lt;script&gt;"),
    "comment": div("<!-- a -->a"),
    "language": f'<div {XMLNS} xml:lang="de" lang="de">a</div>',
}
UNSAFE = {
    "script": div("<script>x</script>"),
    "script in capitals": div("<SCRIPT>x</SCRIPT>"),
    "svg": div('<svg xmlns="http://www.w3.org/2000/svg"><p>a</p></svg>'),
    "form": div("<form><input/></form>"),
    "object": div("<object>a</object>"),
    "style element": div("<style>p {}</style>a"),
    "event handler": div('<p onclick="x()">a</p>'),
    "event handler in capitals": div('<p OnClick="x()">a</p>'),
    "javascript": div('<a href="javascript:x()">a</a>'),
    "javascript with blanks": div('<a href=" java&#9;script:x()">a</a>'),
    "javascript by an HTML 5 entity": div('<a href="javascript&colon;x()">a</a>'),
    "data address in a link": div('<a href="data:text/html,a">a</a>'),
    "data address of another kind": div('<img src="data:image/svg+xml;base64,AAAA"/>'),
    "expression in a style": div('<p style="width: expression(x())">a</p>'),
    "escape in a style": div('<p style="width: e\\78pression(x())">a</p>'),
    "comment that HTML ends early": div("<!--><script>x</script>-->a"),
    "CDATA": div("<![CDATA[><script>x</script>]]>a"),
    "DOCTYPE": f'<!DOCTYPE div [<!ENTITY a "b">]>{div("&a;")}',
    "processing instruction": div("<?php x ?>a"),
    "unknown entity": div("&lol;"),
    "blank": div(" \n&nbsp;".replace("&nbsp;", "")),
    "empty": f"<div {XMLNS}/>",
    "no namespace": "<div>a</div>",
    "namespace of something else": div('<p xmlns="urn:x">a</p>'),
    "other root": f"<p {XMLNS}>a</p>",
    "prefix": '<h:div xmlns:h="http://www.w3.org/1999/xhtml">a</h:div>',
    "two roots": div("a") + div("b"),
    "not closed": f"<div {XMLNS}><p>a</div>",
    "text only": "a",
}


@pytest.mark.parametrize("text", SAFE.values(), ids=SAFE.keys())
def test_formatting_is_safe(text):
    assert is_safe(text)


@pytest.mark.parametrize("text", UNSAFE.values(), ids=UNSAFE.keys())
def test_all_else_is_not(text):
    assert not is_safe(text)

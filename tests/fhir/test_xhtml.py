from __future__ import annotations

import pytest

from server.fhir.narrative import is_safe
from server.fhir.xhtml import NotXhtmlError, canonical
from tests.fhir.test_narrative import SAFE, UNSAFE, XMLNS, div


@pytest.mark.parametrize("text", SAFE.values(), ids=SAFE.keys())
def test_what_is_safe_stays_safe_in_one_spelling(text):
    once = canonical(text)
    assert is_safe(once)
    assert canonical(once) == once


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>a</p>", "<p>a</p>"),
        ("<p  class='x' >a</p ><br></br>", '<p class="x">a</p><br/>'),
        ("a<!-- b -->c", "ac"),
        ("&nbsp;&eacute;&copy;&lt;&apos;&#233;", "\u00a0é©&lt;'é"),
        ('<img alt="&nbsp;&quot;\t"/>', '<img alt="\u00a0&quot; "/>'),
        ('<p title="&#9;&#10;&#13;">&#13;\r\n\t</p>', '<p title="&#9;&#10;&#13;">&#13;\n\t</p>'),
        ("\"a\" ]]&gt; 'b'", "&quot;a&quot; ]]&gt; 'b'"),
        (f"<p {XMLNS}>a</p>", "<p>a</p>"),
        ('<a href="?a=1&amp;copy=2">a</a>', '<a href="?a=1&amp;copy=2">a</a>'),
        ("&amp;nbsp;", "&amp;nbsp;"),
    ],
)
def test_spelling(before, after):
    assert canonical(div(before)) == div(after)


def test_a_prefix_goes():
    assert canonical(f"<h:div {XMLNS.replace('=', ':h=')}><h:p>a</h:p></h:div>") == div("<p>a</p>")


@pytest.mark.parametrize(
    "text",
    [
        UNSAFE["DOCTYPE"],
        UNSAFE["unknown entity"],
        UNSAFE["no namespace"],
        UNSAFE["other root"],
        UNSAFE["two roots"],
        UNSAFE["not closed"],
        UNSAFE["text only"],
        UNSAFE["svg"],
        UNSAFE["namespace of something else"],
        div("a") + "</text><status value='x'/>",
        div("a") + " x",
        div("<p x:y='a'>a</p>"),
        div("<p xmlns:x='urn:x' x:y='a'>a</p>"),
        div("\ud800"),
        div("\uffff"),
        div("\x00"),
        "",
    ],
)
def test_no_xhtml(text):
    with pytest.raises(NotXhtmlError):
        canonical(text)


def test_what_it_holds_is_not_judged():
    """That is for narrative, which can say what is wrong."""
    assert canonical(div("<script>x</script>")) == div("<script>x</script>")

"""The same resource in both formats, written by hand: the XML as ``write(pretty=True)`` must give it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    what: str
    json: str
    xml: str


def _pair(what: str, json: str, inside: str, kind: str = "Patient") -> Pair:
    lines = "\n".join(f"  {line}" for line in inside.strip("\n").split("\n"))
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    xml = f'{head}\n<{kind} xmlns="http://hl7.org/fhir">\n{lines}\n</{kind}>\n'
    return Pair(what, f'{{"resourceType":"{kind}",{json}}}', xml)


_XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
_DIV = r'"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">'

PAIRS = (
    _pair(
        "order of the definitions, not of JSON",
        '"birthDate":"1990-05-01","active":true,"id":"p1"',
        """
<id value="p1"/>
<active value="true"/>
<birthDate value="1990-05-01"/>
""",
    ),
    _pair(
        "extension beside a value",
        '"birthDate":"1990-05-01","_birthDate":{"id":"b","extension":[{"url":"http://e.example/t",'
        '"valueDateTime":"1990-05-01T04:00:00Z"}]}',
        """
<birthDate id="b" value="1990-05-01">
  <extension url="http://e.example/t">
    <valueDateTime value="1990-05-01T04:00:00Z"/>
  </extension>
</birthDate>
""",
    ),
    _pair(
        "extension for a value",
        '"_birthDate":{"extension":[{"url":"http://e.example/absent","valueCode":"unknown"}]}',
        """
<birthDate>
  <extension url="http://e.example/absent">
    <valueCode value="unknown"/>
  </extension>
</birthDate>
""",
    ),
    _pair(
        "nulls in both arrays",
        '"name":[{"given":["Anna",null,"Berta"],"_given":[null,{"id":"g2","extension":[{"url":'
        '"http://e.example/a","valueBoolean":true}]},null]}]',
        """
<name>
  <given value="Anna"/>
  <given id="g2">
    <extension url="http://e.example/a">
      <valueBoolean value="true"/>
    </extension>
  </given>
  <given value="Berta"/>
</name>
""",
    ),
    _pair(
        "an array of extensions alone",
        '"name":[{"_given":[{"id":"a"},{"id":"b"}]}]',
        """
<name>
  <given id="a"/>
  <given id="b"/>
</name>
""",
    ),
    _pair(
        "the last one extended",
        '"name":[{"given":["Anna","Berta"],"_given":[null,{"id":"b"}]},{"family":"Muster"}]',
        """
<name>
  <given value="Anna"/>
  <given id="b" value="Berta"/>
</name>
<name>
  <family value="Muster"/>
</name>
""",
    ),
    _pair(
        "id of an element and of its parts",
        '"id":"p","contact":[{"id":"c","name":{"id":"n","text":"x"}}]',
        """
<id value="p"/>
<contact id="c">
  <name id="n">
    <text value="x"/>
  </name>
</contact>
""",
    ),
    _pair(
        "extension in an extension",
        '"extension":[{"id":"e","url":"http://e.example/o","extension":[{"url":"i","valueInteger":-1},'
        '{"url":"j","valueCoding":{"code":"c"}}]}]',
        """
<extension id="e" url="http://e.example/o">
  <extension url="i">
    <valueInteger value="-1"/>
  </extension>
  <extension url="j">
    <valueCoding>
      <code value="c"/>
    </valueCoding>
  </extension>
</extension>
""",
    ),
    _pair(
        "choice of types",
        '"deceasedDateTime":"2020","multipleBirthInteger":2',
        """
<deceasedDateTime value="2020"/>
<multipleBirthInteger value="2"/>
""",
    ),
    _pair(
        "choice of types by extension alone",
        '"_deceasedBoolean":{"id":"d"}',
        """
<deceasedBoolean id="d"/>
""",
    ),
    _pair(
        "decimals keep their digits",
        '"status":"final","code":{"text":"x"},"component":['
        + ",".join(
            f'{{"code":{{"text":"x"}},"valueQuantity":{{"value":{number}}}}}'
            for number in ("1.10", "2.00", "1E-7", "1E+1", "-0", "0", "0E-8", "123456789012345678901", "-7")
        )
        + "]",
        '<status value="final"/>\n<code>\n  <text value="x"/>\n</code>\n'
        + "\n".join(
            f'<component>\n  <code>\n    <text value="x"/>\n  </code>\n  <valueQuantity>\n'
            f'    <value value="{number}"/>\n  </valueQuantity>\n</component>'
            for number in ("1.10", "2.00", "1E-7", "1E+1", "-0", "0", "0E-8", "123456789012345678901", "-7")
        ),
        "Observation",
    ),
    _pair(
        "contained resources",
        '"contained":[{"resourceType":"Organization","id":"o","name":"x"},'
        '{"resourceType":"Patient","id":"q","contained":[{"resourceType":"Organization","id":"r"}]}],'
        '"managingOrganization":{"reference":"#o"}',
        """
<contained>
  <Organization>
    <id value="o"/>
    <name value="x"/>
  </Organization>
</contained>
<contained>
  <Patient>
    <id value="q"/>
    <contained>
      <Organization>
        <id value="r"/>
      </Organization>
    </contained>
  </Patient>
</contained>
<managingOrganization>
  <reference value="#o"/>
</managingOrganization>
""",
    ),
    _pair(
        "entries of a Bundle",
        '"type":"transaction","entry":[{"fullUrl":"urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11",'
        '"resource":{"resourceType":"Patient","active":false},"request":{"method":"POST","url":"Patient"}},'
        '{"response":{"status":"201","outcome":{"resourceType":"OperationOutcome","issue":[{"severity":'
        '"error","code":"value"}]}}}]',
        """
<type value="transaction"/>
<entry>
  <fullUrl value="urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"/>
  <resource>
    <Patient>
      <active value="false"/>
    </Patient>
  </resource>
  <request>
    <method value="POST"/>
    <url value="Patient"/>
  </request>
</entry>
<entry>
  <response>
    <status value="201"/>
    <outcome>
      <OperationOutcome>
        <issue>
          <severity value="error"/>
          <code value="value"/>
        </issue>
      </OperationOutcome>
    </outcome>
  </response>
</entry>
""",
        "Bundle",
    ),
    _pair(
        "a parameter that is a resource",
        '"parameter":[{"name":"r","resource":{"resourceType":"Parameters","parameter":[{"name":"s",'
        '"valueString":"x"}]}},{"name":"t","part":[{"name":"u","valueBoolean":true}]}]',
        """
<parameter>
  <name value="r"/>
  <resource>
    <Parameters>
      <parameter>
        <name value="s"/>
        <valueString value="x"/>
      </parameter>
    </Parameters>
  </resource>
</parameter>
<parameter>
  <name value="t"/>
  <part>
    <name value="u"/>
    <valueBoolean value="true"/>
  </part>
</parameter>
""",
        "Parameters",
    ),
    _pair(
        "white space and marks in strings",
        r'"name":[{"text":" a\tb\nc\r\nd  "},{"text":"<&>\"\u0027]]>\\"},{"text":" "}]',
        """
<name>
  <text value=" a&#9;b&#10;c&#13;&#10;d  "/>
</name>
<name>
  <text value="&lt;&amp;&gt;&quot;']]&gt;\\"/>
</name>
<name>
  <text value=" "/>
</name>
""",
    ),
    _pair(
        "letters of all planes",
        r'"name":[{"text":"\u00e9\u00a0\u4e2d\u202e\ud83d\ude00\ufeff\u007f\u0085"}]',
        """
<name>
  <text value="é\u00a0中\u202e😀\ufeff\x7f\x85"/>
</name>
""",
    ),
    _pair(
        "narrative",
        _DIV + r'<p class=\"a&quot;b\">1 &lt; 2 &amp; \u00a0&gt;<br/>\n    <b/> <i>y</i></p><td/></div>"}',
        f"""
<text>
  <status value="generated"/>
  <div {_XHTML}><p class="a&quot;b">1 &lt; 2 &amp; \u00a0&gt;<br/>
  <b/> <i>y</i></p><td/></div>
</text>
""",
    ),
)

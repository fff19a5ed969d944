from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.errors import Category, Fault
from server.model import Absence, Coding, Qualification, Renown
from server.routing.directory import COLUMNS, OPTIONAL, DirectoryRow, read_directory
from server.routing.table import write_directory

from .nouns import SCT

DEMO = Path(__file__).parents[2] / "conformance/demo/directory.csv"
CELLS = {
    "role_id": "r1",
    "practitioner_id": "p1",
    "family": "Quill",
    "given": "Testina",
    "organisation_id": "o1",
    "organisation": "Harbour Institute",
    "specialty_code": "394807007",
    "active": "true",
    "turnaround_hours": "1.5",
    "not_available": "",
}


MORE = {
    "qualifications": "urn:board|neuro|CH-ZH CH-GE|/2027-01-01T00:00Z;urn:board|md||",
    "languages": "de;fr-CH",
    "service_languages": "it",
    "reports_to": "p2;p3",
    "track_record": "child-pneumonia|120|45/50",
    "fee": "0",
}


def table(*rows, columns=COLUMNS):
    lines = [columns, *([(MORE | CELLS | row)[column] for column in columns] for row in rows)]
    return "\n".join(",".join(line) for line in lines) + "\n"


def refusal(content):
    with pytest.raises(Fault) as refused:
        read_directory(content)
    assert refused.value.category is Category.INCORRECT
    return [issue.text for issue in refused.value.issues]


def test_columns():
    assert tuple(CELLS) == COLUMNS


def test_a_row():
    absence = "2026-01-01T00:00+01:00/2026-01-15T00:00Z; /2025-01-01T00:00Z;2026-06-01T00:00Z/"
    [row] = read_directory(table({"specialty_code": "394807007; 408454008", "not_available": absence}))
    moments = [datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 1, 15, tzinfo=UTC)]
    assert (row.role_id, row.practitioner_id, row.family, row.given) == ("r1", "p1", "Quill", "Testina")
    assert (row.organisation_id, row.organisation, row.active) == ("o1", "Harbour Institute", True)
    assert [(each.system, each.code) for each in row.specialties] == [(SCT, "394807007"), (SCT, "408454008")]
    assert row.turnaround == timedelta(hours=1.5)
    assert row.absences == (
        Absence(*moments),
        Absence(None, datetime(2025, 1, 1, tzinfo=UTC)),
        Absence(datetime(2026, 6, 1, tzinfo=UTC), None),
    )


@pytest.mark.parametrize(
    ("cells", "attribute", "value"),
    [
        ({"turnaround_hours": ""}, "turnaround", None),
        ({"active": "false"}, "active", False),
        ({"organisation_id": "", "organisation": ""}, "organisation_id", ""),
        ({"family": "d'Été-Świątek"}, "family", "d'Été-Świątek"),
        ({"family": "  Quill "}, "family", "Quill"),
        ({"organisation": '"Quill, ""Sons"" (demo)"'}, "organisation", 'Quill, "Sons" (demo)'),
    ],
)
def test_what_else_is_allowed(cells, attribute, value):
    [row] = read_directory(table(cells))
    assert getattr(row, attribute) == value


@pytest.mark.parametrize(
    "content",
    [
        table({}, columns=COLUMNS[::-1]),
        "\ufeff" + table({}),
        table({}).replace("\n", "\r\n"),
        table({}) + "\n\n",
        table({}).rstrip(),
    ],
)
def test_tables_as_other_programs_write_them(content):
    assert read_directory(content) == read_directory(table({}))


def test_a_table_of_names_only_is_empty():
    assert read_directory(table()) == ()


ID = "allowed is a FHIR id"
NAME = "allowed is a name of 1 to 100 characters"
CODES = "allowed are SNOMED CT concept ids, several separated by ';'"
HOURS = "allowed are hours, above 0 and up to 8760, or nothing"
PERIODS = "allowed are periods start/end with time zone"
DAY = "2026-01-01T00:00Z"


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("role_id", "", ID),
        ("role_id", "a b", ID),
        ("role_id", "PractitionerRole/r1", ID),
        ("role_id", "x" * 65, ID),
        ("practitioner_id", "", ID),
        ("practitioner_id", "p_1", ID),
        ("family", "", NAME),
        ("family", "=cmd()", NAME),
        ("family", "x" * 101, NAME),
        ("given", "Te\x00st", NAME),
        (
            "organisation_id",
            "o/1",
            f"{ID} (1 to 64 letters, digits, hyphens, dots), or nothing when it is not known",
        ),
        ("organisation", "\x07", NAME),
        ("specialty_code", "", CODES),
        ("specialty_code", "infectious", CODES),
        ("specialty_code", "394807007;", CODES),
        ("specialty_code", "394807007|408454008", CODES),
        ("specialty_code", "12345", CODES),
        ("specialty_code", "٣٩٤٨٠٧٠٠٧", CODES),
        ("active", "", "allowed is true or false"),
        ("active", "yes", "allowed is true or false"),
        ("active", "TRUE", "allowed is true or false"),
        ("turnaround_hours", "0", HOURS),
        ("turnaround_hours", "-1", HOURS),
        ("turnaround_hours", "fast", HOURS),
        ("turnaround_hours", "nan", HOURS),
        ("turnaround_hours", "inf", HOURS),
        ("turnaround_hours", "8761", HOURS),
        ("not_available", DAY, PERIODS),
        ("not_available", "/", PERIODS),
        ("not_available", f"{DAY}/{DAY}", PERIODS),
        ("not_available", f"{DAY}/2025-01-01T00:00Z", PERIODS),
        ("not_available", "2026-01-01/2026-01-15", PERIODS),
        ("not_available", f"2026-01-01T00:00/{DAY}", PERIODS),
        ("not_available", f"{DAY}/{DAY}/{DAY}", PERIODS),
        ("not_available", f"{DAY}/;", PERIODS),
        ("not_available", "0001-01-01T00:00+14:00/", PERIODS),
        ("not_available", "January", PERIODS),
    ],
)
def test_a_bad_cell_is_named_with_what_is_allowed(column, cell, sentence):
    [words] = refusal(table({}, {"role_id": "r2"} | {column: cell}))
    assert words.startswith(f"line 3, column {column}: {sentence}")


def test_refusals_quote_no_cell():
    words = refusal(table(dict.fromkeys(CELLS, "#Secret#")))
    assert len(words) == len(CELLS)
    assert not any("Secret" in each for each in words)


def test_every_bad_cell_is_told_at_once():
    words = refusal(table({"active": "maybe", "family": ""}, {"role_id": "?"}))
    assert [each.split(":")[0] for each in words] == [
        "line 2, column family",
        "line 2, column active",
        "line 3, column role_id",
    ]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({}, "line 3, column role_id: allowed is an id that no other line has"),
        (
            {"role_id": "r2", "family": "Marrow"},
            "line 3, column family: allowed is the name that line 2 gives to this practitioner_id",
        ),
        (
            {"role_id": "r2", "organisation": "Elsewhere"},
            "line 3, column organisation: allowed is the name that line 2 gives to this organisation_id",
        ),
    ],
)
def test_one_id_means_one_thing(second, words):
    assert refusal(table({}, second)) == [words]


def test_one_person_may_have_two_roles():
    assert len(read_directory(table({}, {"role_id": "r2", "organisation_id": "o2"}))) == 2


def test_two_unknown_organisations_are_not_one():
    unknown = {"organisation_id": "", "organisation": ""}
    rows = table(unknown, {"role_id": "r2", "organisation_id": "", "organisation": "Somewhere"})
    assert len(read_directory(rows)) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (table({}, columns=(*COLUMNS, "fee")), "line 1: the columns must be"),
        ("", "line 1: the columns must be role_id, practitioner_id,"),
        ("role_id,family\n", "line 1: the columns must be"),
        (table({}).replace("given", "first"), "line 1: the columns must be"),
        (table({}).replace("given", "family"), "line 1: the columns must be"),
        (table({}) + "r2,p2\n", "line 3: allowed are 10 cells"),
        (table({}) + table({}).splitlines()[1] + ",more\n", "line 3: allowed are 10 cells"),
        (table({}) + '"r2,p2\n', "line 3: not CSV"),
        (table({}) + 'r2,"p"2,\n', "line 3: not CSV"),
    ],
)
def test_a_table_of_another_shape(content, words):
    [found] = refusal(content)
    assert found.startswith(words)


def test_the_demonstration_directory():
    rows = read_directory(DEMO.read_text(encoding="utf-8"))
    assert all(isinstance(row, DirectoryRow) for row in rows)
    assert len(rows) >= 12
    assert len({row.organisation_id for row in rows} - {""}) == 6
    assert all("demo" in row.organisation for row in rows if row.organisation)


ALL = (*COLUMNS, *OPTIONAL)


def test_columns_that_may_be_left_out():
    [row] = read_directory(table({}, columns=ALL))
    board = Coding("urn:board", "neuro"), Coding("urn:board", "md")
    assert row.qualifications == (
        Qualification(
            (board[0],), Absence(None, datetime(2027, 1, 1, tzinfo=UTC)), frozenset({"CH-ZH", "CH-GE"})
        ),
        Qualification((board[1],), Absence(None, None)),
    )
    assert (row.languages, row.service_languages) == ({"de", "fr-ch"}, {"it"})
    assert (row.superiors, row.renown) == (("p2", "p3"), {"child-pneumonia": Renown(120, 45, 50)})
    [plain] = read_directory(table({}))
    assert (plain.qualifications, plain.languages, plain.superiors, plain.renown) == (
        (),
        frozenset(),
        None,
        {},
    )


def test_what_is_written_is_what_is_read_back():
    rows = read_directory(
        table(
            {"not_available": f"{DAY}/", "organisation": '"A, B"'},
            {"role_id": "r2", "practitioner_id": "p2", "reports_to": "nobody", "turnaround_hours": ""},
            {
                "role_id": "r3",
                "practitioner_id": "p3",
                **dict.fromkeys(OPTIONAL, ""),
                "active": "false",
                "organisation": '"A, B"',
            },
            columns=ALL,
        ).replace("Harbour Institute", '"A, B"')
    )
    assert read_directory(write_directory(rows)) == rows


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("qualifications", "neuro"),
        ("qualifications", "board|neuro||"),
        ("qualifications", "urn:board|neuro|Zurich|"),
        ("qualifications", "urn:board|neuro||2027"),
        ("qualifications", "urn:board|neuro||;"),
        ("languages", "German (Swiss)"),
        ("languages", "de;"),
        ("service_languages", "d"),
        ("reports_to", "p 2"),
        ("reports_to", "p2;"),
        ("track_record", "child-pneumonia|120"),
        ("track_record", "child-pneumonia|120|51/50"),
        ("track_record", "child-pneumonia|many|5/50"),
        ("track_record", "q|1|1/1;q|1|1/1"),
    ],
)
def test_a_bad_cell_of_a_new_column_is_named_too(column, cell):
    [words] = refusal(table({column: cell}, columns=ALL))
    assert words.startswith(f"line 2, column {column}: allowed are ")


def test_one_person_is_qualified_once():
    [words] = refusal(table({}, {"role_id": "r2", "languages": "en"}, columns=ALL))
    assert words == "line 3, column languages: allowed is what line 2 says of this practitioner_id"

"""ORU^R01: what it says of an opinion, in every version, read by somebody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.hl7v2.pens.opinion import write_opinion
from server.model import AckMode, Answer
from tests.hl7v2.foreign import fields, read
from tests.hl7v2.pens.nouns import NAMES, OPINION, READ, SIGNED, TERMS, VERSIONS, in_version, letter

DECLINED = replace(
    OPINION,
    read=replace(READ, answer=None, probability=None, reasons=("an input is out of range",)),
    confidence="",
    words="AI second read, not verified by a clinician: no answer. Reason: an input is out of range.",
)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "opinion",
    [OPINION, DECLINED, replace(OPINION, signed=SIGNED)],
    ids=["an answer", "a decline", "a specialist has signed"],
)
def test_hl7apy_reads_it_and_finds_it_valid(version: str, opinion: object) -> None:
    read(write_opinion(in_version(version, probability=True), opinion))  # type: ignore[arg-type]


def test_it_is_what_was_agreed_to_the_letter() -> None:
    """Standards 4.5; the outcome, the agreement and the analysis time stand beside what is shown there."""
    assert write_opinion(letter(), OPINION).decode("utf-8").split("\r") == [
        (
            "MSH|^~\\&|SECONDREAD|GATEWAY|EHR|HOSP|20260105090212+0000||ORU^R01^ORU_R01|SR00000042|P|2.5.1"
            "|||AL|NE||UNICODE UTF-8"
        ),
        "PID|1||MRN123^^^HOSP&1.2.3&ISO^MR||Doe^Jane^Ann^^^^L||19700101|F",
        "ORC|RE|PLC77^EHR|SR42^SECONDREAD||||||20260105090212+0000",
        (
            "OBR|1|PLC77^EHR|SR42^SECONDREAD|11502-2^^LN|||20260105090200+0000"
            "|||||||||||||||20260105090212+0000||LAB|R"
        ),
        (
            "OBX|1|CWE|95883001^Bacterial meningitis^SCT|1|52101004^Present^SCT|||A|||P|||20260105090200+0000"
            "|||AI^scripted 1.0.0^99SRM|scripted@1.0.0^SECONDREAD|20260105090200+0000"
        ),
        (
            "OBX|2|TX|59776-5^Procedure findings^LN|2|AI second read, not verified by a clinician: bacterial "
            "meningitis present.||||||P|||20260105090200+0000"
        ),
        (
            "OBX|3|CWE|agreement^Agreement with the first report^99SR|3|major-discordance^Major discordance"
            "^99SR||||||P|||20260105090212+0000"
        ),
        (
            "OBX|4|CWE|outcome^What was decided^99SR|4|closed-amended^The specialist does not agree with the "
            "first report^99SR||||||P|||20260105090212+0000"
        ),
        (
            "OBX|5|CWE|decided-by^Whose answer it ended with^99SR|5|specialist^Specialist^99SR||||||P"
            "|||20260105090212+0000"
        ),
        "",
    ]


def test_only_identifiers_of_systems_that_the_receiver_knows_are_told() -> None:
    written = write_opinion(letter(), OPINION)
    assert b"SECRET" not in written
    nothing_mapped = write_opinion(letter(replace(TERMS, authorities=())), OPINION)
    [pid] = fields(nothing_mapped, "PID")
    assert pid[3] == "SECRET^^^&https://elsewhere.example/nobody-asked&URI^PI"


@pytest.mark.parametrize(
    ("mode", "application", "said"),
    [
        (AckMode.ORIGINAL, False, ["", ""]),
        (AckMode.ENHANCED, False, ["AL", "NE"]),
        (AckMode.ENHANCED, True, ["AL", "AL"]),
    ],
)
def test_msh_15_and_16_are_both_empty_or_both_given(
    mode: AckMode, application: bool, said: list[str]
) -> None:
    terms = replace(TERMS, mode=mode, application_answer=application)
    [msh] = fields(write_opinion(letter(terms), OPINION), "MSH")
    assert msh[14:16] == said


def test_the_probability_is_told_to_who_has_agreed_to_it() -> None:
    first = fields(write_opinion(letter(), OPINION), "OBX")[0]
    agreed = fields(write_opinion(letter(replace(TERMS, probability=True)), OPINION), "OBX")[0]
    assert (first[9], agreed[9]) == ("", "0.9100")


def test_nothing_of_a_model_is_final() -> None:
    written = write_opinion(letter(), OPINION)
    assert {each[11] for each in fields(written, "OBX")} == {"P"}
    [obr] = fields(written, "OBR")
    assert (obr[25], len(obr)) == ("R", 26), "and nobody has interpreted it (OBR-32)"


@pytest.mark.parametrize(
    ("answer", "code", "means"), [(Answer.PRESENT, "52101004", "A"), (Answer.ABSENT, "2667000", "N")]
)
def test_the_value_and_what_it_means_by_itself(answer: Answer, code: str, means: str) -> None:
    """OBX-8 is no agreement: the same whether the first report says so or not."""
    opinion = replace(OPINION, read=replace(READ, answer=answer))
    finding = fields(write_opinion(letter(), opinion), "OBX")[0]
    assert (finding[5].split("^")[0], finding[8]) == (code, means)


def test_a_decline_has_no_value_and_says_so() -> None:
    finding, words, *_ = fields(write_opinion(letter(), DECLINED), "OBX")
    assert (finding[5], finding[8], finding[11]) == ("", "", "X")
    assert words[5].startswith("AI second read, not verified by a clinician: no answer.")


def test_words_without_the_mark_get_it() -> None:
    words = fields(write_opinion(letter(), replace(OPINION, words="Present.")), "OBX")[1]
    assert words[5] == "AI second read, not verified by a clinician. Present."


def test_what_a_specialist_signed_stands_under_a_number_of_its_own_and_is_final() -> None:
    written = write_opinion(letter(), replace(OPINION, signed=SIGNED))
    model, specialist = fields(written, "OBR")
    assert (model[3], model[25]) == ("SR42^SECONDREAD", "R")
    assert (specialist[3], specialist[25]) == ("SR43^SECONDREAD", "F")
    assert specialist[32] == "D7&Quill&Ida&&&Dr."
    finding, words = fields(written, "OBX")[-2:]
    assert (finding[5], finding[11], finding[16]) == ("52101004^Present^SCT", "F", "D7^Quill^Ida^^^Dr.")
    assert words[5] == "Bacterial \\T\\ urgent."


def test_a_corrected_report_is_told_as_corrected() -> None:
    corrected = replace(SIGNED, report={**SIGNED.report, "status": "amended"})
    written = write_opinion(letter(), replace(OPINION, signed=corrected))
    assert fields(written, "OBR")[1][25] == "C"
    assert {each[11] for each in fields(written, "OBX")} == {"P", "C"}


@pytest.mark.parametrize(
    ("version", "type_", "device", "instance", "participations"),
    [
        ("2.3.1", "CE", False, False, 0),
        ("2.5.1", "CWE", True, False, 0),
        ("2.6", "CWE", True, True, 0),
        ("2.7", "CWE", True, True, 1),
    ],
)
def test_each_version_has_its_own_places(
    version: str, type_: str, device: bool, instance: bool, participations: int
) -> None:
    written = write_opinion(in_version(version), OPINION)
    finding = [*fields(written, "OBX")[0], *[""] * 30]
    assert finding[2] == type_
    assert (bool(finding[18]), bool(finding[21])) == (device, instance)
    assert len(fields(written, "PRT")) == participations
    assert not instance or finding[21] == f"{NAMES.finding}^SECONDREAD"


def test_nobody_without_a_name_is_called_unknown() -> None:
    nameless = {**letter().patient, "name": []}
    [pid] = fields(write_opinion(letter(patient=nameless), OPINION), "PID")
    assert pid[5] == "^^^^^^U"

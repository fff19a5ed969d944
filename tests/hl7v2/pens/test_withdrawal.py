"""ORU^R01 that takes an opinion back: the same statements, each posted as wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from server.hl7v2.pens.opinion import write_opinion
from server.hl7v2.pens.withdrawal import write_withdrawal
from server.model import Withdrawal
from tests.hl7v2.foreign import fields, read
from tests.hl7v2.pens.nouns import AT, OPINION, SIGNED, TERMS, VERSIONS, in_version, letter

SAID = Withdrawal("Dr. Tarn", "calibrated | on the wrong unit", AT)
LATER = AT + timedelta(days=1)


@pytest.mark.parametrize("version", VERSIONS)
def test_hl7apy_reads_it_and_finds_it_valid(version: str) -> None:
    sent = write_opinion(in_version(version), replace(OPINION, signed=SIGNED))
    read(write_withdrawal(letter(at=LATER, control="SR43"), sent, SAID))


def test_the_order_is_corrected_and_each_statement_wrong() -> None:
    sent = write_opinion(letter(), OPINION)
    written = write_withdrawal(letter(at=LATER, control="SR43"), sent, SAID)
    assert fields(written, "MSH")[0][9] == "SR43"
    assert fields(written, "PID") == fields(sent, "PID")
    [was], [now] = fields(sent, "OBR"), fields(written, "OBR")
    assert (now[22], now[25]) == ("20260106090212+0000", "C")
    assert (was[:22], was[23:25]) == (now[:22], now[23:25]), "under the same number"
    for before, after in zip(fields(sent, "OBX"), fields(written, "OBX"), strict=True):
        assert after[11] == "W"
        assert (before[1:5], before[12:]) == (after[1:5], after[12:])


def test_it_says_so_in_words_before_everything() -> None:
    sent = write_opinion(letter(), OPINION)
    written = write_withdrawal(letter(), sent, SAID)
    [note] = fields(written, "NTE")
    assert note[3] == "WITHDRAWN, do not use: calibrated \\F\\ on the wrong unit."
    assert fields(written, "OBX")[1][5].startswith(f"{note[3]} AI second read, not verified")


def test_what_a_human_has_signed_stands() -> None:
    sent = write_opinion(letter(), replace(OPINION, signed=SIGNED))
    written = write_withdrawal(letter(), sent, SAID)
    assert [each[3] for each in fields(written, "OBR")] == ["SR42^SECONDREAD"]
    assert b"Quill" not in written


def test_it_is_written_as_what_was_sent_was() -> None:
    """Whatever has been agreed since, the receiver holds statements of that version."""
    sent = write_opinion(in_version("2.3.1", character_set="8859/1"), OPINION)
    changed = replace(TERMS, receiver=("NEW", "HOSP"))
    written = write_withdrawal(letter(changed), sent, SAID)
    [msh] = fields(written, "MSH")
    assert (msh[4], msh[11], msh[17]) == ("NEW", "2.3.1", "8859/1")
    assert fields(written, "OBX")[0][2] == "CE"

"""How cases turned out, from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.errors import Category, Fault
from server.model import Answer, TurnedOut
from tests.test_commands import Run, case_of, run
from tests.test_story_unread import delivered
from tests.world import EHR, VIRAL, World, make_world, send_case

__all__ = ["run"]
TABLE = "case,finding,basis,known_on\n"
TOLD = ("--finding", "present", "--basis", "culture", "--by", "Dr. Tarn")


@pytest.fixture
def world(tmp_path: Path, run: Run) -> Iterator[World]:
    del run
    yield from make_world(tmp_path / "data")


@pytest.fixture
def case(world: World) -> str:
    return str(case_of(world, delivered(world).task_id))


def words(world: World, case: str) -> list[tuple[str, str]]:
    found = world.house.ledger.facts(case, "turned-out", TurnedOut)
    return [(str(each.finding), f"{each.known_at:%Y-%m-%d}") for each in found]


def test_it_is_told_by_a_case_or_by_the_ehrs_task(world: World, run: Run, case: str) -> None:
    assert run("outcome", "add", case, *TOLD, "--known-on", "2026-01-02").output == (
        f"{case}: turned out present, by culture\n"
    )
    run("outcome", "add", f"{EHR}|T-1", *TOLD, "--known-on", "2026-01-03")
    assert words(world, case) == [("present", "2026-01-02"), ("present", "2026-01-03")]
    history = world.trace(world.house.ledger.find(case).task_id)["history"]  # type: ignore[union-attr]
    assert [each["actor"] for each in history if each["event"] == "outcome linked"] == ["Dr. Tarn"] * 2


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("nobody", *TOLD), "there is no such case"),
        ((f"{EHR}|T-9", *TOLD), "there is no such case"),
        ((f"{EHR}|T-1", *TOLD, "--known-on", "2999-01-01"), "still to come"),
    ],
)
def test_what_cannot_be_told_is_said_in_a_sentence(
    world: World, run: Run, case: str, more: tuple[str, ...], says: str
) -> None:
    with pytest.raises(Fault, match=says) as refused:
        run("outcome", "add", *more)
    assert refused.value.category is Category.CONFLICT
    assert words(world, case) == []


def test_of_an_open_case_nothing_is_told(world: World, run: Run) -> None:
    sent = send_case(world, VIRAL, report_more={"status": "preliminary"})
    world.run()
    with pytest.raises(Fault, match="once its result is released"):
        run("outcome", "add", case_of(world, sent.task_id), *TOLD)


def test_a_table_is_taken_line_by_line_and_again_without_harm(
    world: World, run: Run, case: str, tmp_path: Path
) -> None:
    table = tmp_path / "registry.csv"
    table.write_text(TABLE + f"{EHR}|T-1,present,registry,2026-01-02\n{case},absent,autopsy,2026-01-03\n")
    told = run("outcome", "import", str(table), "--by", "Registry")
    assert (told.exit_code, told.output) == (0, "told 2, no news 0, lines that could not be taken 0\n")
    assert words(world, case) == [("present", "2026-01-02"), ("absent", "2026-01-03")]
    again = run("outcome", "import", str(table), "--by", "Registry")
    assert again.output == "told 0, no news 2, lines that could not be taken 0\n"
    assert len(words(world, case)) == 2, "or the first word would speak against the second"
    assert run("outcome", "list").output.startswith("no case turned out otherwise")


def test_a_word_that_was_wrong_is_taken_back(world: World, run: Run, case: str) -> None:
    run("outcome", "add", case, *TOLD)
    assert case in run("outcome", "list").output
    told = run("outcome", "add", case, "--finding", "unknown", "--basis", "culture", "--by", "Dr. Tarn")
    assert told.output == f"{case}: turned out unknown, by culture\n"
    assert run("outcome", "list").output.startswith("no case turned out otherwise")
    assert case in run("outcome", "list", "--missing", "0").output


def test_lines_that_cannot_be_taken_are_told_and_keep_no_other_back(
    world: World, run: Run, case: str, tmp_path: Path
) -> None:
    table = tmp_path / "registry.csv"
    lines = [
        "nobody,present,registry,2026-01-02",
        f"{case},perhaps,registry,2026-01-02",
        f"{case},present,hearsay,2026-01-02",
        f"{case},present,registry,02.01.2026",
        f"{case},present,registry,2999-01-02",
        f"{case},present",
        f"{case},present,registry,2026-01-02",
    ]
    table.write_text(TABLE + "\n".join(lines))
    told = run("outcome", "import", str(table), "--by", "Registry")
    assert told.exit_code == 1
    assert "told 1, no news 0, lines that could not be taken 6" in told.output
    for number, says in enumerate(
        ("no such case", "present or absent or unknown", "autopsy", "a day", "to come", "one of"), 2
    ):
        assert any(f"line {number}:" in line and says in line for line in told.output.splitlines()), number
    assert words(world, case) == [("present", "2026-01-02")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"case,finding\n", "must begin with the columns case, finding, basis, known_on"),
        (b"", "must begin with the columns"),
        (b"\xff\xfe", "UTF-8"),
        (TABLE.encode() + b'"never closed', "this is no CSV"),
    ],
)
def test_what_is_no_such_table_is_refused(
    run: Run, world: World, tmp_path: Path, content: bytes, says: str
) -> None:
    table = tmp_path / "registry.csv"
    table.write_bytes(content)
    with pytest.raises(Fault, match=says):
        run("outcome", "import", str(table), "--by", "Registry")


def test_what_is_to_be_learnt_from_and_what_is_missing_are_listed(world: World, run: Run, case: str) -> None:
    assert run("outcome", "list").output.startswith("no case turned out otherwise")
    assert run("outcome", "list", "--missing", "0").output.startswith(f"{case}  ")
    assert run("outcome", "list", "--missing", "9999").output.startswith("it was told how every case")
    run("outcome", "add", case, *TOLD)
    assert run("outcome", "list", "--missing", "0").output.startswith("it was told how every case")
    [line] = run("outcome", "list").output.splitlines()
    assert f"turned out {Answer.PRESENT} (culture" in line
    assert line.endswith("first absent, model absent, specialist none")

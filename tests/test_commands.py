"""The command line, on a folder of its own: every command explains itself and says what it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from server import supervisor
from server.clock import now
from server.commands import main
from server.errors import Category, Fault
from server.store.migrate import needed
from tests.world import (
    BACTERIAL,
    SPECIALTY,
    VIRAL,
    LostFacts,
    World,
    answer_as,
    doctor,
    make_world,
    patient,
    send_case,
)

Run = Callable[..., Result]
SHIPPED = Path(__file__).parents[1] / "server" / "routing" / "policies"
DIRECTORY = Path(__file__).parents[1] / "conformance" / "demo" / "directory.csv"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Run:
    """Run a command on ``tmp_path/data``; Faults are raised, as ``__main__`` sees them.

    The first command puts its policies in force, for the world of the same folder, too: as that world's, they
    audit nothing and have one stage for a specialist; RULED of a module are tables that they have beside.
    """
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path / "data"))
    (tmp_path / "policies").mkdir()
    ruled = getattr(request.module, "RULED", "")
    for each in SHIPPED.glob("*.toml"):
        text = each.read_text(encoding="utf-8").replace('reveal = "always"', 'reveal = "never"')
        text = text.replace("audit_fraction = 0.05", "audit_fraction = 0.0")
        (tmp_path / "policies" / each.name).write_text(text + ruled, encoding="utf-8")
    monkeypatch.setenv("SECOND_READER_POLICIES", str(tmp_path / "policies"))

    def command(*words: str) -> Result:
        result = CliRunner().invoke(main, words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return command


@pytest.fixture
def world(tmp_path: Path, run: Run) -> Iterator[World]:
    """A world in the same folder."""
    yield from make_world(tmp_path / "data")


def case_of(world: World, task: str) -> str:
    return str(world.house.ledger.case_of_task(task))


@pytest.mark.parametrize("name", [(), *[(name,) for name in sorted(main.commands)]], ids=" ".join)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_explains_itself(run: Run, name: tuple[str, ...], flag: str) -> None:
    told = run(*name, flag)
    assert told.exit_code == 0
    assert "Usage:" in told.output
    command: click.Command = main.commands[name[0]] if name else main
    assert command.help
    assert command.help.splitlines()[0].strip() in " ".join(told.output.split())
    for each in command.params:
        if isinstance(each, click.Option):
            assert each.help, f"--{each.name} has no help"


def test_the_commands_are_those_of_the_documentation() -> None:
    assert set(main.commands) == {
        "up", "web", "work", "dicom", "mllp", "migrate", "check", "case", "cases", "hold", "resume", "vouch",
        "complete", "end", "import", "messages", "withdraw", "withdraw-model", "parked", "partners", "resend",
        "directory", "law", "policy", "reindex", "types", "unread", "acknowledge", "contests", "contest",
        "keep", "dissent", "report", "assessments", "drift", "outcome",
    }  # fmt: skip


def test_migrate_makes_the_database_and_may_be_repeated(run: Run, tmp_path: Path) -> None:
    assert run("migrate").output == f"empty -> {needed()}\n"
    assert run("migrate").output == f"already at {needed()}\n"
    assert (tmp_path / "data" / "second-reader.db").exists()


@pytest.mark.parametrize(
    "words",
    [("case", "x"), ("cases",), ("parked",), ("resend", "x"), ("resume", "x", "--by", "y"), ("work",)],
    ids=lambda words: words[0],
)  # fmt: skip
def test_nothing_runs_on_an_empty_folder(run: Run, words: tuple[str, ...]) -> None:
    with pytest.raises(Fault, match="run: python -m server migrate"):
        run(*words)


def test_check_ends_with_one_when_something_is_wrong(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    good = run("check")
    assert good.exit_code == 0
    assert "FAIL" not in good.output
    assert "SECOND_READER_LEASE" in good.output
    monkeypatch.setenv("SECOND_READER_CARDS", "/nowhere")
    bad = run("check")
    assert bad.exit_code == 1
    assert "FAIL  cards and policies" in bad.output


def test_a_case_is_told_as_a_page_and_as_json(run: Run, world: World) -> None:
    sent = send_case(world, BACTERIAL)
    world.run()
    id_ = case_of(world, sent.task_id)
    page = run("case", id_).output
    for words in (
        f"case {id_}  bacterial-meningitis  Task/{sent.task_id}",
        "state closed  accountable: first reader  chain: whole",
        "opened  -> received  by door:fhir",
        "AI read sealed  -> ready  by second-reader  scripted@1.0.0",
        '"probability": 0.94',
        "opinion to ehr: delivered, 1 attempts; accepted, HTTP 200",
    ):
        assert words in page
    assert json.loads(run("case", id_, "--json").output) == world.trace(sent.task_id)


def test_a_case_under_seal_tells_nothing_here_either(run: Run, world: World) -> None:
    sent = send_case(world, VIRAL)
    world.run()
    for words in (("case",), ("case", "--json")):
        told = run(*words, case_of(world, sent.task_id)).output
        assert "sealed until the case is resolved" in told
        for word in ("present", "0.94", "discordant", "missed"):
            assert word not in told
    assert "discordant" not in run("cases").output


def test_cases_are_listed_newest_first(run: Run, world: World) -> None:
    tasks = []
    for number in range(3):
        tasks.append(send_case(world, BACTERIAL, number=f"T-{number}").task_id)
        world.watch.forward(minutes=1)
    listed = run("cases").output.splitlines()
    assert [line.split("Task/")[1] for line in listed] == tasks[::-1]
    assert len(run("cases", "--limit", "2").output.splitlines()) == 2


@pytest.mark.parametrize("limit", ["0", "-1", "all"])
def test_a_list_of_no_length_is_refused(run: Run, world: World, limit: str) -> None:
    assert run("cases", "--limit", limit).exit_code == 2


def test_a_held_case_is_resumed_by_name(run: Run, world: World) -> None:
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "held"
    id_ = case_of(world, sent.task_id)
    assert run("resume", id_, "--by", "Dr. Tarn").output == f"{id_} goes on from state referred\n"
    assert "resumed by a person  -> referred  by Dr. Tarn" in run("case", id_).output
    assert run("resume", id_).exit_code == 2, "whoever resumes a case gives a name"


def test_a_held_case_is_ended_by_name_with_a_reason(run: Run, world: World) -> None:
    sent = send_case(world, VIRAL)
    world.run()
    id_ = case_of(world, sent.task_id)
    assert run("end", id_, "--by", "Dr. Tarn").exit_code == 2, "whoever ends a case gives a reason"
    said = run("end", id_, "--by", "Dr. Tarn", "--reason", "transferred").output
    assert said == f"{id_} is ended; the worker tells the EHR next\n"
    world.watch.time = now()  # the command ran by the real clock
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert "ended by a person  -> unresolved  by Dr. Tarn" in run("case", id_).output
    with pytest.raises(Fault, match="only a held or faulted case can be ended"):
        run("end", id_, "--by", "Dr. Tarn", "--reason", "again")


def test_an_opinion_and_a_model_are_withdrawn_by_name_with_a_reason(run: Run, world: World) -> None:
    sent, other = send_case(world, BACTERIAL), send_case(world, BACTERIAL, number="T-2")
    world.run()
    id_ = case_of(world, sent.task_id)
    why = ("--by", "Dr. Tarn", "--reason", "wrong unit")
    assert run("withdraw", id_, *why).output.startswith(f"{id_} is withdrawn;")
    with pytest.raises(Fault, match="only an opinion that was released can be withdrawn"):
        run("withdraw", id_, *why)
    said = run("withdraw-model", "scripted@1.0.0", *why).output
    assert said == "scripted@1.0.0 is withdrawn; opinions to be taken back: 1\n"
    with pytest.raises(Fault, match="withdrawn already"):
        run("withdraw-model", "scripted@1.0.0", *why)
    assert "opinion withdrawn  -> retracted  by Dr. Tarn" in run("case", case_of(world, other.task_id)).output


@pytest.mark.parametrize("text", ["", "  ", "a\x0bb", "a\nb", "x" * 501, "\ufffe"])
@pytest.mark.parametrize("option", ["--by", "--reason"])
@pytest.mark.parametrize("command", ["end", "hold", "keep", "withdraw", "withdraw-model"])
def test_words_that_others_could_not_read_are_refused(run: Run, command: str, option: str, text: str) -> None:
    words = {"--by": "Dr. Tarn", "--reason": "wrong unit"} | {option: text}
    refused = run(command, "x", *(part for pair in words.items() for part in pair))
    assert refused.exit_code == 2
    assert "one line of 1 to 500" in refused.output


def test_a_case_is_held_by_name_with_a_reason(run: Run, world: World) -> None:
    id_ = case_of(world, send_case(world, BACTERIAL).task_id)
    said = run("hold", id_, "--by", "Dr. Tarn", "--reason", "wrong patient").output
    assert said == f"{id_} is held; 'resume' lets it go on, 'end' ends it\n"
    assert "held for a person  -> held  by Dr. Tarn" in run("case", id_).output


def test_the_physician_in_charge_keeps_a_report_by_name_with_a_reason_and_is_listed(
    run: Run, world: World
) -> None:
    assert run("dissent").output == "nobody has kept a first report against a specialist's answer\n"
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    id_, why = case_of(world, sent.task_id), ("--by", "Dr. Dapple", "--reason", "sterile culture")
    with pytest.raises(Fault, match="once a case's final answer has been told") as refused:
        run("keep", id_, *why)
    assert refused.value.category is Category.CONFLICT
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert (
        run("keep", id_, *why).output == f"{id_}: the first report is kept; the worker tells the EHR next\n"
    )
    listed = run("dissent").output
    assert f"{id_}  bacterial-meningitis  Task/{sent.task_id}  Dr. Dapple: sterile culture\n" in listed


def test_a_model_that_never_read_here_is_not_withdrawn(run: Run, world: World) -> None:
    send_case(world, BACTERIAL)
    world.run()
    with pytest.raises(Fault, match=r"no such model version has read here; known: .*scripted@1\.0\.0"):
        run("withdraw-model", "scripted@9.9.9", "--by", "Dr. Tarn", "--reason", "typo")


def test_a_case_that_is_not_held_cannot_be_resumed(run: Run, world: World) -> None:
    sent = send_case(world, BACTERIAL)
    with pytest.raises(Fault, match="only a held or faulted case") as refused:
        run("resume", case_of(world, sent.task_id), "--by", "Dr. Tarn")
    assert refused.value.category is Category.CONFLICT


def test_a_refusal_to_resume_does_not_tell_a_sealed_state(run: Run, world: World) -> None:
    sent = send_case(world, VIRAL)
    tools = replace(world.cases.tools, files=LostFacts(world, "discordant"))
    replace(world.cases, tools=tools).once()
    assert world.state(sent.task_id) == "discordant"
    with pytest.raises(Fault) as refused:
        run("resume", case_of(world, sent.task_id), "--by", "Dr. Tarn")
    assert "discordant" not in str(refused.value)
    assert "sealed" not in str(refused.value)


def test_a_parked_delivery_is_listed_and_sent_again(run: Run, world: World) -> None:
    assert run("parked").output == "nothing is parked\n"
    world.courier.failure = Category.FORBIDDEN
    sent = send_case(world, BACTERIAL)
    world.run()
    [line] = run("parked").output.splitlines()
    document = line.split()[0]
    assert (
        line
        == f"{document}  status to ehr, case {case_of(world, sent.task_id)}: the destination did not take it"
    )
    assert run("resend", document).output == "queued; the worker sends it next\n"
    assert run("parked").output == "nothing is parked\n"
    with pytest.raises(Fault, match="no parked delivery has this id") as refused:
        run("resend", document)
    assert refused.value.category is Category.NOT_FOUND


WHY = ("--by", "y", "--reason", "z")
NOT_THERE = [
    ("case", "x"),
    ("resume", "x", "--by", "y"),
    ("end", "x", *WHY),
    ("withdraw", "x", *WHY),
    ("keep", "x", *WHY),
]


@pytest.mark.parametrize("words", NOT_THERE)
def test_a_case_that_is_not_there(run: Run, world: World, words: tuple[str, ...]) -> None:
    with pytest.raises(Fault, match="'cases' lists the latest") as refused:
        run(*words)
    assert refused.value.category is Category.NOT_FOUND


def test_a_directory_is_loaded_from_a_file(run: Run, world: World, tmp_path: Path) -> None:
    count = len(DIRECTORY.read_text().splitlines()) - 1
    for _ in range(2):
        assert run("directory", str(DIRECTORY)).output == f"{count} specialists are in the directory\n"
    assert run("directory", str(tmp_path / "none.csv")).exit_code == 2
    out = tmp_path / "out.csv"
    told = run("directory", "--export", str(out)).output
    assert told == f"{count} roles are written; 0 have no place in the table\n"
    assert run("directory", str(out)).output == f"{count} specialists are in the directory\n"
    latin = tmp_path / "latin.csv"
    latin.write_bytes("Müller".encode("latin-1"))
    with pytest.raises(Fault, match="not a CSV file in UTF-8"):
        run("directory", str(latin))


@pytest.mark.parametrize(
    ("ports", "names"),
    [
        (("11112", "2575"), ("web", "work", "dicom", "mllp")),
        (("0", "2575"), ("web", "work", "mllp")),
        (("0", "0"), ("web", "work")),
    ],
)
def test_up_migrates_then_starts_all_processes(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ports: tuple[str, str], names: tuple[str, ...]
) -> None:
    monkeypatch.setenv("SECOND_READER_DICOM_PORT", ports[0])
    monkeypatch.setenv("SECOND_READER_MLLP_PORT", ports[1])
    started = []
    monkeypatch.setattr(supervisor, "run", lambda names, chosen: started.append((names, chosen.data)))
    run("up")
    assert started == [(names, tmp_path / "data")]
    assert run("migrate").output == f"already at {needed()}\n"


def python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_refusal_is_one_clear_line_on_standard_error() -> None:
    done = python("cases", SECOND_READER_PORT="http")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "second-reader: SECOND_READER_PORT is not usable; allowed: 1 to 65535\n"


def test_reindex_finds_what_an_older_release_has_kept(run: Run, world: World) -> None:
    patient(world)
    with world.house.database.reading() as connection:
        before = connection.execute(text("SELECT count(*) FROM search_date")).scalar_one()
    world.house.database.write(lambda connection: connection.execute(text("DELETE FROM search_date")))
    assert world.get("Patient?birthdate=1990-05-01")["total"] == 0
    assert run("reindex").output == "1 resources are found by all that this release knows\n"
    assert before == 1
    assert world.get("Patient?birthdate=1990-05-01")["total"] == 1


def test_types_are_told_as_a_table(run: Run) -> None:
    assert run("types").output.startswith("| type | written by others | search parameters |\n")


def test_partners_are_told_and_looked_at_on_request(
    run: Run, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("partners").output == "nobody is polled\n"
    file = tmp_path / "destinations.toml"
    file.write_text(
        '[[destination]]\nname = "ehr"\nbase = "https://ehr.example/fhir"\nidentifier_systems = ["urn:x"]\n'
        'poll = "PT15M"\nowner = "Device/42"\n'
    )
    monkeypatch.setenv("SECOND_READER_DESTINATIONS", str(file))
    with pytest.raises(Fault, match="no partner of this name is polled"):
        run("partners", "--now", "ehr")
    later = now() + timedelta(minutes=15)
    world.house.partners.enlist(["ehr"], later)
    look = world.house.partners.claim(["ehr"], later)
    assert look is not None
    world.house.partners.failed(look, (2, 1), "HTTP 500", later)
    told = run("partners").output
    assert told.startswith("ehr: last good look never, next ")
    assert told.endswith("2 Tasks taken in, 1 refused; 1 failed looks in a row: HTTP 500\n")
    assert world.house.partners.claim(["ehr"], now()) is None
    run("partners", "--now", "ehr")
    assert world.house.partners.claim(["ehr"], now()) is not None

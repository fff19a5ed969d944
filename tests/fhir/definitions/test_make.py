"""The committed definition files are what the maker makes of the official package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.fhir.definitions.make.__main__ import HERE, main
from server.fhir.definitions.make.code_sets import expand
from server.fhir.definitions.make.narrow import expression_for, targets_for
from server.fhir.definitions.make.package import Package

PACKAGE = Path(__file__).parents[3] / "var/hl7.fhir.r4.examples-4.0.1/package"
HOW = (
    f"the official package is not at {PACKAGE.relative_to(PACKAGE.parents[2])}: "
    "npm pack hl7.fhir.r4.examples@4.0.1, and unpack it there"
)
FILES = ("r4.json", "search.json", "constraints.json")


@pytest.mark.skipif(not PACKAGE.is_dir(), reason=HOW)
def test_committed_files_are_what_is_made(tmp_path):
    outcome = CliRunner().invoke(main, [str(PACKAGE), "--into", str(tmp_path)])
    assert outcome.exit_code == 0, outcome.output
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (HERE / name).read_bytes()


def test_help_and_a_wrong_folder(tmp_path):
    run = CliRunner()
    assert "npm pack" in run.invoke(main, ["--help"]).output
    assert "there is no package.json" in run.invoke(main, [str(tmp_path)]).output
    (tmp_path / "package.json").write_text('{"name":"hl7.fhir.r4.core","version":"4.0.1"}')
    outcome = run.invoke(main, [str(tmp_path)])
    assert "another package" in outcome.output
    assert outcome.exit_code == 1


TABLES = {
    "Task": {"for": "Reference^", "partOf": "Reference(Task)*", "input": "Task.input*"},
    "Task.input": {"valueReference": "Reference(Patient)?value", "valueCanonical": "canonical?value"},
    "Patient": {"link": "Patient.link*"},
    "Patient.link": {"other": "Reference(Patient|RelatedPerson)!"},
}


@pytest.mark.parametrize(
    ("expression", "ours"),
    [
        ("Account.subject | Task.for.where(resolve() is Patient)", "Task.for.where(resolve() is Patient)"),
        ("(Account.x as Age) | (Task.a | Task.b).c", "(Task.a | Task.b).c"),
        ("TaskForce.a | Task", "Task"),
        ("Resource.id", "Resource.id"),
    ],
)
def test_narrowing_to_one_type(expression, ours):
    assert expression_for("Task", expression) == ours


@pytest.mark.parametrize(
    ("expression", "declared", "targets"),
    [
        ("Task.for", {"Group", "Patient"}, ["Group", "Patient"]),
        ("Task.for.where(resolve() is Patient)", {"Group", "Patient"}, ["Patient"]),
        ("Task.partOf", {"Patient", "Task"}, ["Task"]),
        ("Task.partOf", set(), ["Task"]),
        ("Task.input.value", {"Patient"}, ["Patient"]),
        ("Patient.link.other", {"Patient"}, ["Patient"]),
        ("Patient.link.other.where(a = 1)", {"Patient", "Group"}, ["Group", "Patient"]),
    ],
)
def test_narrowing_targets(expression, declared, targets):
    assert targets_for(expression, declared, TABLES) == targets


def write(folder, kind, **content):
    (folder / f"{kind}-x.json").write_text(json.dumps(content))


def test_code_sets(tmp_path):
    write(
        tmp_path,
        "CodeSystem",
        url="http://e/cs",
        content="complete",
        concept=[{"code": "a", "concept": [{"code": "b"}]}, {"code": "c"}],
    )
    listed = {"system": "http://other", "concept": [{"code": "z"}]}
    write(tmp_path, "ValueSet", url="http://e/vs", compose={"include": [{"system": "http://e/cs"}, listed]})
    package = Package(tmp_path)
    assert expand(package, "http://e/vs|4.0.1") == {"http://e/cs": ["a", "b", "c"], "http://other": ["z"]}
    assert expand(package, "http://e/elsewhere") is None


@pytest.mark.parametrize(
    "include",
    [{"system": "urn:ietf:bcp:13"}, {"valueSet": ["http://e/vs"]}, {"system": "http://e/cs", "filter": [{}]}],
)
def test_open_code_sets(tmp_path, include):
    write(tmp_path, "ValueSet", url="http://e/vs", compose={"include": [include]})
    assert expand(Package(tmp_path), "http://e/vs") is None

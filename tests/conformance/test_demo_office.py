from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from conformance.demo import office
from conformance.demo.cases import load
from conformance.demo.show import Show
from conformance.peers.client import NotDone
from conformance.peers.rule import judge
from server.model import Urgency
from server.routing.policy import read_policy

SHIPPED = Path(__file__).parents[2] / "server/routing/policies/bacterial-meningitis.toml"
QUESTION = "bacterial-meningitis"


def test_what_is_proposed_audits_every_agreement_and_passes_over_who_does_not_look():
    before, after = (
        read_policy(text, "x.toml") for text in (SHIPPED.read_text(), office.stricter(SHIPPED.read_text()))
    )
    assert (before.audit_fraction, after.audit_fraction) == (0.05, 1.0)
    assert (before.version, after.version) == ("1.1.1", "2.0.0")
    assert after.clocks[Urgency.URGENT] == replace(
        before.clocks[Urgency.URGENT], accept_within=timedelta(seconds=10)
    )
    rest = {"audit_fraction": 0.05, "version": "1.1.1", "clocks": before.clocks}
    assert replace(after, **rest) == before


def test_one_proposes_and_another_approves(tmp_path):
    said, printed = [], StringIO()

    def command(*words):
        said.append(words)
        if words[1] == "show":
            return SHIPPED.read_text()
        if words[1] == "list":
            rows = [{"question": QUESTION, "standing": "in force", "digest": "a" * 64}]
            rows += [{"question": QUESTION, "standing": "proposed", "digest": "b" * 64}] * (len(said) > 2)
            return json.dumps({"policies": rows})
        return f"{words[1]} done\n"

    office.change(command, QUESTION, tmp_path, Show(Console(file=printed, width=120)))
    by_name = {words[1]: words for words in said}
    assert by_name["approve"][2:] == ("b" * 12, "--by", office.COLLEAGUE)
    assert by_name["propose"][by_name["propose"].index("--by") + 1] == office.DIRECTOR
    assert "propose done" in printed.getvalue()
    assert "approve done" in printed.getvalue()


def test_a_command_that_refuses_ends_it(tmp_path):
    def command(*words):
        raise NotDone(words[1])

    with pytest.raises(NotDone, match="list"):
        office.change(command, QUESTION, tmp_path, Show(Console(file=StringIO())))


def test_the_case_that_follows_is_one_on_which_all_agree():
    story, _ = load(of="changed").stories
    assert story.key not in {each.key for each in load().stories}
    assert judge({lab.name: lab.value for lab in story.labs}).bacterial is (story.says == "bacterial")
    assert (story.ai, story.ends, story.priorities) == ("present", ("closed-concordant",), ("urgent",))

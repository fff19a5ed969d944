"""The real server keeps everything that it claims, and the checks try everything that it lists."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.flow.conftest import Say
from tests.flow.processes import PROJECT, Site

pytestmark = pytest.mark.timeout(600)


def test_the_server_keeps_what_it_claims(site: Site, say: Say) -> None:
    site.bring_up(site.program("up"))
    results, words = _check(site)
    say(words[-1])
    # A parameter of a type that no claim makes an example of is not tried; every other claim is.
    untried = [each["id"] for each in results if each["outcome"] != "passed"]
    assert [each for each in untried if not each.startswith("parameter/")] == []
    left = [line for line in words if line.startswith("Left as it is")]
    assert [line for line in left if "HTTP 410" not in line] == [], "what is deleted needs no tidying up"
    assert _listed(site) <= {each["id"] for each in results}
    assert site.command("parked").strip().startswith("nothing")
    looked, words = _check(site, "--read-only")
    say(words[-1])
    assert {each["outcome"] for each in looked} == {"passed", "not run"}
    assert {f"interaction/{type_}/read" for type_ in _types(site)} <= _passed(looked)


def _check(site: Site, *options: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The lines of a run, and what it says in words; a run in which something failed shows its lines."""
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "check", site.base, "--json", *options],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, [each for each in results if each["outcome"] == "failed"] or done.stderr
    return results, done.stderr.splitlines()


def _types(site: Site) -> dict[str, dict[str, Any]]:
    said = httpx.get(f"{site.base}/metadata", trust_env=False).json()["rest"][0]
    assert {"code": "transaction"} in said["interaction"]
    return {each["type"]: each for each in said["resource"]}


def _listed(site: Site) -> set[str]:
    """The claim that stands for each interaction and each search parameter of /metadata."""
    types = _types(site)
    interactions = {
        f"interaction/{name}/{each['code']}" for name, said in types.items() for each in said["interaction"]
    }
    parameters = {
        f"parameter/{name}/{each['name']}" for name, said in types.items() for each in said["searchParam"]
    }
    assert len(interactions) > 50
    assert len(parameters) > 50
    return interactions | parameters | {"transaction/urn-uuid", "transaction/all-or-nothing"}


def _passed(results: list[dict[str, Any]]) -> set[str]:
    return {each["id"] for each in results if each["outcome"] == "passed"}

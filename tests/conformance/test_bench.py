from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.demo.child import free_port

ROOT = Path(__file__).parents[2]


def run(*arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_READER_")}
    command = [sys.executable, "-m", "conformance", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def figures(done):
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(line) == {"name", "ours", "peer", "ratio", "unit"} for line in lines)
    assert all(line["ours"] > 0 for line in lines)
    return {line["name"]: line for line in lines}


def test_create_prints_ours_beside_bare_sqlite(tmp_path):
    few = ["--seconds", "0.3", "--clients", "2", "--rounds", "1", "--patients", "2"]
    done = run("create", *few, "--data", str(tmp_path))
    told = figures(done)
    for writers in ("1 writer", "2 writers"):
        line = told[f"Task creates, 2 clients, beside bare SQLite with {writers}"]
        assert line["ratio"] == pytest.approx(line["ours"] / line["peer"], rel=0.01)
    assert told["Task reads, 2 clients"]["peer"] is None
    assert told["Task reads, 2 clients"]["unit"] == "per second"
    assert "Task creates, 2 clients" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_store_prints_each_way_of_sending(tmp_path):
    if not Path("/usr/bin/storescu").exists():
        pytest.skip("no DCMTK on this machine: apt-get install dcmtk (.ci/run does)")
    few = ["--objects", "3", "--slow-objects", "2", "--rounds", "1", "--alone"]
    told = figures(run("store", *few, "--data", str(tmp_path)))
    for edge in (128, 512):
        for nagle in ("on", "off"):
            assert told[f"C-STORE of {edge}x{edge} CT, 1 association, Nagle {nagle}"]["unit"] == "per second"
            assert f"C-STORE of {edge}x{edge} CT, 4 associations, Nagle {nagle}" in told
    assert list(tmp_path.iterdir()) == []


def test_mllp_prints_ours_beside_two_other_servers(tmp_path):
    told = figures(run("mllp", "--seconds", "0.3", "--rounds", "1", "--data", str(tmp_path)))
    for connections in ("1 connection", "4 connections"):
        what = f"ORU acknowledged over MLLP, {connections}"
        for peer in ("python-hl7", "hl7apy"):
            line = told[f"{what}, beside {peer}"]
            assert line["unit"] == "per second"
            assert line["ratio"] == pytest.approx(line["ours"] / line["peer"], rel=0.01)
        assert told[f"{what}, to the answer, p95"]["unit"] == "ms"
    assert list(tmp_path.iterdir()) == []


def test_opinion_prints_p50_and_p95(tmp_path):
    told = figures(run("opinion", "--cases", "2", "--data", str(tmp_path)))
    for span in (
        "request to sealed opinion, server's clock",
        "signed report to comparison, as a client sees it",
    ):
        assert told[f"{span}, p50"]["ours"] <= told[f"{span}, p95"]["ours"]
    assert told["cases carried by one worker"]["unit"] == "per second"
    assert list(tmp_path.iterdir()) == []


def test_fhir_prints_each_kind_of_request_at_each_size(tmp_path):
    few = ["--seconds", "0.15", "--clients", "2", "--rounds", "1", "--stored", "100", "--stored", "200"]
    told = figures(run("fhir", *few, "--data", str(tmp_path)))
    for kind in ("Task create", "read"):
        line = told[f"{kind}, 200 stored, beside fhirstarter in memory"]
        assert line["ratio"] == pytest.approx(line["ours"] / line["peer"], rel=0.01)
    for kind in (
        "update with If-Match",
        "search by token",
        "chained search",
        "worklist",
        "transaction of 20",
    ):
        assert told[f"{kind}, 100 stored"]["unit"] == "per second"
        line = told[f"{kind}, p95 at 200 beside 100"]
        assert (line["ours"], line["peer"]) == (
            told[f"{kind}, 200 stored, p95"]["ours"],
            told[f"{kind}, 100 stored, p95"]["ours"],
        )
    assert list(tmp_path.iterdir()) == []


def test_too_few_to_search_in():
    done = run("fhir", "--stored", "10")
    assert done.returncode == 2
    assert "100 or more" in done.stderr


def test_study_counts_from_its_last_image(tmp_path):
    told = figures(run("study", "--cases", "3", "--data", str(tmp_path)))
    spans = (
        "sealed opinion, as a client sees it",
        "completed Task, as a client sees it",
        "report in the archive",
    )
    p50 = [told[f"last image to {span}, p50"]["ours"] for span in spans]
    assert p50 == sorted(p50)
    assert list(tmp_path.iterdir()) == []


def test_second_read_prints_the_way_to_the_offer_and_the_match(tmp_path):
    few = ["--specialists", "300", "--cases", "2", "--open", "1", "--adjudicated", "12"]
    told = figures(run("second-read", *few, "--data", str(tmp_path)))
    for name in (
        "signed report to comparison, as a client sees it",
        "signed report to offer among 300 specialists, as a client sees it",
        "match over 300 specialists",
    ):
        assert told[f"{name}, p50"]["ours"] <= told[f"{name}, p95"]["ours"]
    assert told["matches over 300 specialists"]["unit"] == "per second"
    line = told["right at 1, all (12 cases), beside a lot"]
    assert 0 < line["peer"] < 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["create", "fhir", "opinion", "second-read", "study"])
def test_each_bench_says_what_is_measured(name):
    words = {
        "create": "bare SQLite", "fhir": "fhirstarter", "opinion": "by the server's", "study": "last image",
        "second-read": "made up",
    }  # fmt: skip
    assert words[name] in run(name, "--help").stdout


def test_a_server_that_is_not_there():
    done = run("opinion", "--server", f"http://127.0.0.1:{free_port('127.0.0.1', 0, '')}/fhir")
    assert done.returncode == 2
    assert "no answer" in done.stderr


def test_a_data_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("create", "--data", str(tmp_path / "file" / "data"))
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_nothing_of_the_server_is_imported():
    code = (
        "import sys, conformance.bench\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'server'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.demo import child
from conformance.demo.child import CannotStart, Child, destinations, free_port, usable

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("name", ["demo", "ehr", "specialist"])
def test_each_command_explains_itself(run, name):
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "--server" in result.output or "accept" in result.output


def test_the_list_of_commands_explains_itself(run):
    result = run("--help")
    assert result.exit_code == 0
    assert "specialist" in result.output


def test_a_command_that_is_not_there_is_said_so(run):
    assert "No such command" in run("banana").output


@pytest.mark.parametrize("arguments", [[], ["--start", "--server", "http://127.0.0.1:1/fhir"]])
def test_start_or_server_not_neither_not_both(run, arguments):
    result = run("demo", *arguments)
    assert result.exit_code == 2
    assert "either --start, or --server" in result.output


def test_a_busy_port_of_the_hospital(run, ehr):
    result = run("demo", "--start", "--ehr-port", str(ehr.port))
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{ehr.port}" in result.output


def test_a_busy_port_of_the_server(run, ehr):
    result = run("demo", "--start", "--ehr-port", "0", "--port", str(ehr.port))
    assert result.exit_code == 2
    assert f"Port {ehr.port} on 127.0.0.1 is in use" in result.output
    assert "--port" in result.output


def test_a_data_folder_that_cannot_be_written(run, tmp_path):
    (tmp_path / "file").write_text("")
    result = run(
        "demo", "--start", "--ehr-port", "0", "--port", "0", "--data", str(tmp_path / "file" / "data")
    )
    assert result.exit_code == 2
    assert "cannot be written" in result.output
    assert "--data" in result.output


def test_a_server_that_is_not_there(run):
    result = run(
        "demo", "--server", f"http://127.0.0.1:{free_port('127.0.0.1', 0, '')}/fhir", "--ehr-port", "0"
    )
    assert result.exit_code == 1
    assert "no answer" in result.output


def test_a_server_that_ends_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(child, "_PROJECT", tmp_path)  # a place without any server to start
    with pytest.raises(CannotStart, match="it ended with status 1") as reason, Child(tmp_path, 1, "http://x"):
        pass
    assert str(tmp_path / "server.log") in str(reason.value)
    assert "No module named server" in str(reason.value)


def test_a_server_that_comes_up_gets_its_settings_and_is_gone_afterwards(tmp_path, monkeypatch):
    package = tmp_path / "server"
    package.mkdir()
    (package / "__main__.py").write_text(
        "import http.server, json, os\n"
        "class Health(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        body = json.dumps(dict(os.environ)).encode()\n"
        "        self.send_response(200)\n"
        "        self.send_header('Content-Length', str(len(body)))\n"
        "        self.end_headers()\n"
        "        self.wfile.write(body)\n"
        "port = int(os.environ['SECOND_READER_PORT'])\n"
        "http.server.HTTPServer(('127.0.0.1', port), Health).serve_forever()\n"
    )
    monkeypatch.setattr(child, "_PROJECT", tmp_path)
    port = free_port("127.0.0.1", 0, "")
    with Child(tmp_path, port, "http://127.0.0.1:9/fhir") as running:
        told = httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).json()
        assert running.base == f"http://127.0.0.1:{port}/fhir"
    assert told["SECOND_READER_DATA"] == str(tmp_path)
    assert told["SECOND_READER_DATABASE_URL"] == ""
    assert 'base = "http://127.0.0.1:9/fhir"' in Path(told["SECOND_READER_DESTINATIONS"]).read_text()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)


def test_a_usable_folder_is_made_and_left_clean(tmp_path):
    assert list(usable(tmp_path / "a" / "b").iterdir()) == []
    assert destinations(tmp_path, "http://h/fhir").read_text().startswith("[[destination]]\n")


def test_the_specialist_by_hand(run, reader):
    assert "No offer is waiting" in run("specialist", "list", "--server", reader.base).output
    unknown = run("specialist", "accept", "Task/none", "--server", reader.base)
    assert unknown.exit_code == 1
    assert "404" in unknown.output


def test_nothing_of_the_server_is_imported():
    code = (
        "import sys, conformance.demo.command, conformance.demo.by_hand\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'server'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

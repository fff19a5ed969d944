"""Real processes of the server, each in a process group of its own, and ways to end them badly."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import httpx

PROJECT = Path(__file__).resolve().parents[2]
_LOOK = 0.05
_DICE = random.SystemRandom()


class Late(AssertionError):
    """What should have come to pass did not, in the time it was given."""


def until(condition: Callable[[], object], patience: float, what: str) -> None:
    """Look again and again until ``condition`` holds; raises Late after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise Late(f"not within {patience:g} s: {what}")
        time.sleep(_LOOK)


def free_port() -> int:
    """A port nobody listens on, for test processes side by side: at random, and below the ports of outgoing
    connections (ip(7), ip_local_port_range), so that nobody takes it between this look and a server's start.
    """
    while True:
        port = _DICE.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def members(group: int) -> list[int]:
    """The living processes of a process group (proc(5), stat fields 3 and 5)."""
    found = []
    for each in Path("/proc").iterdir():
        if not each.name.isdigit():
            continue
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, group_of = (each / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(group_of) == group and state not in "ZX":
                found.append(int(each.name))
    return sorted(found)


def _states(pid: int) -> set[str]:
    """The states of a process's threads (proc(5), stat field 3)."""
    found = set()
    for each in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            found.add((each / "stat").read_text().rpartition(")")[2].split()[0])
    return found


class Program:
    """``python -m server NAME``: started, killed, started again. Every start has a log of its own."""

    def __init__(self, name: str, environment: Mapping[str, str], logs: Path, module: str = "server") -> None:
        self.name = name
        self._module = module
        self.starts = 0
        self._groups: list[int] = []
        self._environment = dict(environment)
        self._logs = logs
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Of the latest start."""
        return self._logs / f"{self.name}-{self.starts}.log"

    @property
    def pid(self) -> int:
        """Of the process that was started; it leads the group."""
        return self._groups[-1]

    def left_behind(self) -> list[int]:
        """Groups of earlier starts in which something still lives.

        An empty one is forgotten for good: the system gives its number to others again.
        """
        self._groups = [*filter(members, self._groups[:-1]), *self._groups[-1:]]
        return self._groups[:-1]

    def start(self) -> None:
        self.left_behind()
        self.starts += 1
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module, self.name],
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._groups.append(self._process.pid)

    def ended(self) -> int | None:
        """The exit status, once it has ended."""
        return None if self._process is None else self._process.poll()

    def kill_group(self) -> None:
        self._signal_all(signal.SIGKILL)
        self._reap()

    def kill_leader(self) -> None:
        """What the leader started is left behind, and has to notice."""
        self.signal(signal.SIGKILL)
        self._reap()

    def kill_follower(self, pick: Callable[[list[int]], int]) -> bool:
        """One of the processes that the leader started; False when there is none yet."""
        others = [pid for pid in members(self.pid) if pid != self.pid]
        if others:
            with suppress(ProcessLookupError):
                os.kill(pick(others), signal.SIGKILL)
        return bool(others)

    def signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def stop(self) -> None:
        """SIGSTOP to the process that was started, until it stands still.

        kill(2) returns before that: a thread that is inside a system call, or waits for a processor
        in one, ends the call first, and may come out of it with a lock. Raises Late.
        """
        self.signal(signal.SIGSTOP)
        until(lambda: _states(self.pid) == {"T"}, 10.0, f"{self.name} stands still")

    def wait(self, patience: float) -> int:
        """The exit status. Raises Late."""
        until(lambda: self.ended() is not None, patience, f"{self.name} ends")
        return int(self.ended() or 0)

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])

    def close(self) -> None:
        """Nothing that was ever started may outlive the test."""
        for group in self.left_behind():
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        if self._groups and members(self.pid):
            self.kill_group()
        self._reap()

    def _signal_all(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait(30)


class Site:
    """One data folder and the programs that share it. Leave the context and all of them are gone."""

    def __init__(
        self,
        folder: Path,
        ehr_base: str,
        *,
        data: Path | None = None,
        destination: str = "timeout_seconds = 1\n",
        **settings: str,
    ) -> None:
        """``destination``: more of the EHR's table in the destinations file."""
        self.data = data or folder / "data"
        self.store: Path | str = settings.get("DATABASE_URL") or self.data / "second-reader.db"
        """Where the database is: a file, or a URL."""
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True)
        self.port = free_port()
        self.root = f"http://127.0.0.1:{self.port}"
        self.base = f"{self.root}/fhir"
        self._environment = _environment(
            folder, self.data, self.port, _destinations(folder, ehr_base, destination), settings
        )
        self._programs: list[Program] = []

    def __enter__(self) -> Self:
        self.command("migrate")
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._programs:
            each.close()

    def program(self, name: str, log_name: str = "") -> Program:
        logs = self.logs / log_name
        logs.mkdir(exist_ok=True)
        made = Program(name, self._environment, logs)
        self._programs.append(made)
        return made

    def command(self, *words: str) -> str:
        """What ``python -m server WORDS`` prints."""
        done = subprocess.run(
            [sys.executable, "-m", "server", *words],
            cwd=PROJECT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def healthy(self) -> bool:
        try:
            return httpx.get(f"{self.root}/health", timeout=2.0, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def bring_up(self, program: Program, patience: float = 60.0) -> float:
        """Start it, again when it ends by itself as a supervisor would; returns seconds until it works."""
        began = time.monotonic()
        program.start()

        def working() -> bool:
            if program.ended() is not None:
                program.start()
            return self.healthy() if program.name != "work" else b'"working"' in program.log.read_bytes()

        try:
            until(working, patience, f"{program.name} is ready")
        except Late as late:
            raise Late(f"{late}; its last words: {program.last_words()}") from late
        return time.monotonic() - began


def _destinations(folder: Path, ehr_base: str, more: str) -> Path:
    path = folder / "destinations.toml"
    path.write_text(
        f'[[destination]]\nname = "ehr"\nbase = "{ehr_base}"\n'
        f'identifier_systems = ["https://ehr.example/task"]\n{more}'
    )
    return path


def _environment(
    folder: Path, data: Path, port: int, destinations: Path, settings: Mapping[str, str]
) -> dict[str, str]:
    """Ours and nobody else's settings: no audits, so that a case ends as its readers answer."""
    policies = folder / "policies"
    policies.mkdir()
    for each in (PROJECT / "server/routing/policies").glob("*.toml"):
        text = each.read_text().replace("audit_fraction = 0.05", "audit_fraction = 0.0")
        assert "audit_fraction = 0.0\n" in text
        (policies / each.name).write_text(text)
    ours = {
        "DATA": str(data),
        "PORT": str(port),
        "DICOM_PORT": "0",
        "MLLP_PORT": "0",
        "DESTINATIONS": str(destinations),
        "POLICIES": str(policies),
        "LEASE": "3",
        **settings,
    }
    rest = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_READER_")}
    return rest | {f"SECOND_READER_{name}": value for name, value in ours.items()}

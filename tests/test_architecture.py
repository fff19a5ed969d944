"""Who may import whom, and how large things may grow: read from the source, shown able to fail."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"fhir", "dicom", "hl7v2", "reader", "routing", "console", "store", "porch", "access"}
NOUNS_AND_LAW = {
    "server.model", "server.case", "server.law", "server.states", "server.errors", "server.query",
    "server.caller",
}  # fmt: skip
CORRIDOR = NOUNS_AND_LAW | {
    "server", "server.arbitration",
    "server.contract", "server.settings", "server.ports", "server.query", "server.times",
    "server.notices", "server.toml", "server.words", "server.accesses", "server.images", "server.objects",
    "server.certificates", "server.completeness", "server.http_status", "server.line", "server.tls",
    "server.binding", "server.changes", "server.counting", "server.doorway", "server.hands",
    "server.image_search", "server.messages",
    "server.reread", "server.seats", "server.tally", "server.turning", "server.watching",
    "server.worklist",
}  # fmt: skip
"""``server`` itself holds the version and nothing else."""
COMPOSERS = {
    "server.__main__", "server.app", "server.applying", "server.auditing", "server.checks", "server.commands",
    "server.completing", "server.configuration", "server.couriers", "server.dicom_metrics",
    "server.directory", "server.dissent_commands", "server.door_metrics",
    "server.drift_commands", "server.drifting",
    "server.doors", "server.gatekeeping", "server.hearing", "server.holding",
    "server.idle", "server.image_desk", "server.importing", "server.mllp", "server.mllp_metrics",
    "server.message_commands",
    "server.messaging", "server.inquiring", "server.keys", "server.leases", "server.listening",
    "server.looking", "server.metrics",
    "server.notifier", "server.options", "server.ordering", "server.partnering", "server.performing",
    "server.policies", "server.policy_changes", "server.policy_commands", "server.policy_gate",
    "server.policy_listing", "server.policy_switching", "server.standing_orders", "server.stopping",
    "server.polling",
    "server.law_command",
    "server.outcome_commands",
    "server.processes", "server.readers", "server.reporting", "server.rights_commands", "server.simulating",
    "server.steps", "server.supervisor", "server.vouching",
    "server.web", "server.wiring", "server.work",
    "server.worker", "server.workers",
}  # fmt: skip
WORLDLY = {
    "server.binding", "server.doorway", "server.hands", "server.listeners", "server.turning",
    "server.watching", "server.hl7v2.listen.connection", "server.hl7v2.listen.entrance",
    "server.hl7v2.listen.loop",
    "server.certificates", "server.clock", "server.line", "server.log", "server.settings", "server.tls",
    *COMPOSERS
    - {"server.applying", "server.steps", "server.holding", "server.ordering", "server.performing"},
    "server.access.endpoints", "server.access.fetching", "server.access.keys",
    "server.console.pages", "server.dicom.receive", "server.dicom.send.line", "server.dicom.web.door",
    "server.hl7v2.send.line",
    "server.fhir.door",
    "server.fhir.line",
    "server.fhir.smart.logins", "server.store",
    "server.porch.connection", "server.porch.loop",
    "server.porch.outbox", "server.porch.spool", "server.porch.tls", "server.porch.worker",
    "server.reader.child", "server.reader.film.child", "server.reader.film.desk",
    "server.reader.process", "server.reader.resident", "server.reader.training",
    "server.routing.measure",
}  # fmt: skip
"""Everything else in server/ is pure; a new module is pure until it is named here."""
WORLD = re.compile(
    r"(flask|werkzeug|sqlalchemy|psycopg|pysqlite3|sqlite3|socket|ssl|select|selectors|asyncio|httpx|urllib\.request"
    r"|http\.client|http\.server|subprocess|multiprocessing|threading|time|secrets|random)(\.|$)"
)
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb"}
LONG_ON_PURPOSE = {"server.model", "server.ports"}
"""The nouns, and what the rooms promise one another, each stand on one page."""
BROAD_ALLOWED = {"server.worker", "server.app"}
VAGUE = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}


@dataclass(frozen=True)
class Module:
    name: str
    tree: ast.Module
    lines: int
    imports: frozenset[str]

    @property
    def room(self) -> str:
        """The room that it stands in; empty for the corridor and the composition."""
        return _room(self.name)

    @property
    def history(self) -> bool:
        """Migrations are generated, and never changed again."""
        return ".migrations.versions." in self.name


def _room(name: str) -> str:
    top, _, rest = name.partition(".")
    part = rest.partition(".")[0]
    return part if top == "server" and part in ROOMS else ""


def _within(name: str, places: set[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def survey(root: Path) -> list[Module]:
    """Every module below ``root`` of the server, the conformance programs and the tests."""
    paths = [path for top in ("server", "conformance", "tests") for path in (root / top).rglob("*.py")]
    names = {_name(path, root): path for path in paths}
    return [_module(name, path, set(names)) for name, path in sorted(names.items())]


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _module(name: str, path: Path, known: set[str]) -> Module:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    imports = frozenset(each for node in ast.walk(tree) for each in _imported(node, package, known))
    return Module(name, tree, len(text.splitlines()), imports)


def _imported(node: ast.AST, package: str, known: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names)
    if isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        source = ".".join([*above, *([node.module] if node.module else [])])
        for each in node.names:
            whole = f"{source}.{each.name}"
            yield whole if whole in known or source in ("os", "urllib", "http") else source


# -- the rules: each gives its offenders ---------------------------------------------------------


def rooms_import_one_another(modules: list[Module]) -> list[str]:
    return [
        f"{m.name} imports {i}" for m in modules if m.room for i in m.imports if _room(i) not in ("", m.room)
    ]


def rooms_import_more_than_the_corridor(modules: list[Module]) -> list[str]:
    return [
        f"{m.name} imports {i}"
        for m in modules
        if m.room
        for i in m.imports
        if _within(i, {"server"}) and _room(i) != m.room and i not in CORRIDOR
    ]


def nouns_and_law_import_ours(modules: list[Module]) -> list[str]:
    return [
        f"{m.name} imports {i}"
        for m in modules
        if m.name in NOUNS_AND_LAW
        for i in m.imports
        if _within(i, {"server", "conformance", "tests"}) and i not in NOUNS_AND_LAW
    ]


def others_compose(modules: list[Module]) -> list[str]:
    """The corridor imports neither rooms nor those who put them together."""
    return [
        f"{m.name} imports {i}"
        for m in modules
        if _within(m.name, {"server"}) and not m.room and not _within(m.name, COMPOSERS)
        for i in m.imports
        if _room(i) or _within(i, COMPOSERS)
    ]


def pure_modules_know_the_world(modules: list[Module]) -> list[str]:
    pure = [m for m in modules if _within(m.name, {"server"}) and not _within(m.name, WORLDLY)]
    return [f"{m.name} imports {i}" for m in pure for i in m.imports if WORLD.match(i)] + [
        f"{m.name}:{node.lineno} asks for the time"
        for m in pure
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today")
        and ast.unparse(node.value).rpartition(".")[2] in ("datetime", "date")
    ]


def others_read_the_environment(modules: list[Module]) -> list[str]:
    return [
        f"{m.name}:{line}"
        for m in modules
        if _within(m.name, {"server"}) and m.name != "server.settings"
        for line in _environment_reads(m)
    ]


def _environment_reads(module: Module) -> Iterator[int]:
    if module.imports & ENVIRONMENT:
        yield 1
    written = {
        id(node.value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(module.tree):
        read = isinstance(node, ast.Attribute) and ast.unparse(node) in ENVIRONMENT
        if read and id(node) not in written:
            yield node.lineno


def worlds_mix(modules: list[Module]) -> list[str]:
    """The conformance programs are a black box beside the server; neither knows the tests."""
    foreign = {"server": {"conformance", "tests"}, "conformance": {"server", "tests"}}
    return [
        f"{m.name} imports {i}"
        for m in modules
        for i in m.imports
        if _within(i, foreign.get(m.name.partition(".")[0], set()))
    ]


def modules_are_too_long(modules: list[Module]) -> list[str]:
    ours = [m for m in modules if not _within(m.name, {"tests"}) and not m.history]
    return [f"{m.name}: {m.lines} lines" for m in ours if m.lines > 300 and m.name not in LONG_ON_PURPOSE]


def functions_are_too_long(modules: list[Module]) -> list[str]:
    return [
        f"{m.name}.{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for m in modules
        if not _within(m.name, {"tests"}) and not m.history
        for node in ast.walk(m.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= 50
    ]


def excepts_are_broad(modules: list[Module]) -> list[str]:
    found = [
        (m, node.lineno)
        for m in modules
        if not _within(m.name, {"tests"})
        for node in ast.walk(m.tree)
        if _broad(node)
    ]
    first = {m.name: line for m, line in reversed(found)}
    return [f"{m.name}:{at}" for m, at in found if m.name not in BROAD_ALLOWED or at != first[m.name]]


def _broad(node: ast.AST) -> bool:
    """Clean-up that ends in a bare ``raise`` swallows nothing."""
    if isinstance(node, ast.ExceptHandler):
        if ast.unparse(node.body[-1]) == "raise":
            return False
        caught = ast.unparse(node.type) if node.type else "Exception"
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        caught = " ".join(ast.unparse(each) for each in node.args)
    else:
        return False
    return bool(re.search(r"\b(Base)?Exception\b", caught))


def names_say_nothing(modules: list[Module]) -> list[str]:
    return [m.name for m in modules if VAGUE & set(re.split(r"[._]", m.name))]


def server_prints(modules: list[Module]) -> list[str]:
    return [
        f"{m.name}:{node.lineno}"
        for m in modules
        if _within(m.name, {"server"})
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Name) and node.id == "print"
    ]


Rule = Callable[[list[Module]], list[str]]
BREAKING: list[tuple[Rule, str, str]] = [
    (rooms_import_one_another, "server/fhir/pens/x.py", "from server.store.ledger import Ledger"),
    (rooms_import_one_another, "server/store/x.py", "import server.routing.policy"),
    (rooms_import_one_another, "server/fhir/x.py", "from ..store import ledger"),
    (rooms_import_one_another, "server/dicom/x.py", "def f():\n    from server import fhir"),
    (rooms_import_more_than_the_corridor, "server/console/x.py", "from server.wiring import House"),
    (rooms_import_more_than_the_corridor, "server/fhir/x.py", "from server import clock"),
    (nouns_and_law_import_ours, "server/case.py", "from server.ports import Entry"),
    (others_compose, "server/ports.py", "from server.fhir.parse import parse"),
    (others_compose, "server/contract.py", "from server.steps.casefile import held"),
    (pure_modules_know_the_world, "server/routing/x.py", "import time"),
    (pure_modules_know_the_world, "server/fhir/pens/x.py", "from sqlalchemy import select"),
    (pure_modules_know_the_world, "server/steps/x.py", "import datetime\nT = datetime.datetime.now()"),
    (pure_modules_know_the_world, "server/case.py", "from datetime import date\nT = date.today()"),
    (pure_modules_know_the_world, "server/reader/x.py", "from http.client import HTTPConnection"),
    (others_read_the_environment, "server/wiring.py", "import os\nA = os.environ.get('A')"),
    (others_read_the_environment, "server/reader/child.py", "import os\nA = os.environ['A']"),
    (others_read_the_environment, "server/app.py", "from os import getenv"),
    (worlds_mix, "server/app.py", "from conformance.peers import ehr"),
    (worlds_mix, "server/app.py", "import tests.world"),
    (worlds_mix, "conformance/x.py", "from server.model import Card"),
    (modules_are_too_long, "server/x.py", "\n" * 301),
    (functions_are_too_long, "conformance/x.py", "def f():\n" + "    a = 1\n" * 50),
    (excepts_are_broad, "server/x.py", "try:\n    a = 1\nexcept Exception:\n    pass"),
    (excepts_are_broad, "conformance/x.py", "try:\n    a = 1\nexcept:\n    pass"),
    (excepts_are_broad, "server/x.py", "try:\n    a = 1\nexcept (OSError, BaseException):\n    pass"),
    (excepts_are_broad, "server/x.py", "import contextlib\nA = contextlib.suppress(Exception)"),
    (excepts_are_broad, "server/worker.py", "try:\n    a = 1\nexcept Exception:\n    pass\n" * 2),
    (names_say_nothing, "server/fhir/task_helpers.py", ""),
    (names_say_nothing, "tests/common/__init__.py", ""),
    (server_prints, "server/x.py", "print('here')"),
]
RULES = list(dict.fromkeys(rule for rule, _, _ in BREAKING))


@pytest.fixture(scope="module")
def house() -> list[Module]:
    return survey(ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(house: list[Module], rule: Rule) -> None:
    offenders = rule(house)
    assert not offenders, "\n".join([rule.__name__.replace("_", " "), *offenders])


@pytest.mark.parametrize(
    ("rule", "path", "source"), BREAKING, ids=lambda each: str(getattr(each, "__name__", ""))[:40]
)
def test_the_rule_can_be_broken(tmp_path: Path, rule: Rule, path: str, source: str) -> None:
    for name in ("store/ledger", "routing/policy", "store/__init__", "fhir/__init__"):
        sound = tmp_path / "server" / f"{name}.py"
        sound.parent.mkdir(parents=True, exist_ok=True)
        sound.write_text("from __future__ import annotations\n")
    (tmp_path / "server" / "clock.py").write_text("")
    assert rule(survey(tmp_path)) == []
    broken = tmp_path / path
    broken.parent.mkdir(parents=True, exist_ok=True)
    broken.write_text(source)
    assert rule(survey(tmp_path)) != []


def test_every_name_that_a_rule_relies_on_exists(house: list[Module]) -> None:
    names = {module.name for module in house}
    assert names >= CORRIDOR | COMPOSERS | WORLDLY | LONG_ON_PURPOSE | BROAD_ALLOWED

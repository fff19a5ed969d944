"""kill -9 while clients read and write: each access that was acknowledged is in the audit trail.

``--seed S`` to repeat the draws of a run.
"""

from __future__ import annotations

import threading
from random import Random
from typing import Any

import httpx
import pytest

from tests.flow.conftest import Say
from tests.flow.killer import Killer
from tests.flow.processes import Site

pytestmark = pytest.mark.campaign

_CLIENTS = 6
_KILLS = 4


class Client:
    """Reads, searches and writes one patient until told to stop; remembers what it was answered."""

    def __init__(self, site: Site, number: int) -> None:
        self.person = f"Patient/p-{number}"
        self.answered: dict[str, str] = {}
        """X-Request-Id -> action of the AuditEvent that it must have."""
        self._site = site
        self._body = {"resourceType": "Patient", "id": f"p-{number}"}

    def run(self, stop: threading.Event, random: Random) -> None:
        with httpx.Client(base_url=f"{self._site.base}/", timeout=10.0, trust_env=False) as line:
            while not stop.is_set():
                try:
                    self._ask(line, random.randrange(4))
                except httpx.TransportError:
                    stop.wait(0.05)  # it is down; what it may have done is not acknowledged

    def _ask(self, line: httpx.Client, which: int) -> None:
        match which:
            case 0:
                action, answer = "U", line.put(self.person, json=self._body)
            case 1:
                action, answer = "E", line.get("Patient", params={"_id": self._body["id"]})
            case _:
                action, answer = "R", line.get(self.person)
        self.answered[answer.headers["X-Request-Id"]] = action


def test_kill_and_every_acknowledged_access_is_told(site: Site, seed: int, say: Say) -> None:
    web = site.program("web")
    site.bring_up(web)
    clients, stop = [Client(site, number) for number in range(_CLIENTS)], threading.Event()
    threads = [
        threading.Thread(target=each.run, args=(stop, Random(f"{seed}-{number}")))
        for number, each in enumerate(clients)
    ]
    killer = Killer(site, web, ("group", "leader", "follower"), _KILLS, Random(f"{seed}-web"))
    for each in threads:
        each.start()
    try:
        killer.run(threading.Event())
    finally:
        stop.set()
        for each in threads:
            each.join(30)
    told = _told(site)
    missing = {
        request: action
        for client in clients
        for request, action in client.answered.items()
        if (action, client.person) not in told.get(request, ())
    }
    answered = sum(len(each.answered) for each in clients)
    say(f"{killer.told()}; {answered} acknowledged accesses, {sum(map(len, told.values()))} told")
    assert answered > 100, "too little was answered to show anything"
    assert missing == {}
    assert all(len(each) == 1 for each in told.values()), "an access was told twice"


def _told(site: Site) -> dict[str, list[tuple[str, str]]]:
    """X-Request-Id -> (action, patient) of each AuditEvent about a patient."""
    found: dict[str, list[tuple[str, str]]] = {}
    url: str | None = f"{site.base}/AuditEvent?_count=500&entity-type=1"
    while url is not None:
        answer = httpx.get(url, timeout=60.0, trust_env=False)
        if answer.status_code == 503 and "being written up" in answer.text:
            continue  # it says to try again, and gets on with it each time
        page: dict[str, Any] = answer.raise_for_status().json()
        for each in page.get("entry", []):
            entities = each["resource"]["entity"]
            request = next(
                e["what"]["identifier"]["value"] for e in entities if e["type"]["code"] == "XrequestId"
            )
            whom = next(e["what"]["reference"] for e in entities if e["type"]["code"] == "1")
            found.setdefault(request, []).append((each["resource"]["action"], whom))
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    return found

"""GET /cases and GET /cases/ID: JSON or a page, and a page that shows hostile text as text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from server.case import Event, Position, State
from server.ports import Entry, Progress
from tests.world import BACTERIAL, VIRAL, World, send_case

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{7*7}}"


def case_of(world: World, task: str) -> str:
    return str(world.house.ledger.case_of_task(task))


class Seen(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("path", ["/cases", "/cases/{case}"])
@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (JSON, "application/json"),
        ({}, "application/json"),
        ({"Accept": "*/*"}, "application/json"),
        ({"Accept": "text/html;q=0.5, application/json"}, "application/json"),
        ({"Accept": "image/png"}, "application/json"),
        (HTML, "text/html; charset=utf-8"),
        (BROWSER, "text/html; charset=utf-8"),
    ],
    ids=["json", "nothing said", "anything", "json before html", "neither", "html", "a browser"],
)
def test_programs_get_json_and_browsers_a_page(
    world: World, path: str, headers: dict[str, str], kind: str
) -> None:
    sent = send_case(world, BACTERIAL)
    answer = world.client.get(path.format(case=case_of(world, sent.task_id)), headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == kind


@pytest.mark.parametrize("path", ["/cases", "/cases/{case}"])
def test_a_page_runs_and_loads_nothing_foreign(world: World, path: str) -> None:
    sent = send_case(world, BACTERIAL)
    answer = world.client.get(path.format(case=case_of(world, sent.task_id)), headers=HTML)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script" not in Seen(answer.text).tags
    assert "style" not in Seen(answer.text).attributes, "the policy above would drop it"


def test_the_style_sheet_is_served(world: World) -> None:
    answer = world.client.get("/console.css")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "{" in answer.text


def test_an_empty_list_says_how_cases_come(world: World) -> None:
    assert world.client.get("/cases", headers=JSON).json == {"cases": []}
    assert "POSTing a Task" in world.client.get("/cases", headers=HTML).text


def test_the_list_leads_to_each_case(world: World) -> None:
    tasks = []
    for number in range(3):
        tasks.append(send_case(world, BACTERIAL, number=f"T-{number}").task_id)
        world.watch.forward(minutes=1)
    listed = world.client.get("/cases", headers=JSON).json["cases"]
    assert [each["task"] for each in listed] == [f"Task/{task}" for task in reversed(tasks)]
    page = world.client.get("/cases", headers=HTML).text
    for task in tasks:
        path = f"/cases/{case_of(world, task)}"
        assert f'href="{path}"' in page
        assert world.client.get(path, headers=HTML).status_code == 200


@pytest.mark.parametrize("headers", [JSON, HTML])
def test_a_case_that_is_not_there_is_404(world: World, headers: dict[str, str]) -> None:
    answer = world.client.get("/cases/nobody", headers=headers)
    assert answer.status_code == 404
    assert "GET /cases lists the latest" in answer.text


def test_hostile_text_is_shown_as_text(world: World) -> None:
    sent = send_case(world, BACTERIAL)
    ledger, at = world.house.ledger, world.watch()
    claim = ledger.claim(at)
    assert claim is not None
    entry = Entry(Event.HELD, HOSTILE, {HOSTILE: HOSTILE}, policy=HOSTILE, card=HOSTILE)
    held = Progress((entry,), Position(State.HELD, before=State.RECEIVED), at)
    ledger.commit(claim, held, at, keep=True)
    ledger.failed(claim, at, HOSTILE)
    page = world.client.get(f"/cases/{case_of(world, sent.task_id)}", headers=HTML).text
    seen = Seen(page)
    assert not {"script", "img"} & set(seen.tags)
    assert "onerror" not in seen.attributes
    assert seen.text.count("alert(1)") >= 5
    assert "{{7*7}}" in seen.text


def test_pages_keep_the_seal(world: World) -> None:
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "held"
    for path in ("/cases", f"/cases/{case_of(world, sent.task_id)}"):
        for headers in (HTML, JSON):
            shown = world.client.get(path, headers=headers).text
            for word in ("0.94", "discordant", "missed", '"present"'):
                assert word not in shown, (path, word)

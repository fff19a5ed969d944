"""Ways around a token or a scope, over real sockets to a real server: refused in words, nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.access.keys import ask
from tests.badinput.access_calls import CLIENTS, ELSEWISE, FORMS, WAYS, Way
from tests.badinput.access_rows import NOT_YET, OVER_A_SOCKET, SHOWN
from tests.badinput.guarded import Guarded
from tests.badinput.orders import CANARY
from tests.flow.conftest import OnDatabase


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, on_database: OnDatabase) -> Iterator[Guarded]:
    with Guarded(tmp_path_factory.mktemp("guarded"), CLIENTS, **on_database("bad_access")) as made:
        yield made


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.id)
def test_a_way_around_a_scope(server: Guarded, way: Way) -> None:
    before, said = server.newest(), server.log_size()
    answer = server.as_client(way.client, way.method, way.path, way.body, way.headers)
    assert answer.status == way.status, answer.body[:500]
    if way.code:
        [issue] = answer.outcomes
        assert issue["code"] == way.code
        assert CANARY not in issue["diagnostics"]
    if way.total is not None:
        assert answer.json["total"] == way.total
    assert not way.lacks or way.lacks not in answer.body.decode()
    assert server.newest() == before
    assert CANARY not in server.log_since(said)
    assert "Traceback" not in server.log_since(said)


@pytest.mark.parametrize("row", FORMS)
def test_a_way_around_the_token_endpoint(server: Guarded, row: str) -> None:
    form, error = FORMS[row]
    answer = server.exchange_for(form(server))
    assert (answer.status, answer.json["error"]) == (400, error)
    assert "access_token" not in answer.json


def test_an_assertion_is_good_once_in_whichever_process(server: Guarded) -> None:
    """A-017, A-018, A-020."""
    for _ in range(3):
        form = ask(server.assertion())
        with ThreadPoolExecutor(20) as many:
            answers = list(many.map(lambda _, form=form: server.exchange_for(form).status, range(20)))
        assert sorted(answers) == [200] + [400] * 19
        assert server.exchange_for(form).json["error"] == "invalid_client"


def test_who_shows_no_token_of_ours_is_told_so(server: Guarded) -> None:
    """A-031, A-032, A-033, A-034."""
    token, said = server.token("all"), server.log_size()
    head, claims, mac = token.split(".")
    shown = {
        "login": [
            server.ask("GET", "/fhir/Patient/anna"),
            server.ask("GET", f"/fhir/Patient/anna?access_token={token}"),
            server.ask("GET", "/fhir/Patient/anna", headers={"Authorization": "Basic YWxsOmFsbA=="}),
            server.ask("GET", "/fhir/Patient/anna", headers={"Cookie": f"access_token={token}"}),
        ],
        "expired": [
            server.ask("GET", "/fhir/Patient/anna", headers={"Authorization": f"Bearer {each}"})
            for each in (f"{head}.{claims}.{mac[::-1]}", f"{head}.{claims[::-1]}.{mac}", "x.y.z")
        ],
    }
    for code, answers in shown.items():
        for answer in answers:
            assert (answer.status, answer.outcomes[0]["code"]) == (401, code)
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert token not in server.log_since(said)


def test_a_page_is_nobody_elses(server: Guarded) -> None:
    """A-051."""
    page = server.as_client("all", "GET", "Observation?_count=1").json
    [onward] = [each["url"] for each in page["link"] if each["relation"] == "next"]
    path = onward.partition("/fhir/")[2]
    assert server.as_client("all", "GET", path).status == 200
    assert server.as_client("anna", "GET", path).status == 400


def test_every_row_is_where_the_table_says() -> None:
    here = {each.id.rstrip("abc") for each in WAYS} | {row.rstrip("abc") for row in FORMS} | {*ELSEWISE}
    assert here == OVER_A_SOCKET
    assert SHOWN.keys() >= here
    assert not NOT_YET.keys() & here

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import suppress

import pysqlite3
import pytest

from conformance.bench import bare
from conformance.bench.asking import settled
from conformance.bench.figures import Figure, beside, percentile, spread
from conformance.bench.load import Load, LoadFailed, drive, fire
from conformance.bench.processes import tree
from conformance.bench.watching import compared, opinion_sealed, span
from conformance.bench.watching import settled as carried


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7], 0.5, 7),
        ([3, 1, 2], 0.5, 2),
        ([4, 1, 3, 2], 0.5, 2),
        (range(1, 101), 0.95, 95),
        ([1, 2], 0.95, 2),
    ],
)
def test_percentiles_are_nearest_rank(values, share, expected):
    assert percentile(list(values), share) == expected


@pytest.mark.parametrize(
    ("figure", "peer", "ratio"),
    [
        (Figure("a", 10.0, "ms"), None, None),
        (Figure("a", 10.0, "ms", 4.0), 4.0, 2.5),
        (Figure("a", 10.0, "ms", 4.0, 3.0), 4.0, 3.0),
        (Figure("a", 10.0, "ms", 0.0), 0.0, None),
    ],
)
def test_a_figure_is_one_line(figure, peer, ratio):
    expected = {"name": "a", "ours": 10.0, "peer": peer, "ratio": ratio, "unit": "ms"}
    assert json.loads(figure.line()) == expected


def test_the_ratio_is_the_median_of_the_rounds_own():
    # One round of ten times the disk's pace on both sides must not move the ratio.
    assert beside("a", [10, 100, 12], [20, 200, 24], "").quotient == 0.5


def test_no_values_no_figures():
    assert spread("a", [], "ms") == []


@pytest.fixture
def server():
    """Answers each connection's requests with the next of ``answers``, in pieces."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def serve(answer):
        def one(connection):
            # A load that gives up leaves its other connections in the middle of an answer.
            with connection, suppress(ConnectionResetError, BrokenPipeError):
                while data := connection.recv(65536):
                    seen.append(data)
                    for piece in answer:
                        connection.sendall(piece)

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1], seen

    yield serve
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _load(port, **changes):
    usual = {"expected": 201, "shots": ((b"<", b">"),), "first": 7, "connections": 2}
    return Load(host="127.0.0.1", port=port, **{**usual, "seconds": 0.1, **changes})


def test_every_request_has_a_number_of_its_own_and_is_waited_for(server):
    port, seen = server([b"HTTP/1.1 201 Created\r\nContent-", b"Length: 2\r\n\r\no", b"k"])
    tally = drive(_load(port))
    assert tally.answers == len(tally.latencies) == len(seen) > 2
    assert sorted(seen) == [b"<%08d>" % number for number in range(7, 7 + len(seen))]


def test_the_same_in_a_process_of_its_own(server):
    port, seen = server([b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"])
    tally = fire(_load(port, expected=200, shots=((b"<>",),)))
    assert tally.answers == len(seen) > 2
    assert set(seen) == {b"<>"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 422 Unprocessable\r\nContent-Length: 2\r\n\r\nno", "HTTP 422 where 201"),
        (b"HTTP/1.1 201 Created\r\n\r\n", "without Content-Length"),
    ],
)
def test_an_unexpected_answer_ends_the_load(server, answer, words):
    port, _ = server([answer])
    with pytest.raises(LoadFailed, match=words):
        fire(_load(port))


def test_bare_commits_are_rows(tmp_path):
    path = tmp_path / "bare.db"
    counts = [bare.commit(path, b"x" * 100, writers, 0.1).commits for writers in (1, 2)]
    connection = pysqlite3.connect(str(path))
    assert connection.execute("SELECT count(*), sum(length(body)) FROM task").fetchone() == (
        sum(counts),
        100 * sum(counts),
    )
    connection.close()


def test_rows_that_are_not_there_are_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(bare, "_rows", lambda _: 0)
    with pytest.raises(bare.Miscounted, match="0 rows are there"):
        bare.commit(tmp_path / "bare.db", b"x", 1, 0.05)


def test_the_cost_of_this_process():
    mine = tree(os.getpid())[0]
    assert mine.pid == os.getpid()
    assert mine.cpu_seconds > 0
    assert mine.rss_mb > 5


def test_references_are_settled_at_any_depth():
    given = {
        "focus": {"reference": "urn:uuid:1"},
        "input": [{"v": {"reference": "Patient/p"}}],
        "n": "urn:uuid:1",
    }
    assert settled(given, {"urn:uuid:1": "Task/t"}) == {
        "focus": {"reference": "Task/t"},
        "input": [{"v": {"reference": "Patient/p"}}],
        "n": "urn:uuid:1",
    }


@pytest.mark.parametrize(
    ("state", "is_compared", "is_settled"),
    [
        ("received", False, False),
        ("ready", False, False),
        ("compared", True, False),
        ("resolved", True, False),
        ("written-up", True, True),
        ("closed", True, True),
        ("held", True, True),
    ],
)
def test_what_a_state_tells(state, is_compared, is_settled):
    told = {"state": state, "aiRead": "awaited"}
    assert (compared(told), carried(told), opinion_sealed(told)) == (is_compared, is_settled, False)
    assert opinion_sealed({**told, "aiRead": "sealed"})


def test_spans_are_between_events_that_are_shown():
    history = [
        {"event": "opened", "at": "2026-01-05T09:00:00.000Z"},
        {"event": "agreed", "at": "2026-01-05T09:00:01.250Z"},
    ]
    assert span({"history": history}, "opened", "agreed") == 1.25
    assert span({"history": history}, "opened", "compared") is None

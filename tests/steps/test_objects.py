"""What archives are written of an opinion on images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_own_objects import CARD, FILM, PACS, RULES, Looks, by_web, closed
from tests.world import POLICY, World, make_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """With two archives, of which each is written a picture."""
    archives = (PACS, replace(PACS, name="vendor-neutral"))
    policy, reader = replace(POLICY, images=RULES), Looks()
    for made in make_world(tmp_path, card=CARD, policy=policy, archives=archives):
        made.cases = replace(made.cases, tools=replace(made.cases.tools, reader=lambda _: reader))
        yield made


def test_the_film_is_read_once_for_all_that_is_written_of_it(world: World, tmp_path: Path) -> None:
    read: Counter[str] = Counter()

    def content(digest: str) -> bytes:
        read[digest] += 1
        return world.house.vault.get(digest)

    world.cases = replace(world.cases, tools=replace(world.cases.tools, content=content))
    with by_web(world, tmp_path) as sends:
        sent = closed(world, sends)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    pictures = world.house.deliveries.documents(case, "capture")
    assert [each.destination for each in pictures] == ["pacs", "vendor-neutral"]
    assert len({each.content for each in pictures}) == 1
    study = world.house.images.study("1.2.3")
    assert study is not None
    [film] = study.objects
    assert film.sop_instance == FILM.SOPInstanceUID
    assert read == {film.file: 1}

"""DICOM objects: kept once, nothing lost, doubts told of, and whoever waits for a study is woken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from server.images import ImageObject, Named, by_accession, by_study
from server.objects import Held
from server.ports import Intake
from server.store.database import Database
from server.store.images import (
    OTHER_BYTES,
    OTHER_ORDER,
    OTHER_PATIENT,
    ImageStore,
    wait_for,
)
from server.store.intake import IntakeDesk
from server.store.ledger import Ledger
from server.store.vault import Vault
from tests.store.nouns import AT, LEASE, arrival, later, opening, write

NAMED = Named("1.2.3", "PID-1", "HOSP", "ACC-1", "RIS")


def film(sop: str = "1.2.3.1.1", digest: str = "a" * 64, **more: object) -> ImageObject:
    made = ImageObject(
        sop_instance=sop,
        sop_class="1.2.840.10008.5.1.4.1.1.1",
        series="1.2.3.1",
        transfer_syntax="1.2.840.10008.1.2.1",
        named=NAMED,
        digest=digest,
        file="f" * 64,
        size=1000,
        received_at=AT,
        source="dimse:MODALITY>READER",
        header={"Modality": "CR", "PatientAge": "003Y"},
    )
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
def images(database: Database) -> ImageStore:
    return ImageStore(database)


@pytest.fixture
def ledger(database: Database, tmp_path) -> Ledger:
    """With the case ``c1``, asleep, which waits for the study."""
    made = Ledger(database, LEASE)
    IntakeDesk(database, Vault(tmp_path)).take(
        Intake(arrival(), (write(), write(type="Task", id_="task-c1")), openings=(opening(),))
    )
    claim = made.claim(AT)
    assert claim is not None
    database.write(lambda c: wait_for(c, "c1", (by_study("1.2.3"), by_accession("ACC-1"))))
    made.release(claim, later(hours=1), AT)
    return made


def test_what_is_held_comes_back_as_it_was(images: ImageStore) -> None:
    assert images.hold(film()) is Held.STORED
    assert images.hold(film("1.2.3.1.2", "b" * 64, received_at=later(seconds=5))) is Held.STORED
    found = images.study("1.2.3")
    assert found is not None
    assert found.named == NAMED
    assert (found.first_at, found.changed_at) == (AT, later(seconds=5))
    assert found.objects == (film(), film("1.2.3.1.2", "b" * 64, received_at=later(seconds=5)))
    assert found.contradictions == ()
    assert images.study("1.2.4") is None


def test_a_repeat_changes_nothing_and_wakes_nobody(images: ImageStore, ledger: Ledger) -> None:
    images.hold(film())
    assert ledger.claim(AT) is not None
    before = ledger.find("c1")
    again = film(received_at=later(minutes=5), source="import")
    assert images.hold(again) is Held.ALREADY
    found = images.study("1.2.3")
    assert found is not None
    assert (found.objects, found.changed_at) == ((film(),), AT)
    assert ledger.find("c1") == before


def test_d119_a_clock_that_goes_back_changes_no_order(images: ImageStore) -> None:
    images.hold(film("1.2.3.1.2", "b" * 64, received_at=later(hours=1)))
    images.hold(film())
    found = images.study("1.2.3")
    assert found is not None
    assert [each.sop_instance for each in found.objects] == ["1.2.3.1.2", "1.2.3.1.1"], "as they came"


def test_the_same_uid_with_other_bytes_is_kept_beside_and_told(images: ImageStore) -> None:
    images.hold(film())
    assert images.hold(film(digest="b" * 64)) is Held.BESIDE
    found = images.study("1.2.3")
    assert found is not None
    assert [each.digest for each in found.objects] == ["a" * 64, "b" * 64]
    assert found.contradictions == (OTHER_BYTES,)


def test_the_same_uid_in_another_study_casts_doubt_on_both(images: ImageStore, ledger: Ledger) -> None:
    images.hold(film())
    claim = ledger.claim(AT)
    assert claim is not None
    ledger.release(claim, later(hours=1), AT)
    elsewhere = replace(NAMED, study="9.9", accession="ACC-9")
    assert images.hold(film(digest="b" * 64, named=elsewhere, received_at=later(minutes=1))) is Held.BESIDE
    told = [images.study(uid) for uid in ("1.2.3", "9.9")]
    assert [each.contradictions for each in told if each] == [(OTHER_BYTES,), (OTHER_BYTES,)]
    assert ledger.claim(later(minutes=1)) is not None, "the case of the first study looks again"


@pytest.mark.parametrize(
    ("named", "why"),
    [
        (replace(NAMED, patient_id="PID-2"), (OTHER_PATIENT,)),
        (replace(NAMED, issuer="ELSEWHERE"), (OTHER_PATIENT,)),
        (replace(NAMED, accession="ACC-2"), (OTHER_ORDER,)),
        (replace(NAMED, accession_issuer="OTHER RIS"), (OTHER_ORDER,)),
    ],
)
def test_objects_of_one_study_that_name_others_are_told(
    images: ImageStore, named: Named, why: tuple[str, ...]
) -> None:
    images.hold(film())
    assert images.hold(film("1.2.3.1.2", "b" * 64, named=named)) is Held.STORED
    found = images.study("1.2.3")
    assert found is not None
    assert found.named == NAMED, "the first one counts"
    assert found.objects[1].named == named, "and the other is as it came"
    assert found.contradictions == why


def test_studies_are_found_by_their_accession_number(images: ImageStore) -> None:
    images.hold(film())
    images.hold(film("4.1", "b" * 64, named=replace(NAMED, study="4"), received_at=later(seconds=1)))
    images.hold(film("5.1", "c" * 64, named=replace(NAMED, study="5", accession="ACC-5")))
    assert images.studies_of("ACC-1") == ("1.2.3", "4")
    assert images.studies_of("ACC-0") == ()


@pytest.mark.parametrize(
    ("named", "woken"),
    [
        (NAMED, True),
        (replace(NAMED, accession=""), True),
        (replace(NAMED, study="7"), True),
        (replace(NAMED, study="7", accession="ACC-7"), False),
    ],
)
def test_who_waits_for_a_study_or_its_number_is_woken(
    images: ImageStore, ledger: Ledger, named: Named, woken: bool
) -> None:
    assert ledger.claim(later(minutes=1)) is None
    images.hold(film(named=named, received_at=later(minutes=1)))
    assert (ledger.claim(later(minutes=1)) is not None) is woken


def test_what_comes_while_a_step_runs_is_not_slept_over(images: ImageStore, ledger: Ledger) -> None:
    claim = ledger.claim(later(hours=1))
    assert claim is not None
    images.hold(film(received_at=later(hours=1)))
    ledger.release(claim, None, later(hours=1))
    assert ledger.claim(later(hours=1)) is not None


def test_many_senders_of_one_object_and_of_one_study(images: ImageStore) -> None:
    came = [
        film(f"1.2.3.1.{n % 5}", f"{n % 5}" * 64, received_at=AT + timedelta(seconds=n)) for n in range(40)
    ]
    with ThreadPoolExecutor(8) as pool:
        became = list(pool.map(images.hold, came))
    assert sorted(became) == [Held.ALREADY] * 35 + [Held.STORED] * 5
    found = images.study("1.2.3")
    assert found is not None
    assert len(found.objects) == 5
    assert found.contradictions == ()

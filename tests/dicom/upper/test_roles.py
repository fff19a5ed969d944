"""Roles: who reports on a commitment, or has objects sent, is a provider, though it calls; nobody else is."""

from __future__ import annotations

import pytest

from server.dicom.upper.negotiation import ACCEPTED, COMMITMENT, IMPLICIT_LITTLE, choose, granted
from server.dicom.upper.request import Proposed, Role

CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((Role(COMMITMENT, scu=False, scp=True),), (Role(COMMITMENT, scu=False, scp=True),)),
        ((Role(COMMITMENT, scu=True, scp=True),), (Role(COMMITMENT, scu=False, scp=True),)),
        ((Role(COMMITMENT, scu=True, scp=False),), (Role(COMMITMENT, scu=False, scp=False),)),
        ((Role(CT, scu=True, scp=True),), (Role(CT, scu=True, scp=True),)),
        ((Role(CT, scu=False, scp=True),), (Role(CT, scu=False, scp=True),)),
        ((Role("1.2.3", scu=True, scp=True),), ()),
        ((), ()),
    ],
)
def test_what_is_granted(asked: tuple[Role, ...], said: tuple[Role, ...]) -> None:
    assert granted(asked) == said


@pytest.mark.parametrize("classes", [frozenset(), frozenset({CT})])
def test_commitment_is_taken_whatever_may_be_stored(classes: frozenset[str]) -> None:
    [context] = choose([Proposed(1, COMMITMENT, (IMPLICIT_LITTLE,))], classes)
    assert context.result == ACCEPTED


def test_commitment_comes_uncompressed() -> None:
    [context] = choose([Proposed(1, COMMITMENT, ("1.2.840.10008.1.2.5",))])
    assert context.result != ACCEPTED

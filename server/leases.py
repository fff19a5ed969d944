"""How long what is dialled may take, so that nobody else takes it over meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from server.fhir.line import PATIENCE
from server.fhir.smart.logins import LOGIN_PATIENCE
from server.model import Destination, Hl7Destination, PacsDestination, Policy, Trust


def delivery_lease(
    destinations: Sequence[Destination],
    lease: timedelta,
    archives: Sequence[PacsDestination] = (),
    receivers: Sequence[Hl7Destination] = (),
) -> timedelta:
    """As long as the slowest line may take, and a case's lease on top.

    Not a fixed long time: what a dead worker had in hand waits for the end of its lease.
    """
    dialled = (*destinations, *map(reached, archives), *map(heard, receivers))
    slowest = max((_longest(each) for each in dialled), default=timedelta(0))
    return lease + slowest


def inquiry_lease(
    archives: Sequence[PacsDestination], policies: Iterable[Policy], lease: timedelta
) -> timedelta:
    """One question more than the time in which earlier studies are fetched, whatever their number."""
    waits = (each.images.priors.wait for each in policies if each.images and each.images.priors)
    return delivery_lease((), lease, archives) * 2 + max(waits, default=timedelta(0))


def _longest(destination: Destination) -> timedelta:
    return destination.timeout * (PATIENCE + (LOGIN_PATIENCE if destination.login else 0))


def reached(archive: PacsDestination) -> Destination:
    """By the web, or with the same certificates as if it were."""
    if isinstance(archive.at, Destination):
        return archive.at
    return Destination(archive.name, "", (), archive.timeout, trust=archive.at.trust or Trust())


def heard(receiver: Hl7Destination) -> Destination:
    """With the same patience and certificates as if it were a FHIR server."""
    return Destination(receiver.name, "", (), receiver.timeout, trust=receiver.trust or Trust())

"""The DICOM door put together, for the process that listens (``server/listening.py``)."""

from __future__ import annotations

from functools import partial

from server.auditing import AuditClerk
from server.clock import now
from server.dicom.query.desk import Desk
from server.dicom.query.operations import Answering
from server.dicom.receive.operation import Operations
from server.dicom.receive.staging import Staging
from server.holding import ObjectHolding
from server.image_desk import pictured
from server.objects import Holding
from server.ordering import OpenOrders
from server.settings import Settings
from server.store.accesses import Accesses
from server.store.commitments import CommitmentStore
from server.store.database import Database, prepare_folder
from server.store.image_search import ImageFinder
from server.store.images import ImageStore
from server.store.migrate import demand_current
from server.store.performed import PerformedSteps
from server.store.resources import Resources
from server.store.vault import Vault
from server.wiring import accesses


def listener(settings: Settings) -> tuple[Holding, Operations]:
    """Where the DICOM door puts what it takes, and from where it answers; opened in the process that does.

    Raises:
        Fault: the database is not there, or not at the schema of this version.
    """
    prepare_folder(settings.data)
    database = Database(settings.database)
    demand_current(database)
    return put_together(settings, database, accesses(settings, database))


def put_together(settings: Settings, database: Database, laid_down: Accesses) -> tuple[Holding, Operations]:
    """Over what is open."""
    vault, shelf = Vault(settings.data), Resources(database)
    promises, steps = CommitmentStore(database), PerformedSteps(database)
    holding = ObjectHolding(Staging(vault), ImageStore(database), promises, steps)
    clerk = AuditClerk(laid_down, shelf, settings.fhir_base, now)
    search = ImageFinder(database)
    desk = Desk(
        search=search,
        trail=clerk,
        worklist=OpenOrders(shelf, search),
        open=vault.open,
        pictured=partial(pictured, shelf),
    )
    return holding, Answering(desk)

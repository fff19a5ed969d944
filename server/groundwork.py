"""What has to be as it must before a process may start, looked at without loading what then runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from server.access.clients import load_clients
from server.configuration import load_configuration
from server.destinations import load_destinations
from server.settings import Settings
from server.store.database import Database, prepare_folder
from server.store.migrate import demand_current, migrate


def demand_sound(settings: Settings) -> None:
    """All that would keep ``web`` or ``work`` from starting.

    Raises:
        Fault: as ``wiring.build``.
    """
    load_clients(settings.clients)
    load_destinations(settings.destinations)
    load_configuration(settings)
    with _opened(settings) as database:
        demand_current(database)


def bring_up_to_date(settings: Settings) -> tuple[str | None, str]:
    """Make the schema the one that this version needs; returns (before, after)."""
    with _opened(settings) as database:
        return migrate(database)


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    prepare_folder(settings.data)
    database = Database(settings.database)
    try:
        yield database
    finally:
        database.close()

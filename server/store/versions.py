"""A version of a resource as it is selected and as it is served."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select

from server.ports import Method, Stored
from server.store.columns import moment
from server.store.tables import resource, resource_version

VERSION = select(
    resource.c.type,
    resource.c.id,
    resource_version.c.version,
    resource_version.c.updated_at,
    resource_version.c.body,
    resource_version.c.method,
).join(resource_version, resource_version.c.resource_key == resource.c.key)
"""Every version of every resource."""

CURRENT = select(*VERSION.selected_columns).join(
    resource_version,
    and_(resource_version.c.resource_key == resource.c.key, resource_version.c.version == resource.c.version),
)
"""The newest version of every resource, tombstones among them."""


def stored(row: Any) -> Stored:
    """A row of either, as the driver gives it (``Prepared``)."""
    return Stored(row[0], row[1], row[2], moment(row[3]), bytes(row[4]), Method(row[5]))


def selected(row: Any) -> Stored:
    """A row of either, as SQLAlchemy gives it."""
    return Stored(row[0], row[1], row[2], row[3], bytes(row[4]), Method(row[5]))

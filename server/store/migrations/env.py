"""Alembic's entry: it runs on the connection that ``server.store.migrate`` hands over."""

from __future__ import annotations

from alembic import context

from server.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()

"""The store room: tables, ledger, resources, vault. It alone speaks to the database."""

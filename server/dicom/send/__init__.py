"""Takes the objects that we write to archives, until these say that they keep them (PS3.4)."""

PATIENCE = 4
"""A delivery, with its look and its questions, may take this many times ``PacsDestination.timeout``."""

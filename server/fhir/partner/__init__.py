"""Tasks that a partner keeps for us: found, claimed and fetched from there, taken in as through the door.

A door like the others, only that we knock (SDOHCC, COW: the Task stays on the placer). Everything that
comes is dialled from below the partner's configured base, and goes through the door's own transaction.
"""

"""The operations of R4 that are offered here, one module each (R4 operations.html)."""

"""Schema history. One file per change, applied by ``python -m server migrate``."""

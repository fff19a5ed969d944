"""The messages of PS3.7 as values: command sets, and which status answers what."""

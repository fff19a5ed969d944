"""Takes our messages to systems that speak HL7 v2 until these acknowledge them (section 2.9)."""

PATIENCE = 4
"""A delivery may take this many times ``Hl7Destination.timeout``: to connect, send, be answered twice."""

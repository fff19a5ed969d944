"""What the DICOM door accepts: sizes in bytes, times in seconds; the defaults suit one machine."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound of the door, per process where nothing else is said."""

    request_bytes: int = 64 * KIB
    """An A-ASSOCIATE-RQ."""
    pdu_bytes: int = 256 * KIB
    """The longest P-DATA-TF, which we announce: Maximum Length Received (PS3.8 D.1)."""
    command_bytes: int = 64 * KIB
    """A command set, over all its fragments."""
    object_bytes: int = 4 * GIB
    """The encoded data set of one object."""
    identifier_bytes: int = 64 * KIB
    """The identifier of a query."""
    chunk_bytes: int = 1 * MIB
    """What of an object is held in memory before it goes to disk."""
    request_seconds: float = 5.0
    """From acceptance, or the handshake, to the end of the A-ASSOCIATE-RQ (ARTIM, PS3.8 9.1.5)."""
    handshake_seconds: float = 5.0
    """From the acceptance of a connection to the end of its TLS handshake; the request comes after it."""
    idle_seconds: float = 60.0
    """How long an association may be silent between two messages, or in the middle of one."""
    grace_seconds: float = 5.0
    """How long a PDU may take before its pace is looked at."""
    message_grace_seconds: float = 60.0
    """How long a message may take before its pace is looked at."""
    pace_bytes: int = 1 * KIB
    """Bytes per second, on average after the grace, below which a peer is too slow."""
    answer_seconds: float = 30.0
    """How long a peer may take to read an answer."""
    response_seconds: float = 60.0
    """How long a peer may take to answer what we ask it in the course of its own request."""
    linger_seconds: float = 1.0
    """How long bytes still on their way are thrown away after the last PDU of ours."""
    connections: int = 1000
    """Open connections; the next one puts out the oldest that has not associated."""
    associations: int = 64
    """Of all processes together."""
    associations_per_peer: int = 16
    """Of all processes together, from one address."""
    requests_per_second: float = 50.0
    """A-ASSOCIATE-RQs from one address, on average."""
    requests_at_once: float = 100.0
    threads: int = 8
    """That write, flush and commit objects."""
    answering_threads: int = 4
    """That look up and read what is asked for: however long that takes, objects are written meanwhile."""

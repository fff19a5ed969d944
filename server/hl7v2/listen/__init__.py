"""The receiving half of the HL7 v2 door: sockets and threads around the framing."""

"""The upper layer (PS3.8 section 9) as values: bytes in, events and bytes out. No socket, no clock."""

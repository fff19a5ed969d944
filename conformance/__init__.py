"""Black box: programs that speak to Second Reader over the wire and import nothing of it."""

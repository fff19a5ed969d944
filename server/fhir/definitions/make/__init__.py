"""Makes the definition files from the official package; nothing of this runs in the server."""

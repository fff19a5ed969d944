"""The porch: where HTTP requests are received, whole or not at all, before Flask sees them.

Pure: ``limits``, ``reasons``, ``head``, ``chunks``, ``pace``. With a file or a socket: ``spool``, ``intake``,
``outbox``, ``connection``. ``worker`` is the gunicorn worker class that joins them.
"""

"""The WSGI entry: ``gunicorn wsgi:app``."""

from server import settings
from server.app import create_app
from server.log import configure
from server.wiring import build

_settings = settings.load()
configure(_settings.log_level, "web")
app = create_app(build(_settings))

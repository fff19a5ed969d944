"""The WSGI entry: ``gunicorn wsgi:app``."""

from server import settings
from server.app import create_app
from server.ending import one_sentence
from server.log import configure
from server.web import demand_certificate
from server.wiring import build

_DO_NOT_START_AGAIN = 3
"""gunicorn's WORKER_BOOT_ERROR: its master ends too, instead of forking the same failure for ever."""

with one_sentence(_DO_NOT_START_AGAIN):
    _settings = settings.load()
    configure(_settings.log_level, "web")
    demand_certificate(_settings)
    app = create_app(build(_settings))

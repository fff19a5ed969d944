"""How ``gunicorn wsgi:app`` serves: whole requests only, as the settings say, without an access log."""

from typing import Any

from server import settings
from server.ending import one_sentence
from server.log import GunicornLog
from server.porch.limits import PorchLimits
from server.porch.worker import Worker
from server.web import look, tls_files

with one_sentence():
    _settings = settings.load()


class Porch(Worker):
    """The porch with this server's limits and TLS; large bodies are spooled where the data is, unlinked."""

    limits = PorchLimits(
        body_bytes=_settings.max_body,
        roomy_path=b"/dicom-web/studies",
        roomy_bytes=_settings.max_stow,
        spool_folder=str(_settings.data),
    )
    tls = tls_files(_settings)


_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
workers = _settings.web_workers
threads = _settings.web_threads
worker_class = Porch
logger_class = GunicornLog
preload_app = False  # Models and database connections do not survive a fork.
accesslog = None  # URLs may name patients; the application logs routes instead.
graceful_timeout = 30
control_socket_disable = True  # Nothing of ours uses it, and it would lie in the home folder.


def on_starting(arbiter: Any) -> None:
    """Called by gunicorn before it listens and before it forks."""
    del arbiter
    with one_sentence():
        look(_settings)

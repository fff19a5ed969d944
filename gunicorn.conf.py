"""How ``gunicorn wsgi:app`` serves: whole requests only, as the settings say, without an access log."""

from server import settings

_settings = settings.load()

bind = (
    f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
)
workers = _settings.web_workers
threads = _settings.web_threads
worker_class = "server.porch.worker.Worker"
preload_app = False  # Models and database connections do not survive a fork.
accesslog = None  # URLs may name patients; the application logs routes instead.
loglevel = "warning"
graceful_timeout = 30
control_socket_disable = True  # Nothing of ours uses it, and it would lie in the home folder.

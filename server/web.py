"""The process ``web``: gunicorn, whose settings are in gunicorn.conf.py."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

from server.certificates import TlsFiles, context_of
from server.errors import Category, fault
from server.loading import loading
from server.settings import Settings

_PATIENCE = 3.0
"""Seconds. Who was killed may have left followers that have to notice before they let the port go."""
_PAUSE = 0.05


def serve(settings: Settings) -> None:
    """Be gunicorn's master until told to stop. What else could be in the way, it says itself (``look``)."""
    demand_free_port(settings)
    from gunicorn.app.wsgiapp import run  # noqa: PLC0415 - a refusal needs none of it

    sys.argv = [str(Path(sys.executable).with_name("gunicorn")), "wsgi:app"]
    run(prog="gunicorn")


def demand_free_port(settings: Settings) -> None:
    """Raises Fault(UNAVAILABLE) when somebody else listens on our port, and goes on to do so."""
    until = time.monotonic() + _PATIENCE
    while (refusal := _refusal(settings)) is not None:
        if time.monotonic() > until:
            raise fault(
                Category.UNAVAILABLE,
                "no-store",
                f"{settings.host}:{settings.port} cannot be listened on ({refusal.strerror}); "
                "choose another with SECOND_READER_PORT",
            ) from refusal
        time.sleep(_PAUSE)


def _refusal(settings: Settings) -> OSError | None:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return error
    return None


def tls_files(settings: Settings) -> TlsFiles | None:
    """None where the door speaks plain HTTP."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return TlsFiles(settings.tls_certificate, settings.tls_key, settings.tls_client_ca)


def demand_certificate(settings: Settings) -> None:
    """Raises Fault(INCORRECT) when a file that the door needs for TLS cannot be used."""
    files = tls_files(settings)
    if files is not None:
        context_of(files)


def look(settings: Settings) -> None:
    """Called in gunicorn's master before it forks: open the house, and close it again.

    What would stop the workers is said once, here. And they start sooner, the first time and after
    each death, because the code is already imported: code may cross a fork. Connections and models
    may not, so none is left open.

    Raises:
        Fault: as ``demand_certificate``, ``wiring.build`` and ``configuration.demand_models``.
    """
    demand_certificate(settings)
    with loading():
        from server import app, configuration, wiring  # noqa: F401, PLC0415 - the workers need both

    house = wiring.build(settings)
    house.close()
    configuration.demand_models(settings, house.cards, house.others)

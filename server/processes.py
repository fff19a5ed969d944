"""The commands that stay: ``up``, ``web``, ``work``, ``dicom`` and ``mllp``.

They are started anew whenever one of them dies, on a machine that is busy just then. So they are
kept apart from the other commands, and each imports for itself what it needs and no more.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import click

from server import settings
from server.loading import loading


@click.command()
def up() -> None:
    """Run everything on this machine: the schema is brought up to date, then its processes start.

    They are web, work and, unless their ports are 0, dicom and mllp.

    Ends on Ctrl-C; a process that dies is started again.
    """
    chosen = settings.load()
    with loading():
        from server import supervisor, wiring

    wiring.bring_up_to_date(chosen)
    doors = {"dicom": chosen.dicom_door, "mllp": chosen.mllp_door}
    supervisor.run(("web", "work", *(name for name, there in doors.items() if there)), chosen)


@click.command()
def web() -> None:
    """Run the HTTP processes alone (gunicorn with wsgi:app)."""
    from server.web import serve

    serve(settings.load())


@click.command()
def work() -> None:
    """Run one worker: it carries cases on and delivers what is written up."""
    from server.work import work

    work(settings.load())


@click.command()
def dicom() -> None:
    """Run the DICOM door alone: it takes what modalities and archives send."""
    with loading():
        from server.doors import listener
        from server.listening import serve

    serve(settings.load(), listener)


@click.command()
def mllp() -> None:
    """Run the HL7 v2 door alone: it takes what interface engines send."""
    with loading():
        from server.hearing import opened
        from server.mllp import serve

    serve(settings.load(), opened)


PROCESSES = {each.name: each for each in (up, web, work, dicom, mllp)}

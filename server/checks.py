"""``python -m server check``: can this installation run, and if not, what is in the way?"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from server import listening, mllp, settings
from server.access.register import checked
from server.certificates import TlsFiles
from server.clock import now
from server.configuration import demand_models, load_configuration, load_other_models
from server.dicom.peers import load_peers
from server.errors import Category, Fault, fault
from server.fhir.access import demand_holdable
from server.hearing import links_file
from server.model import Card, Destination
from server.policies import fitting
from server.settings import PREFIX, Settings
from server.standing_orders import told_in_force
from server.store.database import Database, prepare_folder
from server.store.migrate import current, needed
from server.store.policies import PolicyStore
from server.store.switches import SwitchStore
from server.web import demand_certificate, tls_files
from server.wiring import sound_destinations

_DEPENDENCIES = (
    "fhir.resources",
    "flask",
    "gunicorn",
    "hl7apy",
    "pydicom",
    "pynetdicom",
    "xgboost-cpu",
    "marshmallow",
    "psycopg",
    "sqlalchemy",
    "alembic",
    "pysqlite3",
    "httpx",
    "joserfc",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    good: bool
    what: str
    detail: str


def run() -> Iterator[Line]:
    """Everything that could stop the server, one line each."""
    yield Line(sys.version_info >= (3, 11), "python", sys.version.split()[0])
    for name in _DEPENDENCIES:
        yield _dependency(name)
    try:
        chosen = settings.load()
    except Fault as failure:
        yield Line(False, "settings", str(failure))
        return
    yield Line(True, "settings", f"listening on {chosen.host}:{chosen.port}, base {chosen.fhir_base}")
    yield _try("TLS", lambda: _tls(chosen))
    yield _try("clients", lambda: _clients(chosen))
    configured = _try("cards and policies", lambda: _configuration(chosen))
    yield configured
    yield _try("destinations", lambda: _destinations(chosen))
    yield _try("dicom", lambda: _dicom(chosen))
    yield _try("mllp", lambda: _mllp(chosen))
    folder = _try("data folder", lambda: _data(chosen))
    yield folder
    if folder.good or chosen.database_url:
        database = _try("database", lambda: _database(chosen))
        yield database
        if database.good and configured.good:
            yield _try("policies in force", lambda: _in_force(chosen))


def _tls(chosen: Settings) -> str:
    demand_certificate(chosen)
    files = tls_files(chosen)
    return "none: the door speaks plain HTTP" if files is None else _holds(files)


def _holds(files: TlsFiles) -> str:
    shown = x509.load_pem_x509_certificates(files.certificate.read_bytes())[0]
    until = f"{shown.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    if now() > shown.not_valid_after_utc:
        name = f"{PREFIX}{files.setting}_CERTIFICATE"
        text = f"{name} is out of date since {until}; put the renewed one in its place"
        raise fault(Category.INCORRECT, "expired", text)
    asked = ", client certificates are demanded" if files.client_ca else ""
    return f"the certificate holds until {until}{asked}"


def _clients(chosen: Settings) -> str:
    if chosen.clients is None:
        return "none: nobody is told apart, whoever reaches the address may read and write everything"
    found = checked(chosen.clients, lambda scope: demand_holdable(scope, chosen.fhir_base))
    return ", ".join(sorted(found))


def _destinations(chosen: Settings) -> str:
    found, archives, receivers = sound_destinations(chosen.destinations)
    told = [*map(_told, found), *(f"{each.name} (archive)" for each in archives)]
    told += [f"{each.name} (HL7 v2)" for each in receivers]
    return ", ".join(told) or "none"


def _dicom(chosen: Settings) -> str:
    if not chosen.dicom_door:
        return "no port: there is no DICOM door"
    peers = load_peers(chosen.dicom_peers)
    listening.demand_certificate(chosen)
    files = listening.tls_files(chosen)
    ports = [str(chosen.dicom_port)] if chosen.dicom_port else []
    ports += [f"{chosen.dicom_tls_port} by TLS ({_holds(files)})"] if files else []
    told = f"listening on {chosen.dicom_host}:{' and '.join(ports)}"
    if peers.called is None or peers.peers is None:
        return f"{told}, to this machine; nobody is told apart"
    return f"{told} as {', '.join(sorted(peers.called))}, to {', '.join(sorted(peers.peers))}"


def _mllp(chosen: Settings) -> str:
    if not chosen.mllp_door:
        return "no port: there is no HL7 v2 door"
    links = links_file(chosen).current()
    mllp.demand_certificate(chosen)
    mllp.demand_shown(chosen)
    files = mllp.tls_files(chosen)
    ports = [str(chosen.mllp_port)] if chosen.mllp_port else []
    ports += [f"{chosen.mllp_tls_port} by TLS ({_holds(files)})"] if files else []
    told = f"listening on {chosen.mllp_host}:{' and '.join(ports)}"
    if chosen.mllp_links is None:
        return f"{told}, to this machine; nobody is told apart"
    return f"{told}, to {', '.join(sorted(links))}"


def _told(destination: Destination) -> str:
    login = destination.login
    polled = ", polled" if destination.polling else ""
    return f"{destination.name} as {login.client_id}{polled}" if login else destination.name + polled


def _dependency(name: str) -> Line:
    try:
        return Line(True, name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Line(False, name, "not installed; pip install -r requirements.txt")


def _try(what: str, look: Callable[[], str]) -> Line:
    try:
        return Line(True, what, look())
    except Fault as failure:
        return Line(False, what, str(failure))


def _configuration(chosen: Settings) -> str:
    cards, policies = load_configuration(chosen)
    others = load_other_models(chosen, cards)
    demand_models(chosen, cards, others)
    first = (
        f"{card.identity} under {policies[question].identity}{_devices(card)}"
        for question, card in cards.items()
    )
    return ", ".join((*first, *(f"{card.identity} for assessments" for card in others.values())))


def _devices(card: Card) -> str:
    """A reader of images that names no device reads those of any, also of one that nobody has tried it on."""
    return " (of any device: its card names none)" if card.film and not card.film.devices else ""


def _data(chosen: Settings) -> str:
    prepare_folder(chosen.data)
    return str(chosen.data)


def _in_force(chosen: Settings) -> str:
    """What counts, whatever the files say."""
    place = chosen.database
    if isinstance(place, Path) and not place.exists():
        return "none yet; the files are, from the first start on"
    database = Database(place)
    try:
        if current(database) != needed():
            return "not looked at: the schema is another version's"
        store, at = PolicyStore(database), now()
        fitting(store.in_force(at), load_configuration(chosen)[0])
        return told_in_force(chosen.policies, store, SwitchStore(database), at)
    finally:
        database.close()


def _database(chosen: Settings) -> str:
    """Product, version, how it keeps what it has acknowledged, and its schema."""
    place = chosen.database
    new = isinstance(place, Path) and not place.exists()
    database = Database(place)
    try:
        about = database.about()
        if new:
            return f"{about}; {place} is not there yet, 'migrate' or 'up' makes it"
        return f"{about}; schema {current(database) or 'none'} (this version needs {needed()})"
    finally:
        database.close()

"""Settings: read once, refused by name, documented."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from server import settings
from server.errors import Category, Fault
from server.settings import PREFIX, Settings, load

OPERATING = Path(__file__).parents[1] / "docs" / "operating.md"
NUMBERS = ("0", "-1", "1.5", "many", "1e3")
SPANS = ("0", "-1", "nan", "inf", "-inf", "1e300", "soon", "1:30")
BAD: dict[str, tuple[str, ...]] = {
    "open_network": ("maybe", "2", "on"),
    "port": ("0", "65536", "-1", "http", "80.0"),
    **dict.fromkeys(("dicom_port", "dicom_tls_port", "mllp_port", "mllp_tls_port"), ("65536", "-1", "dicom")),
    **dict.fromkeys(("dicom_processes", "dicom_max_associations", "dicom_max_object"), NUMBERS),
    **dict.fromkeys(("mllp_processes", "mllp_max_connections", "mllp_max_message"), NUMBERS),
    "base_url": ("ehr.example", "ftp://ehr.example", "//ehr.example", "HTTP", "https://é.example"),
    "database_url": (
        "sqlite:///x.db", "postgresql:", "postgresql://host", "postgresql://host/", "mysql://h/x", "host/x",
        "postgresql://host:port/x", "postgresql://host:99999/x", "/var/lib/x",
    ),
    **dict.fromkeys(("web_workers", "web_threads", "max_body", "max_resource", "max_entries"), NUMBERS),
    **dict.fromkeys(("max_page", "max_included", "max_stow"), NUMBERS),
    "step_attempts": NUMBERS,
    **dict.fromkeys(("lease", "idle", "notify_for"), SPANS),
    "subscribers": ("ehr.example", "https://ehr.example,ftp://ehr.example"),
    "log_level": ("loud", "trace", "10"),
}  # fmt: skip
ANYTHING_GOES = {
    "clients", "data", "destinations", "cards", "policies", "operator", "host", "dicom_host", "dicom_peers",
    "tls_certificate", "tls_key", "tls_client_ca",
    "dicom_tls_certificate", "dicom_tls_key", "dicom_tls_client_ca",
    "mllp_host", "mllp_links", "mllp_tls_certificate", "mllp_tls_key", "mllp_tls_client_ca",
}  # fmt: skip
"""Paths are looked at when they are opened; the host has its own rule below."""
TLS = {"tls_certificate": "door.pem", "tls_key": "door.key"}
GOOD = [
    ("data", "/srv/data", Path("/srv/data")),
    ("open_network", "Yes", True),
    ("open_network", "0", False),
    ("port", "65535", 65_535),
    ("dicom_port", "0", 0),
    ("dicom_peers", "p.toml", Path("p.toml")),
    ("mllp_links", "l.toml", Path("l.toml")),
    ("base_url", "https://reader.example/fhir/", "https://reader.example/fhir"),
    ("subscribers", "http://a.example/, https://b.example", ("http://a.example", "https://b.example")),
    ("clients", "c.toml", Path("c.toml")),
    ("destinations", "d.toml", Path("d.toml")),
    ("database_url", "postgresql://me@localhost/x", "postgresql://me@localhost/x"),
    ("database_url", "postgres://me:p%40@127.0.0.1:5433/x", "postgres://me:p%40@127.0.0.1:5433/x"),
    ("operator", "Demo Trust", "Demo Trust"),
    ("max_body", "1", 1),
    ("lease", "0.5", timedelta(milliseconds=500)),
    ("log_level", " Warning ", "warning"),
]


def given(**values: str) -> dict[str, str]:
    return {PREFIX + name.upper(): value for name, value in values.items()}


def test_nothing_needs_to_be_set() -> None:
    assert load({}) == Settings()
    assert load({"PATH": "/bin", "SECOND": "1"}) == Settings()


def test_every_setting_is_in_one_of_the_tables() -> None:
    assert {each.name for each in fields(Settings)} == BAD.keys() | ANYTHING_GOES


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_a_value_is_read(name: str, text: str, value: object) -> None:
    assert getattr(load(given(**{name: text})), name) == value


@pytest.mark.parametrize("name", sorted(BAD.keys() | ANYTHING_GOES))
def test_an_empty_variable_means_the_default(name: str) -> None:
    assert load(given(**{name: ""})) == Settings()


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, bad in BAD.items() for text in bad])
def test_a_bad_value_is_refused_by_name_with_what_is_allowed(name: str, text: str) -> None:
    with pytest.raises(Fault) as refused:
        load(given(**{name: text}))
    allowed = next(each.metadata["allowed"] for each in fields(Settings) if each.name == name)
    assert refused.value.category is Category.INCORRECT
    assert str(refused.value) == f"{PREFIX}{name.upper()} is not usable; allowed: {allowed}"


def test_unknown_variables_are_refused_all_at_once() -> None:
    with pytest.raises(Fault) as refused:
        load(given(prot="8080", a="") | {"OTHER": "x"})
    assert str(refused.value) == "no such setting: SECOND_READER_A, SECOND_READER_PROT"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("10.0.0.7", False),
        ("reader.example", False),
        ("localhost.example", False),
        ("300.1.1.1", False),
    ],
)
def test_listening_beyond_this_machine_must_be_said_twice(host: str, loopback: bool) -> None:
    if loopback:
        assert load(given(host=host)).host == host
    else:
        with pytest.raises(Fault, match="SECOND_READER_OPEN_NETWORK=yes") as refused:
            load(given(host=host))
        assert refused.value.category is Category.FORBIDDEN
    assert load(given(host=host, open_network="yes")).host == host


DOORS = [("dicom", "peers"), ("mllp", "links")]
"""Those that have a port with TLS beside one without, and how the file is called that names their peers."""


@pytest.mark.parametrize(("door", "file"), DOORS)
def test_a_door_listens_beyond_this_machine_only_for_named_peers(door: str, file: str) -> None:
    host, port = f"{door}_host", f"{door}_port"
    assert getattr(load(given(**{host: "::1", port: "7"})), host) == "::1"
    with pytest.raises(Fault, match=f"SECOND_READER_{door.upper()}_{file.upper()}") as refused:
        load(given(**{host: "10.0.0.7", port: "7"}))
    assert refused.value.category is Category.FORBIDDEN
    assert getattr(load(given(**{host: "10.0.0.7", port: "0"})), port) == 0
    assert getattr(load(given(**{host: "10.0.0.7", f"{door}_{file}": "p.toml"})), host) == "10.0.0.7"


@pytest.mark.parametrize(("door", "file"), DOORS)
def test_a_door_speaks_tls_with_a_port_a_certificate_and_its_key(door: str, file: str) -> None:
    named = {"tls_port": "2762", "tls_certificate": "d.pem", "tls_key": "d.key", "tls_client_ca": "ca.pem"}
    tls = {f"{door}_{name}": value for name, value in named.items()}
    assert getattr(load(given(**tls)), f"{door}_door")
    assert getattr(load(given(**tls, **{f"{door}_port": "0"})), f"{door}_door")
    assert not getattr(load(given(**{f"{door}_port": "0"})), f"{door}_door")
    for missing in ("tls_port", "tls_certificate", "tls_key"):
        with pytest.raises(Fault, match=f"{PREFIX}{door.upper()}_TLS_PORT"):
            load(given(**{name: each for name, each in tls.items() if name != f"{door}_{missing}"}))
    with pytest.raises(Fault, match="must differ"):
        load(given(**tls, **{f"{door}_port": "2762"}))
    with pytest.raises(Fault, match=f"SECOND_READER_{door.upper()}_{file.upper()}"):
        load(given(**tls, **{f"{door}_host": "10.0.0.7", f"{door}_port": "0"}))


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("postgresql://localhost/x", True),
        ("postgresql://[::1]:5432/x", True),
        ("postgresql:///x", True),
        ("postgresql://me@/x?host=/run/postgresql", True),
        ("postgresql://db.example/x", False),
        ("postgresql://10.0.0.1/x", False),
        ("postgresql:///x?host=db.example", False),
        ("postgresql://localhost/x?host=db.example", False),
        ("postgresql://127.0.0.1,db.example/x", False),
    ],
)
def test_a_line_beyond_this_machine_must_say_how_it_is_kept_private(url: str, private: bool) -> None:
    if private:
        assert load(given(database_url=url)).database == url
    else:
        with pytest.raises(Fault, match="sslmode=verify-full") as refused:
            load(given(database_url=url))
        assert refused.value.category is Category.FORBIDDEN
        assert "example" not in str(refused.value)
    for mode in ("verify-full", "disable"):
        chosen = f"{url}{'&' if '?' in url else '?'}sslmode={mode}"
        assert load(given(database_url=chosen)).database == chosen


def test_a_password_is_in_nothing_that_is_printed() -> None:
    chosen = load(given(database_url="postgresql://me:hidden@localhost/x"))
    assert "hidden" not in f"{chosen} {chosen!r} {settings.table()}"
    with pytest.raises(Fault) as refused:
        load(given(database_url="postgresql://me:hidden@localhost"))
    assert "hidden" not in str(refused.value)


def test_without_a_url_the_database_is_a_file_in_the_data_folder() -> None:
    assert load(given(data="/srv/x")).database == Path("/srv/x/second-reader.db")


@pytest.mark.parametrize(
    ("chosen", "base"),
    [
        ({}, "http://127.0.0.1:8080/fhir"),
        ({"host": "localhost", "port": "81"}, "http://localhost:81/fhir"),
        ({"host": "::1"}, "http://[::1]:8080/fhir"),
        ({"base_url": "https://reader.example/r4"}, "https://reader.example/r4"),
        (TLS, "https://127.0.0.1:8080/fhir"),
        (TLS | {"base_url": "https://reader.example/r4"}, "https://reader.example/r4"),
    ],
)
def test_the_base_that_is_printed(chosen: dict[str, str], base: str) -> None:
    assert load(given(**chosen)).fhir_base == base


def test_the_environment_is_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}PORT", "9999")
    assert load().port == 9999


def test_the_table_for_people_tells_each_setting_and_its_default() -> None:
    told = {
        variable: (default, allowed, sentence) for variable, default, allowed, sentence in settings.table()
    }
    assert told.keys() == {PREFIX + each.name.upper() for each in fields(Settings)}
    assert told[f"{PREFIX}PORT"][0] == "8080"
    assert all(sentence.endswith(".") and allowed for _, allowed, sentence in told.values())


@pytest.mark.parametrize("name", [each.name for each in fields(Settings)])
def test_the_operating_page_tells_every_setting(name: str) -> None:
    if not OPERATING.exists():
        pytest.skip("docs/operating.md is not in this copy")
    assert f"`{PREFIX}{name.upper()}`" in OPERATING.read_text()


def test_the_operating_page_tells_no_setting_that_is_not_there() -> None:
    if not OPERATING.exists():
        pytest.skip("docs/operating.md is not in this copy")
    told = set(re.findall(r"`(SECOND_READER_[A-Z_]+)[`=]", OPERATING.read_text()))
    assert told <= {PREFIX + each.name.upper() for each in fields(Settings)}


@pytest.mark.parametrize("base", ["", "http://reader.example/fhir"])
def test_tokens_do_not_go_unencrypted_beyond_this_machine(base: str) -> None:
    named = given(
        host="10.0.0.5", clients="c.toml", open_network="yes", **({"base_url": base} if base else {})
    )
    with pytest.raises(
        Fault, match="SECOND_READER_TLS_CERTIFICATE and SECOND_READER_TLS_KEY, or end TLS in a proxy"
    ) as refused:
        load(named)
    assert refused.value.category is Category.FORBIDDEN
    assert load(named | given(base_url="https://reader.example/fhir")).host == "10.0.0.5"
    assert load(named | given(host="127.0.0.1")).clients == Path("c.toml")
    assert load(named | given(base_url="", **TLS)).fhir_base == "https://10.0.0.5:8080/fhir"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"tls_key": "k"}, "SECOND_READER_TLS_KEY needs SECOND_READER_TLS_CERTIFICATE"),
        ({"tls_certificate": "c"}, "SECOND_READER_TLS_CERTIFICATE needs SECOND_READER_TLS_KEY"),
        ({"tls_client_ca": "c"}, "SECOND_READER_TLS_CLIENT_CA needs SECOND_READER_TLS_CERTIFICATE and"),
        (TLS | {"base_url": "http://reader.example/fhir"}, "SECOND_READER_BASE_URL must begin with https"),
    ],
)
def test_half_of_tls_is_refused(chosen: dict[str, str], said: str) -> None:
    with pytest.raises(Fault, match=said) as refused:
        load(given(**chosen))
    assert refused.value.category is Category.INCORRECT


def test_two_doors_have_two_ports() -> None:
    with pytest.raises(Fault, match="SECOND_READER_PORT and SECOND_READER_MLLP_PORT are one port"):
        load({"SECOND_READER_PORT": "2575", "SECOND_READER_MLLP_PORT": "2575"})
    load({"SECOND_READER_DICOM_PORT": "0", "SECOND_READER_MLLP_PORT": "0"})

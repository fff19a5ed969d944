"""How the values of settings are written. A ValueError or KeyError says that a text is none."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

PREFIX = "SECOND_READER_"
"""Of every variable that is a setting."""


def flag(text: str) -> bool:
    words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    return words[text.strip().lower()]


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65_536:
        raise ValueError
    return number


def port_or_none(text: str) -> int:
    """0: there is none."""
    return 0 if text.strip() == "0" else port(text)


def seconds(text: str) -> timedelta:
    span = timedelta(seconds=float(text))
    if span <= timedelta(0):
        raise ValueError
    return span


def level(text: str) -> str:
    word = text.strip().lower()
    if word not in ("debug", "info", "warning", "error"):
        raise ValueError
    return word


def url(text: str) -> str:
    if not text.startswith(("http://", "https://")) or not text.isascii():  # it goes into headers as it is
        raise ValueError
    return text.rstrip("/")


def urls(text: str) -> tuple[str, ...]:
    return tuple(url(each.strip()) for each in text.split(",") if each.strip())


def database(text: str) -> str:
    named = urlsplit(text)
    if named.scheme not in ("postgresql", "postgres") or not named.path.strip("/"):
        raise ValueError
    _ = named.port  # raises ValueError when it is none
    return text

"""What the TOML files have in common: where one is none, and what is a number in it.

Where: the place alone, for the parser's own sentence may quote what stands there.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields

from server.errors import Category, Fault, Issue, fault

_PLACE = re.compile(r"\((at line \d+, column \d+|at end of document)\)$")


class Number(fields.Float):
    """A TOML integer or float; marshmallow's own would take a text that looks like one, too."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


def where(error: tomllib.TOMLDecodeError) -> str:
    """``at line 3, column 7``, or ``at end of document``."""
    place = _PLACE.search(str(error))
    return place[1] if place else "somewhere"


def checked(path: Path, schema: type[Schema]) -> dict[str, Any]:
    """What a file holds, as its schema loads it.

    Raises:
        Fault: INCORRECT, naming file, key and what is allowed.
    """
    try:
        loaded: dict[str, Any] = schema().load(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise fault(Category.INCORRECT, "not-found", f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise fault(Category.INCORRECT, "structure", f"{path} is not TOML: it is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise fault(Category.INCORRECT, "structure", f"{path} is not TOML ({where(error)})") from error
    except ValidationError as error:
        raise Fault(Category.INCORRECT, *_issues(path, error.messages, "")) from error
    return loaded


def _issues(path: Path, messages: Any, key: str) -> list[Issue]:
    if isinstance(messages, dict):
        return [
            issue
            for name, inner in messages.items()
            for issue in _issues(path, inner, f"{key}.{name}" if key else str(name))
        ]
    return [Issue("value", f"{path}: {key}: {' '.join(messages)}")]

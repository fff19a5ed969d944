"""Searching (QIDO-RS, PS3.18 section 10.6)."""

from __future__ import annotations

import json
from dataclasses import replace

from server.dicom.web import keys
from server.dicom.web.desk import Desk
from server.dicom.web.exchange import DICOM_JSON, Answer, Request, Where
from server.dicom.web.media import single
from server.dicom.web.told import told
from server.image_search import Level

_OFFERED = (DICOM_JSON, "application/json")


def studies(desk: Desk, request: Request, where: Where) -> Answer:
    return _answer(desk, request, Level.STUDY, where)


def series(desk: Desk, request: Request, where: Where) -> Answer:
    return _answer(desk, request, Level.SERIES, where)


def instances(desk: Desk, request: Request, where: Where) -> Answer:
    return _answer(desk, request, Level.INSTANCE, where)


def _answer(desk: Desk, request: Request, level: Level, where: Where) -> Answer:
    named = {"StudyInstanceUID": where.study, "SeriesInstanceUID": where.series}
    place = {name: uid for name, uid in named.items() if uid is not None}
    kind = single(request.accept, _OFFERED)
    asked = keys.asked(level, request.args, place)
    limit = asked.wanted.limit
    found = desk.search.find(replace(asked.wanted, limit=limit + 1))
    warnings = asked.warnings + ((keys.truncated(limit),) if len(found) > limit else ())
    if not found:
        return Answer(204, warnings=warnings)
    shown = found[:limit]
    upper = _upper(level, place)
    results = [told(each, level, upper, asked.included, desk.base) for each in shown]
    whose = tuple(dict.fromkeys(each.first.named.study for each in shown))
    body = json.dumps(results, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(200, kind, (body,), studies=whose, warnings=warnings)


def _upper(level: Level, place: dict[str, str]) -> tuple[Level, ...]:
    """The levels above that the address does not name: of them all is told (PS3.18 10.6.3.3)."""
    levels = {Level.STUDY: (), Level.SERIES: (Level.STUDY,), Level.INSTANCE: (Level.STUDY, Level.SERIES)}
    named = {"StudyInstanceUID": Level.STUDY, "SeriesInstanceUID": Level.SERIES}
    return tuple(each for each in levels[level] if each not in [named[name] for name in place])

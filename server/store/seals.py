"""Which opinions may not be shown, in SQL: those on a question that is still open about the same patient.

One predicate for everything that the door shows (docs/decisions/0004-veil.md). An opinion is

- the first report of a case, open or not, and what may be a copy of it: a report about the same patient
  with one of its codes or identifiers (an EHR that sends a transaction again makes one);
- what a case's Task names as its outcome: the AI's report, a specialist's;
- a report that answers a referral, in time or not;
- an Observation that such a report lists as its result, itself or by a panel, unless it is a measured
  number: those are what the question is asked about;
- the Task that shows a specialist both opinions;
- a contest of a result on the question, or how it turned out, and what people are told of it; the Task of a
  case whose physician in charge has kept the first report, or that was ruled out: they hold what people, or
  a model, have found;
- what refers to such a report and may tell what it says, such as a Provenance; and what is written about one
  of these in turn.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, literal, not_, or_, select

from server.case import RELEASED, State
from server.ports import SEALABLE, ResourceWrite
from server.store.comparing import looked_up
from server.store.tables import cases, fact, reference, resource, search_number, search_value

UNSEALED = (
    State.RESOLVED,
    *RELEASED,
    State.RETRACTED,
    State.KEPT,
    State.UNRESOLVED,
    State.REJECTED,
    State.LAPSED,
    State.WITHDRAWN,
)
_REPORT, _RESULT, _REQUEST, _TASK = "DiagnosticReport", "Observation", "ServiceRequest", "Task"
_MESSAGE = "Communication"

_FINAL_READ, _CONTEST_NEWS = "final-read", "contested-result"
_UPON = ("contest", "outcome")
"""Task.code and Communication.category, of ``{SR}/CodeSystem/task``."""
_TELLING = tuple(f'"{each}"'.encode() for each in (_FINAL_READ, *_UPON, "completed"))
_RETELLING = SEALABLE - {"Binary", "ImagingStudy", "Media", _REPORT, _RESULT}
"""What is written about something that was said. An image, or a value derived from one, is evidence."""
_TOLD_OF = tuple(sorted(SEALABLE - {"Binary", "ImagingStudy", "Media", _REPORT}))

_SELF = resource.alias("sealable")


def is_sealed(type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the resource with this key, of this type, is such an opinion."""
    return looked_up(_SELF.c.key == key, _sealed(type_))


@lru_cache
def _sealed(type_: str) -> ColumnElement[bool]:
    """Made once: to make it costs more than to ask it."""
    return under_seal(type_, _SELF)


def under_seal(type_: str, own: Any) -> ColumnElement[bool]:
    """Whether the resource in ``own``, of this type, is such an opinion."""
    if type_ == _TASK:
        return or_(_final_read(own), _says(own, "code", *_UPON), _kept_against(own))
    if type_ not in SEALABLE:
        return false()
    if type_ == _REPORT:
        return _report(own)
    if type_ == _RESULT:
        return or_(and_(not_(_measured(own)), _listed_somehow(own)), _tells(own))
    if type_ == _MESSAGE:
        return or_(_tells(own), _tells_of_teller(own), _says(own, "category", _CONTEST_NEWS))
    return or_(_tells(own), _tells_of_teller(own)) if type_ in _RETELLING else _tells(own)


def may_tell(write: ResourceWrite) -> bool:
    """Whether this version of a Task may hold what is under seal: of the others nothing is asked."""
    return write.type == _TASK and any(each in write.body for each in _TELLING)


@lru_cache
def _listed_at_all() -> ColumnElement[bool]:
    return _listed_somehow(_SELF)


def _listed_somehow(own: Any) -> ColumnElement[bool]:
    return or_(_listed(own), _listed_by_panel(own))


def _undecided(case: Any) -> ColumnElement[bool]:
    """By where it stood before a person stopped it: what was released then stays so meanwhile."""
    undecided: ColumnElement[bool] = func.coalesce(case.c.before, case.c.state).not_in(UNSEALED)
    return undecided


@lru_cache
def _answered() -> ColumnElement[bool]:
    return answers_are(_SELF)


def answers_are(own: Any) -> ColumnElement[bool]:
    """Whether answers to the ServiceRequest in ``own`` are under seal: it asks a question that is open."""
    about, asks, case = search_value.alias(), search_value.alias(), cases.alias()
    return looked_up(
        about.c.resource_key == own.c.key,
        about.c.param == "patient",
        case.c.patient == about.c.value,
        _undecided(case),
        asks.c.resource_key == own.c.key,
        asks.c.param == "code",
        asks.c.value == case.c.question,
    )


def _final_read(own: Any) -> ColumnElement[bool]:
    """A Task that shows a specialist both opinions: it is about a request whose answers are under seal."""
    code, link, asked = search_value.alias(), reference.alias(), resource.alias()
    return and_(
        looked_up(code.c.resource_key == own.c.key, code.c.param == "code", code.c.value == _FINAL_READ),
        looked_up(
            link.c.resource_key == own.c.key,
            asked.c.key == link.c.target_key,
            literal("").concat(asked.c.type) == _REQUEST,
            answers_are(asked),
        ),
    )


def _says(own: Any, param: str, *codes: str) -> ColumnElement[bool]:
    """What is said by one of these codes upon the result of a case whose question is open again."""
    coded, link, order, case = search_value.alias(), reference.alias(), resource.alias(), cases.alias()
    return and_(
        looked_up(coded.c.resource_key == own.c.key, coded.c.param == param, coded.c.value.in_(codes)),
        looked_up(
            link.c.resource_key == own.c.key,
            order.c.key == link.c.target_key,
            literal("").concat(order.c.type) == _TASK,
            case.c.task_id == order.c.id,
            _asked_anew(case),
        ),
    )


def _kept_against(own: Any) -> ColumnElement[bool]:
    """The Task of a case whose first report was kept against a specialist, and why; or that was ruled out."""
    case, said = cases.alias(), fact.alias()
    return looked_up(
        case.c.task_id == own.c.id,
        said.c.case_id == case.c.id,
        said.c.kind.in_(("kept", "unread")),
        _asked_anew(case),
    )


def _asked_anew(case: Any) -> ColumnElement[bool]:
    """Whether another case on the same question about the same patient is not resolved."""
    other = cases.alias()
    return looked_up(
        other.c.patient == case.c.patient,
        other.c.question == case.c.question,
        other.c.id != case.c.id,
        other.c.state.not_in(UNSEALED),
    )


def _report(own: Any) -> ColumnElement[bool]:
    first, asked, outcome = cases.alias(), resource.alias(), cases.alias()
    based, named, task = search_value.alias(), reference.alias(), resource.alias()
    prefix = f"{_REQUEST}/"
    return or_(
        _like_a_first_report(own),
        looked_up(first.c.report == own.c.type.concat("/").concat(own.c.id), open_about(first)),
        looked_up(
            based.c.resource_key == own.c.key,
            based.c.param == "based-on",
            based.c.value.startswith(prefix, autoescape=True),
            asked.c.type == _REQUEST,
            asked.c.id == func.substr(based.c.value, len(prefix) + 1),
            answers_are(asked),
        ),
        looked_up(
            named.c.target_key == own.c.key,
            task.c.key == named.c.resource_key,
            # Not by the index of types: SQLite would go through all Tasks, instead of the few that name it.
            literal("").concat(task.c.type) == "Task",
            outcome.c.task_id == task.c.id,
            open_about(outcome),
        ),
    )


def _like_a_first_report(own: Any) -> ColumnElement[bool]:
    about, case, first = search_value.alias(), cases.alias(), resource.alias()
    mine, theirs = search_value.alias(), search_value.alias()
    return looked_up(
        about.c.resource_key == own.c.key,
        about.c.param == "patient",
        case.c.patient == about.c.value,
        _undecided(case),
        first.c.type == _REPORT,
        first.c.id == func.substr(case.c.report, len(_REPORT) + 2),
        mine.c.resource_key == own.c.key,
        mine.c.param.in_(("code", "identifier")),
        theirs.c.resource_key == first.c.key,
        theirs.c.param == mine.c.param,
        theirs.c.value == mine.c.value,
        theirs.c.system == mine.c.system,
    )


def open_about(case: Any) -> ColumnElement[bool]:
    """Whether this case, or another one on the same question about the same patient, is not resolved."""
    other = cases.alias()
    return looked_up(
        other.c.patient == case.c.patient,
        other.c.question == case.c.question,
        _undecided(other),
    )


def _listed(own: Any) -> ColumnElement[bool]:
    """By a report under seal; it refers to an Observation as its result and in no other way."""
    link, report = reference.alias(), resource.alias()
    return looked_up(
        link.c.target_key == own.c.key,
        report.c.key == link.c.resource_key,
        report.c.type == _REPORT,
        _report(report),
    )


def _listed_by_panel(own: Any) -> ColumnElement[bool]:
    link, panel = reference.alias(), resource.alias()
    return looked_up(
        link.c.target_key == own.c.key,
        panel.c.key == link.c.resource_key,
        panel.c.type == _RESULT,
        _listed(panel),
    )


def _measured(own: Any) -> ColumnElement[bool]:
    """A number, and no coded answer beside it."""
    number, coded = search_number.alias(), search_value.alias()
    return and_(
        looked_up(number.c.resource_key == own.c.key, number.c.param == "combo-value-quantity"),
        not_(looked_up(coded.c.resource_key == own.c.key, coded.c.param == "combo-value-concept")),
    )


def _tells(own: Any) -> ColumnElement[bool]:
    link, report = reference.alias(), resource.alias()
    return looked_up(
        link.c.resource_key == own.c.key,
        report.c.key == link.c.target_key,
        report.c.type == _REPORT,
        _report(report),
    )


def _tells_of_teller(own: Any) -> ColumnElement[bool]:
    """Of what an opinion lists without a number, or of what tells of one; further it is not followed."""
    link, told = reference.alias(), resource.alias()
    finding = and_(told.c.type == _RESULT, not_(_measured(told)), _listed_somehow(told))
    return looked_up(
        link.c.resource_key == own.c.key,
        told.c.key == link.c.target_key,
        or_(finding, and_(told.c.type.in_(_TOLD_OF), _tells(told))),
    )


def asked_again(connection: Connection, case_id: str) -> bool:
    """Whether another case on this one's question about its patient is open."""
    query = select(cases.c.id).where(cases.c.id == case_id, not_(_undecided(cases)), open_about(cases))
    return connection.execute(query).first() is not None


def sealed(connection: Connection, named: Collection[str], answering: Collection[str] = ()) -> frozenset[str]:
    """``server.ports.Seals.under_seal``."""
    ids: dict[str, list[str]] = {}
    found = set[str]()
    if answering:
        those = [each.partition("/")[2] for each in answering]
        query = select(_SELF.c.id).where(_SELF.c.type == _RESULT, _SELF.c.id.in_(those), _listed_at_all())
        found |= {f"{_RESULT}/{row[0]}" for row in connection.execute(query)}
    for each in named:
        type_, _, id_ = each.partition("/")
        if type_ in SEALABLE or type_ in (_REQUEST, _TASK):
            ids.setdefault(type_, []).append(id_)
    for type_, those in ids.items():
        meets = _answered() if type_ == _REQUEST else _sealed(type_)
        query = select(_SELF.c.id).where(_SELF.c.type == type_, _SELF.c.id.in_(those), meets)
        found |= {f"{type_}/{row[0]}" for row in connection.execute(query)}
    return frozenset(found)

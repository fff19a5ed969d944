"""A released opinion in plain words: people and their reasons first, then the model's evidence, and limits.

For every wire alike (S5.6, S3.3): readers that ignore codes, cards and histories must still see it.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.arbitration import Kept
from server.fhir.parse import parse
from server.model import Answer, Gated, ResourceKey, Verdict
from server.steps.casefile import CaseFile
from server.steps.deciding import INSTEAD, decided_by, final_of
from server.steps.priors import priors_of

_MOST = 400
"""Characters of what somebody has written; the whole stands in their report."""
_NOT_MEASURED = "not measured"


def words(file: CaseFile) -> str:
    """What everybody has said and why, who decided, what the model went by, and the limits of all that."""
    return " ".join((*_humans(file), *_decided(file), *_model(file), limits(file)))


def limits(file: CaseFile) -> str:
    """Of the model, by its card, and of this record (S3.3)."""
    told = [f"What the model cannot do: {' '.join(map(_sentence, file.read_card.limits))}"]
    if lacking := list(_lacking(file)):
        told.append(f"Limits of this record: {' '.join(lacking)}")
    return " ".join(told)


def _humans(file: CaseFile) -> Iterator[str]:
    made, read, final = file.comparison, file.specialist_read, final_of(file)
    if made.verdict is Verdict.RULED_OUT:
        yield "No human has read this case."
        yield from _omissions(file)
        return
    yield f"First report: {_answer(made.first)}."
    yield from _reasons(file, file.first_read.report)
    if made.shown:
        yield "The first reader had been shown the model's answer: the two are not independent."
    if read is not None:
        yield f"Specialist, blind: {_answer(read.answer)}."
        yield from _reasons(file, read.report)
    if final is not None and final.read is not None:
        because = f", because: {final.reason.rstrip('.')}" if final.reason else ""
        code = f" ({final.overruling})" if final.overruling else ""
        yield f"Specialist, after both were shown unnamed: {_answer(final.read.answer)}{code}{because}."


def _omissions(file: CaseFile) -> Iterator[str]:
    """What is known here of what is missed so (S8: shown to clinicians), in no number of single cases."""
    gated, rule = file.latest("gate", Gated), file.policy.gate
    if gated is not None and rule is not None:
        most = 100 * rule.omitted_at_most
        yield (
            f"The policy rules out below {gated.key.rule_out_below:g}, as long as humans' reads of such "
            f"cases here show that at most {most:.2g} % of them have the finding (95 %)."
        )


def _reasons(file: CaseFile, report: ResourceKey) -> Iterator[str]:
    """In the words of whoever signed, where they have written any."""
    stored = file.tools.shelf.read(report.type, report.id, report.version)
    said = "" if stored is None else " ".join(str(parse(stored.body).get("conclusion", "")).split())
    if said:
        yield f'In their words: "{said if len(said) <= _MOST else said[: _MOST - 1].rstrip() + "…"}"'


def _decided(file: CaseFile) -> Iterator[str]:
    kept, final, by = file.latest("kept", Kept), final_of(file), decided_by(file)
    if kept is not None:
        yield f"Decided by: {by.display}, {kept.by}, who keeps the first report: {kept.reason}."
        return
    why = INSTEAD.get(final.end, "") if final is not None else ""
    yield f"Decided by: {by.display}{f' ({why})' if why else ''}."


def _model(file: CaseFile) -> Iterator[str]:
    read = file.ai_read
    yield f"Model: {_answer(read.answer)}."
    if file.comparison.verdict is Verdict.DISCORDANT:
        yield f"First report and model differ on: {file.read_card.finding.display}."
    yield file.tools.explain(read, file.read_card)


def _lacking(file: CaseFile) -> Iterator[str]:
    """What was not there, or not of a kind that the model knows; why it declined stands with its answer."""
    read = file.ai_read
    missing = [each.label for each in read.contributions if each.value == _NOT_MEASURED]
    if missing:
        yield f"Not measured: {', '.join(missing)}."
    if file.read_card.film and not priors_of(file):
        yield "No earlier study was there to compare with."


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _answer(answer: Answer | None) -> str:
    return "no answer" if answer is None else answer.value

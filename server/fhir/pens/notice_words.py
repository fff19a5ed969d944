"""What a patient is told, in plain words (second-reading S5.1, S8; GDPR 13(2)(f); AI Act 13).

Whether a model took part, which one, what it was made for, how it does in people like the patient, and who
decided; who has read, where the opinions differ, what would settle it and what happens next (S5.5). Never a
score, which explains nothing; of the model only whether it says what the doctor's report says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from server.fhir.terms import Business
from server.model import Answer, Card, Subgroup


class Part(StrEnum):
    """What part a model had in a case."""

    READ = "it read"
    SHOWN = "it read, and the first reader was shown what it said"
    CALLED_BACK = "it read, the first reader was shown it, and it must not be used any more"
    ALONE = "it read, and no human did"
    NO_ANSWER = "it was asked and gave no answer"
    REFUSED = "the patient has refused it"
    UNWANTED = "a read without it was asked for"
    NOT_ASKED = "the policy asks none"


@dataclass(frozen=True, slots=True)
class Reader:
    """A specialist, as the directory has them (S1.7, S4.3)."""

    name: str
    answer: Answer | None
    credentials: tuple[str, ...] = ()
    """Specialties and qualifications."""
    why: str = ""
    """Why this one of all who could be asked."""


@dataclass(frozen=True, slots=True)
class Next:
    """What is owed from now on, and by whom; spans in words."""

    desk: str
    """Who takes questions, beside the doctor."""
    contest: tuple[str, str]
    """Who decides one, within which time."""
    assessment: tuple[str, str]
    """Within which time one is owed, and an urgent one."""
    reading: tuple[str, str] | None = None
    """After which time who is told that nobody has read the result; None: nobody looks."""
    owed: str = ""
    """Until when an assessment was owed; empty: it is none."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the words are made of."""

    card: Card
    part: Part
    decided: Business | None
    """How the case has ended."""
    age_years: float | None
    """At the time of the first report; None: not known."""
    sex: str | None
    """R4 administrative-gender."""
    first_human: bool = False
    """The specialist is the first human who has read: nobody had signed a report."""
    other_thresholds: bool = False
    """The model's answers counted from other thresholds than those of the card's figures."""
    assessor: str = ""
    """What was checked of whoever has assessed the case for the patient; empty: nobody was asked to."""
    first: Answer | None = None
    """Of the doctor's report; None: it says nothing that can be compared."""
    model: Answer | None = None
    """None: it gave no answer, or must not be used."""
    reader: Reader | None = None
    """The specialist who has read; None: none has."""
    next: Next | None = None


_SAYS = {Answer.PRESENT: "yes", Answer.ABSENT: "no", None: "nothing that can be compared"}
_PART = {
    Part.READ: (
        "A computer program (artificial intelligence, AI) has read your case as well. It read without "
        "knowing your doctor's opinion, and your doctor signed without knowing what it said."
    ),
    Part.SHOWN: (
        "A computer program (artificial intelligence, AI) has read your case as well. It read without "
        "knowing your doctor's opinion; by the rules of this service your doctor was shown what it said "
        "before signing."
    ),
    Part.CALLED_BACK: (
        "A computer program (artificial intelligence, AI) had read your case, and your doctor was shown what "
        "it said before signing. Since then it must not be used, because you have refused AI or because the "
        "program was withdrawn; your doctor was told so, and may have seen it all the same."
    ),
    Part.ALONE: (
        "A computer program (artificial intelligence, AI) has read your case, and no human has. By the rules "
        "of this service, for which its medical director answers, a case that the program rules out with a "
        "high margin is not read by a human unless one is drawn by lot to be checked."
    ),
    Part.NO_ANSWER: (
        "A computer program (artificial intelligence, AI) was asked as well. It gave no answer in your case, "
        "so that a second human was asked."
    ),
    Part.REFUSED: (
        "No AI was used, because you have refused it. Anything that a program had computed before you did so "
        "was used by nobody."
    ),
    Part.UNWANTED: "No AI was used, because a reading without it was asked for.",
    Part.NOT_ASKED: "No AI was used: by the rules of this service none is asked about cases like yours.",
}
_DECIDED = {
    Business.CLOSED_CONCORDANT: (
        "Your doctor's signed report stands. The second reading agrees with it, and no program has decided "
        "anything."
    ),
    Business.CLOSED_UPHELD: (
        "A specialist, who first read your case without any earlier opinion, agrees with your doctor's "
        "report."
    ),
    Business.CLOSED_AMENDED: (
        "A specialist, who first read your case without any earlier opinion, does not agree with your "
        "doctor's report. Your doctor has both and decides with you what follows."
    ),
    Business.CLOSED_KEPT: (
        "A specialist, who first read your case without any earlier opinion, does not agree with your "
        "doctor's report. Your doctor has both, and keeps the report."
    ),
    Business.CLOSED_RULED_OUT: (
        "no human. The program's answer was taken under the rules of this service. You may ask that a human "
        "reads your case."
    ),
    Business.CLOSED_STANDS: (
        "Your doctor's signed report stands: by the rules of this service nobody else was asked. No program "
        "has decided anything."
    ),
}
_FIRST_HUMAN = "a specialist, who is the first human to have read your case. Your doctor has the report."
_OTHER_THRESHOLDS = (
    "These figures are those of the thresholds that the program came with. This service has set others, so "
    "that here it may find more or fewer of those who have it, and alarm more or fewer of those who do not."
)
_RIGHTS = (
    "You may ask for an independent assessment, you may contest this result, and you may refuse AI in "
    "future; your doctor or this service takes it up."
)


def words(told: Told) -> str:
    """The whole notice; paragraphs stand apart by an empty line."""
    parts = (
        *_of_the_model(told),
        *_who_read(told),
        *_differences(told),
        *_who_decided(told),
        *_next(told),
        _RIGHTS,
    )
    return "\n\n".join(parts) + "\n"


def _of_the_model(told: Told) -> Iterator[str]:
    yield f"The question: {told.card.title}."
    yield _PART[told.part]
    if told.part not in (Part.READ, Part.SHOWN, Part.ALONE, Part.NO_ANSWER):
        return
    card = told.card
    yield f"The program: {card.name}, version {card.version}, of {card.manufacturer}."
    yield f"What it was made for: {card.intended_use}"
    yield _overall(card)
    yield _people_like(told)
    if told.other_thresholds:
        yield _OTHER_THRESHOLDS
    yield "\n".join(("What it cannot do:", *(f"- {each}" for each in card.limits)))


def _who_read(told: Told) -> Iterator[str]:
    reader = told.reader
    if reader is None:
        return
    known = f" ({'; '.join(reader.credentials)})" if reader.credentials else ""
    yield f"The specialist who has read your case: {reader.name}{known}."


def _differences(told: Told) -> Iterator[str]:
    """Both opinions, where they differ, and what would settle it."""
    if told.part is Part.ALONE:
        return
    said = [] if told.first_human else [f"your doctor's report: {_SAYS[told.first]}"]
    if told.reader is not None:
        said.append(f"the specialist: {_SAYS[told.reader.answer]}")
    if told.model is not None and told.first is not None and not told.first_human:
        same = told.model is told.first
        said.append(f"the program: {'the same as' if same else 'not the same as'} your doctor's report")
    yield f"{told.card.finding.display}, yes or no? {_capital('; '.join(said))}."
    if not _differ(told):
        return
    settles = told.card.settles
    if not settles:
        yield "What would settle it: nothing is known here that would; ask your doctor."
        return
    yield "\n".join(("What would settle it:", *(f"- {each}" for each in settles)))


def _differ(told: Told) -> bool:
    """What cannot be compared differs from nothing: no test would settle it."""
    if told.first is None and not told.first_human:
        return False
    answers = {told.first} if not told.first_human else set()
    answers |= {told.reader.answer} if told.reader is not None else set()
    answers |= {told.model} if told.model is not None else set()
    return len(answers) > 1


def _next(told: Told) -> Iterator[str]:
    found = told.next
    if found is None:
        return
    if found.reading is None:
        read = "Nobody here checks whether your doctor has read this result: ask them about it."
    else:
        read = (
            f"Your doctor is asked to say that they have read this result; where nobody does within "
            f"{found.reading[0]}, {found.reading[1]} is told."
        )
    (decider, within), (routine, urgent) = found.contest, found.assessment
    yield (
        f"What happens next: {read} If you contest the result, the {decider} decides within {within}. An "
        f"independent assessment is owed within {routine}, an urgent one within {urgent}. Whom to ask: your "
        f"doctor, or {found.desk}."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _overall(card: Card) -> str:
    """Two of the card's figures; the rest is for people who compare models."""
    figures = card.performance
    if "sensitivity" not in figures or "specificity" not in figures:
        return "How it does: its data sheet has no figures on how often it is right."
    population = figures.get("population", "")
    tested = f" It was tested on: {population}." if population else ""
    return (
        f"How it does: {_shares(figures['sensitivity'], figures['specificity'])} "
        f"The figures in brackets are the range in which the true ones lie most likely.{tested}"
    )


def _people_like(told: Told) -> str:
    found = [each for each in told.card.subgroups if _is_like(each, told)]
    if not found:
        return (
            "How it does in people like you: its data sheet has no figures for people of your age or sex "
            "alone, so it is not known here whether it does better or worse in them."
        )
    lines = (
        f"- {each.name} ({each.people} tested): {_shares(each.sensitivity, each.specificity)}"
        for each in found
    )
    return "\n".join(("How it does in people like you:", *lines))


def _is_like(group: Subgroup, told: Told) -> bool:
    """What is not known of the patient is in no group that asks for it."""
    if group.sex is not None and group.sex != told.sex:
        return False
    if group.age_years is None:
        return True
    return told.age_years is not None and group.age_years.low <= told.age_years <= group.age_years.high


def _shares(sensitivity: str, specificity: str) -> str:
    return (
        f"of those who had it, it found a share of {sensitivity}; of those who did not, it said so for a "
        f"share of {specificity}."
    )


def _who_decided(told: Told) -> Iterator[str]:
    if told.first_human:
        yield f"Who decided: {_FIRST_HUMAN}"
    elif told.decided in _DECIDED:
        yield f"Who decided: {_DECIDED[told.decided]}"
    if not told.assessor:
        return
    owed = f" It was owed until {told.next.owed}." if told.next is not None and told.next.owed else ""
    yield f"You have asked for an independent assessment.{owed} Checked of the assessor: {told.assessor}"
    if told.reader is not None and told.reader.why:
        yield f"Why this specialist was asked: {told.reader.why}."

"""Which study an order is about. Right patient or no opinion: what does not fit goes to a person.

Two of three must say so together: the Study Instance UID that the order names, its accession number, and
the patient; the patient always (IHE RAD TF-2, appendix on identifiers; reliability.md 3.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from server.images import Named, Ordered, Person, Study
from server.words import name_words

_ANOTHER = "the images name another patient than the order"
_UNLISTED = (
    "the images name the order's patient by number, and an issuer of it that is not known here; if it is the "
    "order's, an [[issuer]] table of the file of DICOM peers settles it: name is the Issuer of Patient ID as "
    "it stands in the images, system that of the number in the order's patient"
)


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A study that cannot be taken for the one that was ordered; ``reason`` holds no values."""

    reason: str


def wanted(ordered: Ordered) -> tuple[str, ...]:
    """The Study Instance UIDs that the order names; none: its accession numbers must do."""
    return tuple(dict.fromkeys(ordered.studies))


def match(ordered: Ordered, found: Sequence[Study], issuers: Mapping[str, str]) -> Study | Unmatched | None:
    """The study that the order is about; None: it is not here yet.

    ``found`` are the studies under the names that the order gives. ``issuers``: Issuer of Patient ID, as
    modalities write it -> the identifier system that the EHR uses for the same.
    """
    if len(wanted(ordered)) > 1:
        return Unmatched("the order names several studies; one question is about one")
    carrying = [each for each in found if wanted(ordered) or _same_order(ordered, each.named)]
    if not carrying:
        return None
    if len(carrying) > 1:
        return Unmatched("several studies carry the order's accession number")
    study = carrying[0]
    doubts = (
        *study.contradictions,
        *_doubts(ordered, study.named, issuers),
        *another(ordered.person, study),
    )
    return Unmatched("; ".join(doubts)) if doubts else study


def _doubts(ordered: Ordered, named: Named, issuers: Mapping[str, str]) -> list[str]:
    doubts = []
    if not named.patient_id:
        doubts.append("the images name no patient")
    elif not same_patient(ordered, named, issuers):
        doubts.append(_UNLISTED if _unlisted(ordered, named, issuers) else _ANOTHER)
    if wanted(ordered) and named.accession and ordered.accessions and not _same_order(ordered, named):
        doubts.append("the images carry another accession number than the order")
    return doubts


def another(person: Person, study: Study) -> Iterator[str]:
    """The number is the patient's, the name and the day of birth are both somebody else's: a number mistyped.

    One of the two may differ: people marry, and days of birth are guessed.
    """
    if any(_differs(person, each.header) for each in study.objects):
        yield "the images name the order's patient by number, and by name and day of birth somebody else"


def _differs(person: Person, header: Mapping[str, str]) -> bool:
    """What is not known on both sides does not differ."""
    born, names = header.get("PatientBirthDate", ""), name_words(header.get("PatientName", ""))
    if not (person.born and born and person.names and names):
        return False
    return person.born != born and not person.names & names


def same_patient(ordered: Ordered, named: Named, issuers: Mapping[str, str]) -> bool:
    """By value; and by issuer, where the images say one and the order says a system."""
    return any(
        value == named.patient_id and _same_issuer(named.issuer, of, issuers)
        for of, value in ordered.patient_ids
    )


def _same_issuer(issuer: str, system: str, issuers: Mapping[str, str]) -> bool:
    """One that is not listed may be the system itself, or the universal id that the system is a URI of."""
    if not issuer or issuer in issuers:
        return not issuer or issuers[issuer] == system
    return system in ("", issuer, f"urn:oid:{issuer}", f"urn:uuid:{issuer}")


def _unlisted(ordered: Ordered, named: Named, issuers: Mapping[str, str]) -> bool:
    """The number is the order's, and nobody has said whether its issuer is, too."""
    known = not named.issuer or named.issuer in issuers
    return not known and any(value == named.patient_id for _, value in ordered.patient_ids)


def _same_order(ordered: Ordered, named: Named) -> bool:
    return bool(named.accession) and any(value == named.accession for _, value in ordered.accessions)

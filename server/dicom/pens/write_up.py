"""All that one destination gets of one opinion."""

from __future__ import annotations

from dataclasses import dataclass

from server.dicom.pens.capture import write_capture
from server.dicom.pens.opinion import FilmOpinion, Written
from server.dicom.pens.parametric_map import write_map
from server.dicom.pens.picture import Grey
from server.dicom.pens.structured_report import write_report


@dataclass(frozen=True, slots=True)
class Choice:
    """What a destination takes beside the report, which every one gets."""

    map: bool = True
    capture: bool = False


def write_up(opinion: FilmOpinion, choice: Choice, grey: Grey | None = None) -> tuple[Written, ...]:
    """In the order in which they are to be sent: what the report refers to is there before it.

    Raises:
        ValueError: a capture is wanted, and there is no film to draw on.
    """
    if choice.capture and grey is None:
        raise ValueError("a capture needs the film as 8-bit grey")
    shown = write_map(opinion) if choice.map else None
    report = write_report(opinion, shown.instance if shown else None)
    capture = write_capture(opinion, grey) if choice.capture and grey is not None else None
    return tuple(each for each in (shown, report, capture) if each is not None)

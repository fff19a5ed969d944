"""RESOLVED: the seal is lifted; the opinion is written up, for our own door and for the EHR."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from server.case import Ai, Event, First
from server.fhir import terms
from server.fhir.home import letter_home, publish, settle_references
from server.fhir.parse import parse
from server.fhir.pens.bundle import Answered, Opinion, opinion_bundle
from server.fhir.pens.correspondence import Correspondence, Standing
from server.fhir.pens.datatypes import Json
from server.fhir.pens.notice import is_notice
from server.fhir.pens.updating import as_update
from server.fhir.pens.withdrawal import is_ai
from server.fhir.stamp import stamped
from server.fhir.terms import Business
from server.model import Independence
from server.ports import Progress, ResourceWrite
from server.routing.comparison import Outcome
from server.steps.assessment import checked, independence, model_independence, output
from server.steps.casefile import CaseFile, Moved
from server.steps.deciding import decided_by, deciding_read
from server.steps.letters import letter, letter_out, request_end
from server.steps.notice import notice
from server.steps.objects import Objects, opinion_objects
from server.steps.rest import LOOK_AFTER
from server.steps.results import opinion_messages
from server.steps.tasks import moved_request, moved_task
from server.steps.wording import words

_CLOSED = {
    Outcome.CONCORDANT: Standing("completed", Business.CLOSED_CONCORDANT),
    Outcome.UPHELD: Standing("completed", Business.CLOSED_UPHELD),
    Outcome.AMENDED: Standing("completed", Business.CLOSED_AMENDED),
    Outcome.STANDS: Standing("completed", Business.CLOSED_STANDS),
    # Beside a withdrawal, too, it is to be seen that nobody has read.
    Outcome.RULED_OUT: Standing(
        "completed", Business.CLOSED_RULED_OUT, "No human has read this case; it was ruled out by the policy."
    ),
}


def write_up(file: CaseFile) -> Progress:
    """WRITTEN_UP: documents queued in the same commit that publishes the opinion here."""
    unread = file.case.position.first is First.NOT_READ
    outcome = Outcome.RULED_OUT if unread else Outcome(file.needed("outcome", str))
    standing = _CLOSED[outcome]
    home = letter_home(
        file.case.id, file.case.patient, f"Task/{file.case.task_id}", file.task, file.tools.operator
    )
    objects = opinion_objects(file)
    records = _records(file)
    ours = _bundle(file, home, standing, objects, records)
    asked = file.case.position.ai is not Ai.NOT_ASKED
    event = Event.WRITTEN_UP if asked else Event.REPORTED_WITHOUT_AI
    move = Moved(file).lay_down("release", standing.status)
    if unread:
        move.note(Event.RESOLVED, policy=True, outcome=outcome, decided_by=decided_by(file).code)
        move.lay_down("outcome", outcome)
    for record in records:
        move.lay_down("independence", record)
    move.note(event, card=asked, policy=True, business=standing.business)
    move.write(_published(file, ours)).write(_task(file, ours, standing)).write(_request(file))
    theirs = _bundle(file, letter_out(file), standing, objects, records)
    if file.comparison.shown:  # what the first reader was shown is there; it says more now
        theirs = _replacing(theirs, _is_ours_of_a_model)
    # Objects first: where the EHR's report leads, there is something then.
    return (
        move.send(objects.documents)
        .send(letter("opinion", file, theirs))
        .send(opinion_messages(file, standing))
        .progress(file.now + LOOK_AFTER if move.documents else file.now)
    )


def write_up_anew(file: CaseFile, standing: Standing) -> Progress:
    """WRITTEN_UP once more: who decided is another than was told. What archives keep stays as it is."""
    home = letter_home(
        file.case.id, file.case.patient, f"Task/{file.case.task_id}", file.task, file.tools.operator
    )
    objects = _archived(file)
    # What was looked at is what was looked at then: since the release everybody may see everything.
    records = file.tools.files.facts(file.case.id, "independence", Independence)
    ours = _bundle(file, home, standing, objects, records)
    theirs = _bundle(file, letter_out(file), standing, objects, records)
    theirs = _replacing(theirs, _is_told_anew)  # it is there, and says who decided then
    move = Moved(file).note(Event.WRITTEN_UP, policy=True, business=standing.business)
    for id_, resource in publish(ours):
        stored = file.tools.shelf.read(resource["resourceType"], id_)
        if stored is not None and _is_told_anew(resource):
            move.write([stamped(resource, id_, stored.version + 1, file.now)])
    move.write(_task(file, ours, standing))
    return (
        move.send(letter("opinion", file, theirs))
        .send(opinion_messages(file, standing))
        .progress(file.now + LOOK_AFTER if move.documents else file.now)
    )


def _replacing(bundle: Json, these: Callable[[Json], bool]) -> Json:
    """The same transaction, by which some of what is there already is replaced."""
    return {
        **bundle,
        "entry": [
            {**each, "request": as_update(each)} if these(each["resource"]) else each
            for each in bundle["entry"]
        ],
    }


def _is_ours_of_a_model(resource: Json) -> bool:
    return is_ai(resource) and resource["resourceType"] in ("Observation", "DiagnosticReport")


def _archived(file: CaseFile) -> Objects:
    """The objects that the EHR's Task names already."""
    named = {
        coding.get("code"): output.get("valueReference", {}).get("identifier", {}).get("value", "")
        for output in file.task.get("output", [])
        for coding in output["type"].get("coding", [])
    }
    report, map_ = (
        named.get(kind.code, "").removeprefix("urn:oid:") or None
        for kind in (terms.OUT_DICOM_SR, terms.OUT_HEATMAP)
    )
    return Objects((), report, map_)


def _is_told_anew(resource: Json) -> bool:
    return _is_opinion(resource) or is_notice(resource)


def _is_opinion(resource: Json) -> bool:
    return resource["resourceType"] == "DiagnosticReport" and not _is_copy(resource)


def _bundle(
    file: CaseFile,
    to: Correspondence,
    standing: Standing,
    objects: Objects,
    records: Sequence[Independence],
) -> Json:
    read, card = deciding_read(file), file.read_card
    report = file.tools.shelf.read(read.report.type, read.report.id, read.report.version) if read else None
    return opinion_bundle(
        to,
        Opinion(card, file.ai_read, file.comparison, words(file)),
        standing,
        file.now,
        referral=file.referral,
        decided=decided_by(file),
        answered=Answered(read, parse(report.body)) if read and report else None,
        objects=((terms.OUT_DICOM_SR, objects.report), (terms.OUT_HEATMAP, objects.map)),
        notice=notice(file, to, standing, " ".join(checked(each) for each in records)),
        more=[output(each) for each in records],
    )


def _records(file: CaseFile) -> list[Independence]:
    """What was checked of whoever has assessed; of a case that is no assessment nothing."""
    found = (model_independence(file), independence(file, file.specialist_read))
    return [each for each in found if each is not None]


def _published(file: CaseFile, bundle: Json) -> list[ResourceWrite]:
    """What the opinion consists of, on our own shelf; the specialist's report stands there already."""
    return [
        stamped(resource, id_, 1, file.now)
        for id_, resource in publish(bundle)
        if not _is_copy(resource) and file.tools.shelf.read(resource["resourceType"], id_) is None
    ]


def _is_copy(resource: Json) -> bool:
    return resource["resourceType"] == "DiagnosticReport" and "basedOn" in resource


def _request(file: CaseFile) -> list[ResourceWrite]:
    referral = file.referral
    return [] if referral is None else moved_request(file, referral.service_request, request_end(file))


def _task(file: CaseFile, bundle: Json, standing: Standing) -> list[ResourceWrite]:
    """The EHR's Task at our door, completed, with outputs that lead to our own resources."""
    last = [each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == "Task"][-1]
    outputs = settle_references(last.get("output", []))
    read = deciding_read(file)
    for each in outputs:
        kinds = {coding["code"] for coding in each["type"]["coding"]}
        if read and "specialist-report" in kinds:
            each["valueReference"] = {"reference": str(read.report)}
    return moved_task(file, f"Task/{file.case.task_id}", standing, outputs=outputs)

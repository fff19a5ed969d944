"""READY, read by the model and by no human yet: what the case's pathway makes of that (second-reading S8).

Under ``second-reader`` nothing. A gatekeeper rules the case out, or asks humans to read; under ``concurrent``
the first reader is sent what the model says. A report that is signed by then has been read without either.
"""

from __future__ import annotations

from dataclasses import replace

from server.case import Event
from server.errors import Category, fault
from server.fhir.opinions import SIGNED
from server.fhir.pens.correspondence import Standing
from server.fhir.terms import Business
from server.model import (
    Comparison,
    FirstRead,
    Gated,
    GateRule,
    Passage,
    Pathway,
    ResourceKey,
)
from server.ports import Progress
from server.routing.audit import reread
from server.routing.comparison import unread
from server.routing.gate import below, passage
from server.routing.pathways import Moment, Person, gate_key, shown
from server.steps.casefile import CaseFile, Moved
from server.steps.letters import told
from server.steps.looked_at import by_a_human
from server.steps.preview import shown_to_first_reader
from server.steps.rights import way_of
from server.steps.write_up import write_up

TO_BE_READ = Standing("in-progress", Business.TO_BE_READ)


def before_first_read(file: CaseFile) -> Progress | None:
    """The move that comes before the first reader's signature is waited for; None: there is none."""
    way = way_of(file)
    if way is Pathway.GATEKEEPER:
        return _judged(file)
    # Of whoever has seen a comparison nobody is told anything by this way.
    sees = shown(way, Moment.READING, Person.FIRST_READER)
    if sees and not _signed(file) and file.latest("comparison", Comparison) is None:
        return shown_to_first_reader(file)
    return None


def ruled_out(file: CaseFile) -> Progress:
    """RULED_OUT: written up, unless a human has read meanwhile, or everything is to be read by humans.

    That nobody has read holds of this version of the report; with another one the write-up is not committed.
    """
    read = by_a_human(file)
    if not read and not file.doubled:
        report = file.stored(file.case.report)
        return replace(write_up(file), rests_on=(ResourceKey(report.type, report.id, report.version),))
    why = Passage.READ if read else Passage.DOUBLED
    return _left(file, replace(file.needed("gate", Gated), passage=why))


def _judged(file: CaseFile) -> Progress | None:
    last, reads = file.latest("gate", Gated), file.ai_reads
    was_out = last is not None and last.passage is Passage.RULED_OUT
    if by_a_human(file):
        return _left(file, replace(last, passage=Passage.READ)) if last and was_out else None
    if last is not None and last.read == reads:  # it is back from a person who had stopped it
        return _left(file, replace(last, passage=Passage.STOPPED)) if was_out else None
    gated = _gated(file, _rule(file), reads)
    if last is not None and not was_out and gated.passage is Passage.RULED_OUT:
        gated = replace(gated, passage=Passage.ASKED)  # somebody may be reading it
    if gated.passage is not Passage.RULED_OUT:
        return _left(file, gated)
    read, priority = file.ai_read, file.task.get("priority", "")
    move = Moved(file).lay_down("gate", gated).lay_down("policy", file.policy)
    move.lay_down("unread", unread(read, file.read_card, file.policy, priority))
    limit = _rule(file).rule_out_below
    move.note(Event.RULED_OUT, sealed=True, card=True, policy=True, probability=read.probability, below=limit)
    return move.at_once()


def _gated(file: CaseFile, rule: GateRule, reads: int) -> Gated:
    read = file.ai_read
    key = gate_key(file.policy, rule, read.card)
    passed = file.tools.files.passed(key, file.now - rule.window)
    drawn = reread(file.case.id, file.tools.audit_key, rule.reread)
    found = passage(read, rule, passed, drawn=drawn, doubled=file.doubled)
    return Gated(found, below(read, rule), key, reads)


def _left(file: CaseFile, gated: Gated) -> Progress:
    """To humans; why is under seal, for some are read whom the model would rule out."""
    move = Moved(file).lay_down("gate", gated)
    move.note(Event.LEFT_TO_HUMANS, sealed=True, policy=True, why=gated.passage)
    return told(move, TO_BE_READ).at_once()


def _rule(file: CaseFile) -> GateRule:
    if file.policy.gate is None:
        raise fault(Category.BROKEN, "exception", "the policy of this case has a gatekeeper without its rule")
    return file.policy.gate


def _signed(file: CaseFile) -> bool:
    """Whether somebody has signed; one whose report was corrected since, too."""
    return file.latest("first-read", FirstRead) is not None or (
        file.resource(file.case.report)["status"] in SIGNED
    )

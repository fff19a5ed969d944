"""What an operator can do from the command line. Every command explains itself with --help."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click

from server import __version__, checks, settings
from server.case import IllegalMove, public_state
from server.clock import now
from server.completing import complete
from server.console.trace import summary, trace
from server.directory import dump_directory, load_directory, table_in
from server.dissent_commands import dissent, keep
from server.drift_commands import drift
from server.errors import Category, fault
from server.fhir.offered import table
from server.fhir.parse import own
from server.fhir.rows.extraction import rows
from server.importing import import_
from server.law_command import law
from server.message_commands import messages
from server.model import Withdrawal
from server.options import LIMIT, WORDS
from server.outcome_commands import outcome
from server.policy_commands import policy
from server.ports import CaseRow, Raced
from server.processes import PROCESSES
from server.reporting import report
from server.rights_commands import COMMANDS as RIGHTS
from server.store.attempts import PARKED
from server.store.ledger import Ledger
from server.store.reindexing import reindex as reindex_all
from server.times import instant
from server.vouching import vouch
from server.wiring import bring_up_to_date, build


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="second-reader")
def main() -> None:
    """Second Reader: independent second opinions over FHIR.

    Settings come from environment variables that begin with SECOND_READER_; the command
    'check' prints them all with their meaning.
    """


_GROUPS = (messages, policy, outcome)
_FIGURES = (report, drift, law)
for each in (*PROCESSES.values(), *_GROUPS, import_, vouch, complete, keep, dissent, *_FIGURES, *RIGHTS):
    main.add_command(each)


@main.command()
def migrate() -> None:
    """Bring the database to the schema of this version; harmless to repeat."""
    before, after = bring_up_to_date(settings.load())
    click.echo(f"{before or 'empty'} -> {after}" if before != after else f"already at {after}")


@main.command()
def check() -> None:
    """Check configuration and dependencies, one line each; ends with 1 when something is wrong."""
    failed = False
    for line in checks.run():
        failed |= not line.good
        click.echo(f"{'ok  ' if line.good else 'FAIL'}  {line.what}: {line.detail}")
    click.echo("\nSettings (environment variable, default, allowed, meaning):")
    for name, default, allowed, sentence in settings.table():
        click.echo(f"  {name}  [{default}]  {allowed}\n      {sentence}")
    raise SystemExit(1 if failed else 0)


@main.command()
@click.argument("case_id")
@click.option("--json", "as_json", is_flag=True, help="As JSON, as GET /cases/ID answers.")
def case(case_id: str, as_json: bool) -> None:
    """Print the whole history of a case: who, what, when, under which policy and model version.

    What the AI said stays hidden until the case is resolved.
    """
    view = build(settings.load()).ledger.view(case_id)
    if view is None:
        raise fault(Category.NOT_FOUND, "not-found", "there is no such case; 'cases' lists the latest")
    told = trace(view.case, view.history, view.deliveries, view.chain_broken_at, asked_again=view.asked_again)
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False, default=str))
        return
    click.echo(f"case {told['case']}  {told['question']}  {told['task']}")
    click.echo(f"state {told['state']}  accountable: {told['accountable']}  chain: {told['chain']}")
    for event in told["history"]:
        under = " ".join(filter(None, (event["policy"], event["card"])))
        click.echo(f"{event['at']}  {event['event']}  -> {event['state']}  by {event['actor']}  {under}")
        if event["detail"]:
            click.echo(f"    {json.dumps(event['detail'], ensure_ascii=False, default=str)}")
    for each in told["deliveries"]:
        click.echo(
            f"delivery {each['document']}  {each['kind']} to {each['destination']}: {each['state']}, "
            f"{each['attempts']} attempts; {each['last'] or ''}"
        )


@main.command()
@LIMIT
def cases(limit: int) -> None:
    """List the latest cases with their states."""
    for each in build(settings.load()).ledger.recent(limit):
        told = summary(each)
        click.echo(
            f"{told['opened']}  {told['case']}  {told['state']:<14}  {told['question']}  {told['task']}"
        )


@main.command()
@click.argument("case_id")
@click.option("--by", required=True, type=WORDS, help="Who resumes it; stands in the history.")
def resume(case_id: str, by: str) -> None:
    """Put a held or faulted case back to where it stood, so that it goes on."""
    found = _decided(lambda ledger: ledger.resume(case_id, by, now()), "resumed")
    click.echo(f"{case_id} goes on from state {public_state(found.position.state)}")


@main.command()
@click.argument("case_id")
@click.option("--by", required=True, type=WORDS, help="Who holds it; stands in the history.")
@click.option("--reason", required=True, type=WORDS, help="Why; stands in the history.")
def hold(case_id: str, by: str, reason: str) -> None:
    """Stop a case that is under way, wherever it stands, until a person resumes or ends it."""
    _decided(lambda ledger: ledger.hold(case_id, by, reason, now()), "held", "a case that is under way")
    click.echo(f"{case_id} is held; 'resume' lets it go on, 'end' ends it")


@main.command()
@click.argument("case_id")
@click.option("--by", required=True, type=WORDS, help="Who ends it; stands in the history.")
@click.option("--reason", required=True, type=WORDS, help="Why; the EHR reads it in Task.statusReason.")
def end(case_id: str, by: str, reason: str) -> None:
    """End a held or faulted case without a second opinion.

    The EHR's Task becomes failed with the reason, an open offer to a specialist is called off, and
    what the AI said stays sealed.
    """
    _decided(lambda ledger: ledger.end(case_id, by, reason, now()), "ended")
    click.echo(f"{case_id} is ended; the worker tells the EHR next")


@main.command()
@click.argument("case_id")
@click.option(
    "--by", required=True, type=WORDS, help="Who withdraws it; stands in the history and in Provenance."
)
@click.option("--reason", required=True, type=WORDS, help="Why; whoever received the opinion reads it.")
def withdraw(case_id: str, by: str, reason: str) -> None:
    """Withdraw the released AI opinion of a case.

    Its Observation and DiagnosticReport become entered-in-error, here and wherever they were sent, with a
    Provenance that says who and why; the Task names it. Nothing is deleted.
    """
    said = Withdrawal(by, reason, now())
    _decided(lambda ledger: ledger.withdraw(case_id, said), "withdrawn", "an opinion that was released")
    click.echo(f"{case_id} is withdrawn; the worker tells whoever received it next")


@main.command("withdraw-model")
@click.argument("card")
@click.option("--by", required=True, type=WORDS, help="Who withdraws it.")
@click.option("--reason", required=True, type=WORDS, help="Why; whoever received an opinion of it reads it.")
def withdraw_model(card: str, by: str, reason: str) -> None:
    """Withdraw a model version, NAME@VERSION, with all its opinions.

    Released opinions are withdrawn; reads that are still sealed count as declines, so that a human
    reads instead; the model is not asked again. A version stays withdrawn: mend it under a new one.
    """
    house = build(settings.load())
    known = {each.identity for each in house.models} | house.ledger.models()
    if card not in known:
        text = f"no such model version has read here; known: {', '.join(sorted(known))}"
        raise fault(Category.NOT_FOUND, "not-found", text)
    try:
        count = house.ledger.withdraw_model(card, Withdrawal(by, reason, now()))
    except Raced as error:
        raise fault(Category.CONFLICT, "duplicate", "this model version is withdrawn already") from error
    click.echo(f"{card} is withdrawn; opinions to be taken back: {count}")


def _decided(
    decide: Callable[[Ledger], CaseRow | None], what: str, of: str = "a held or faulted case"
) -> CaseRow:
    """A person's decision on a case that waits for one."""
    try:
        found = decide(build(settings.load()).ledger)
    except IllegalMove as error:
        # The law's own words would name the state, which may be under seal.
        text = f"only {of} can be {what}; 'case' tells where this one stands"
        raise fault(Category.CONFLICT, "business-rule", text) from error
    if found is None:
        raise fault(Category.NOT_FOUND, "not-found", "there is no such case; 'cases' lists the latest")
    return found


@main.command()
def parked() -> None:
    """List deliveries that were given up, with the destination's last words."""
    rows = build(settings.load()).deliveries.listed(PARKED)
    for each in rows:
        about = f", case {each.case_id}" if each.case_id else ""
        click.echo(f"{each.document_id}  {each.kind} to {each.destination}{about}: {each.last_outcome}")
    if not rows:
        click.echo("nothing is parked")


@main.command()
@click.argument("document_id")
def resend(document_id: str) -> None:
    """Put a parked delivery back into the queue."""
    if not build(settings.load()).deliveries.send_again(document_id, now(), timedelta(days=4)):
        raise fault(Category.NOT_FOUND, "not-found", "no parked delivery has this id; 'parked' lists them")
    click.echo("queued; the worker sends it next")


@main.command()
@click.option("--now", "name", metavar="NAME", help="Let the worker look at this partner at once.")
def partners(name: str | None) -> None:
    """List the partners that are polled for Tasks: the last look at each, the next, and what went wrong."""
    house = build(settings.load())
    if name is not None and (name not in house.polled or not house.partners.look_now(name, now())):
        text = "no partner of this name is polled; 'partners' lists them, once a worker has started"
        raise fault(Category.NOT_FOUND, "not-found", text)
    rows = house.partners.listed(tuple(house.polled))
    for each in rows:
        last = instant(each.answered_at) if each.answered_at else "never"
        why = f": {each.last_error}" if each.last_error else ""
        click.echo(
            f"{each.name}: last good look {last}, next {instant(each.due_at)}; {each.taken} Tasks taken in, "
            f"{each.refused} refused; {each.failures} failed looks in a row{why}"
        )
    if not rows:
        click.echo("nobody is polled")


@main.command()
@click.argument("csv", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--export", is_flag=True, help="Write the directory into the file instead.")
def directory(csv: Path, *, export: bool) -> None:
    """Load specialists from a CSV file; repeating it updates them."""
    if export:
        text, left_out = dump_directory(build(settings.load()))
        csv.write_text(text, encoding="utf-8")
        click.echo(f"{len(text.splitlines()) - 1} roles are written; {left_out} have no place in the table")
        return
    if not csv.exists():
        raise click.BadParameter(f"File '{csv}' does not exist.", param_hint="'CSV'")
    count = load_directory(build(settings.load()), table_in(csv), now())
    click.echo(f"{count} specialists are in the directory")


@main.command()
def reindex() -> None:
    """Write the search values of all resources anew; once, after a release that finds by more than before."""
    count = reindex_all(build(settings.load()).database, lambda body: rows(own(body)))
    click.echo(f"{count} resources are found by all that this release knows")


@main.command()
def types() -> None:
    """Print the resource types of the FHIR door as a Markdown table, with the parameters that find them."""
    click.echo(table())

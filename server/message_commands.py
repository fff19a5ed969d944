"""``messages``: what became of HL7 v2 messages, and what a person decides about those that are stuck."""

from __future__ import annotations

import json

import click

from server import settings
from server.clock import now
from server.console.messages import line, told
from server.errors import Category, fault
from server.hl7v2.mapping.catalogue import page
from server.messages import ACCEPTED, Standing
from server.options import LIMIT, WORDS
from server.store.inbox import MessageStore
from server.times import instant
from server.wiring import build


@click.group()
def messages() -> None:
    """HL7 v2 messages: list them, have one tried again, set one aside."""


@messages.command("list")
@click.option(
    "--standing",
    "standings",
    multiple=True,
    type=click.Choice([each.value for each in Standing]),
    help="Only these; may be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, as GET /messages answers.")
@LIMIT
def list_(standings: tuple[str, ...], as_json: bool, limit: int) -> None:
    """List the latest messages with what became of them, and why."""
    found = [told(each) for each in _inbox().listed([Standing(each) for each in standings], limit)]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for each in found:
        click.echo(line(each))
        for why in (*each["reasons"], *each["notes"]):
            click.echo(f"    {why}")


@messages.command()
@LIMIT
def refused(limit: int) -> None:
    """List what was refused with AE, AR, CE or CR in the last 7 days, and why."""
    for number, link, at, reason, size in _inbox().refused(limit):
        click.echo(f"{number}  {instant(at)}  {link}  {size} bytes  {reason}")


@messages.command()
@click.argument("message")
@click.option("--exact", is_flag=True, help="Just its bytes, nothing else.")
def raw(message: str, exact: bool) -> None:
    """Print a message as it came, by its id, or by its number one that was refused; and its answer.

    It is about a patient: this is for whoever may see the data folder. Lines end in LF, but with --exact.
    """
    found = _inbox().raw(message)
    if found is None:
        text = "there is no such message; 'messages list' and 'messages refused' list the latest"
        raise fault(Category.NOT_FOUND, "not-found", text)
    payload, answer = found
    if exact:
        click.echo(payload, nl=False)
        return
    for each in (payload, answer):
        click.echo(_lines(each))


@messages.command()
@click.argument("message_id")
@click.option("--by", required=True, type=WORDS, help="Who decides; stands beside its reasons.")
def retry(message_id: str, by: str) -> None:
    """Have a held, parked or faulted message applied anew."""
    _decide(message_id, Standing.WAITING, f"tried again by {by}")
    click.echo(f"{message_id} is applied anew; 'messages list' tells what becomes of it")


@messages.command()
@click.argument("message_id")
@click.option("--by", required=True, type=WORDS, help="Who decides; stands beside its reasons.")
@click.option("--reason", required=True, type=WORDS, help="How it is known; stands beside its reasons.")
def accept(message_id: str, by: str, reason: str) -> None:
    """Say that its patient is who the number says, in spite of another name and birth date; apply it.

    An ADT message then changes name and birth date here, so that later messages fit.
    """
    _decide(message_id, Standing.WAITING, f"{ACCEPTED}{by}: {reason}")
    click.echo(f"{message_id} is applied anew; 'messages list' tells what becomes of it")


@messages.command("set-aside")
@click.argument("message_id")
@click.option("--by", required=True, type=WORDS, help="Who decides; stands beside its reasons.")
@click.option("--reason", required=True, type=WORDS, help="Why; stands beside its reasons.")
def set_aside(message_id: str, by: str, reason: str) -> None:
    """Make nothing of a held, parked or faulted message; what waits behind it goes on."""
    _decide(message_id, Standing.SET_ASIDE, f"set aside by {by}: {reason}")
    click.echo(f"{message_id} is set aside; what it says stands nowhere")


@messages.command()
def mapping() -> None:
    """Print what each field becomes in FHIR, as Markdown tables."""
    click.echo(page())


def _lines(payload: bytes) -> str:
    """For a terminal: nothing in it moves the cursor."""
    text = payload.decode("utf-8", "backslashreplace").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each if each == "\n" or each.isprintable() else f"\\x{ord(each):02x}" for each in text)


def _decide(message_id: str, standing: Standing, words: str) -> None:
    inbox = _inbox()
    if inbox.read(message_id) is None:
        text = "there is no such message; 'messages list' lists the latest"
        raise fault(Category.NOT_FOUND, "not-found", text)
    if not inbox.decide(message_id, standing, words, now()):
        text = "only a held, parked or faulted message is a person's to decide about"
        raise fault(Category.CONFLICT, "business-rule", text)


def _inbox() -> MessageStore:
    return build(settings.load()).inbox

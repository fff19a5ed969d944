"""``policy safe``, ``policy normal``: one person lets two humans read everything, two go back (S2.9)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from server import settings
from server.changes import EVERYTHING, Act, Switch, scope_of
from server.clock import now
from server.errors import Category, fault
from server.model import Device
from server.options import WORDS
from server.routing.change import same_person
from server.wiring import House, build


def _of_device(command: Callable[..., None]) -> Callable[..., None]:
    """Three options become one kind of device, or none."""

    @click.option("--maker", default="", help="Only images of this Manufacturer (0008,0070).")
    @click.option("--model", default="", help="With --maker: of this Manufacturer's Model Name (0008,1090).")
    @click.option("--software", default="", help="With --maker: of these Software Versions (0018,1020).")
    @wraps(command)
    def asked(maker: str, model: str, software: str, **more: Any) -> None:
        if not maker.strip() and (model.strip() or software.strip()):
            raise fault(Category.INCORRECT, "required", "a device is told by its --maker at least")
        command(device=Device(maker, model, software) if maker.strip() else None, **more)

    return asked


@click.command()
@click.option("--by", required=True, type=WORDS, help="Who throws the switch; one person suffices.")
@click.option("--reason", required=True, type=WORDS, help="Why; stands in the list.")
@click.option("--question", default=EVERYTHING, help="Left out: all questions.")
@_of_device
def safe(by: str, reason: str, question: str, device: Device | None) -> None:
    """Let two humans read every case (rule P0), at once.

    For new cases, and for open ones that are not resolved: what is locked, sealed or with a specialist stays
    so, and no case ends on the first reader's and the model's agreement any more.
    """
    house, scope = _house(question), _scope(question, device)
    if house.rulings.switches.throw(scope, by, reason, now()):
        click.echo(f"two humans read every case{_of(scope)} now; 'policy normal' asks to go back")
    else:
        click.echo(f"two humans read every case{_of(scope)} already")


@click.command()
@click.option("--by", required=True, type=WORDS, help="Who; two people are needed, one after the other.")
@click.option("--reason", required=True, type=WORDS, help="Why it is safe; stands in the list.")
@click.option("--question", default=EVERYTHING, help="As the switch was thrown.")
@_of_device
def normal(by: str, reason: str, question: str, device: Device | None) -> None:
    """Go back to the policies in force: the first person asks, another person repeats it.

    Cases that were sent to a specialist meanwhile stay with them.
    """
    house, scope = _house(question), _scope(question, device)
    said = house.rulings.switches.back(scope, by, reason, now(), lambda last: _act(last, by))
    if said is Act.NORMAL:
        click.echo(f"the policies in force decide again{_of(scope)}")
    else:
        click.echo("asked for; it stays as it is until another person repeats 'policy normal'")


def _act(last: Switch | None, by: str) -> Act:
    """What a person's word comes to."""
    if last is None or not last.on:
        text = "the switch is not thrown there; 'policy list' tells where it is"
        raise fault(Category.CONFLICT, "business-rule", text)
    if last.act is Act.SAFE:
        return Act.ASKED
    if same_person(last.by, by):
        text = "who asked to go back cannot grant it; another person must"
        raise fault(Category.FORBIDDEN, "business-rule", text)
    return Act.NORMAL


def _house(question: str) -> House:
    house = build(settings.load(), judged=False)
    if question not in (EVERYTHING, *house.policies):
        known = ", ".join(sorted(house.policies))
        raise fault(Category.NOT_FOUND, "not-found", f"there is no such question; known: {known}")
    return house


def _scope(question: str, device: Device | None) -> str:
    if device is None:
        return question
    if question:
        text = "a switch is for a question or for a device, whatever is asked about its images"
        raise fault(Category.INCORRECT, "value", text)
    return scope_of(device)


def _of(scope: str) -> str:
    return f" of {scope}" if scope else ""

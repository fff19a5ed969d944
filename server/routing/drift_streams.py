"""Which results are held against which: all devices together, and each device with its software.

A device whose own baseline is not full is held against that of all, so that a new software version is judged
by what came before it. One that alarms, for which the switch stands, or for which people went back to normal
is left out of what all come to together, with all of its manufacturer's model and in the baseline as well:
else one device would have every other one doubly read, and the rest would be held against what it was part
of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from server.changes import device_in, scope_of
from server.model import Answered, Device, DriftRule
from server.routing.drift import Judged, judge

ALL = ""
"""The scope of all devices together."""


@dataclass(frozen=True, slots=True)
class Since:
    """Behind which row results count, as people went back to normal; and where the switch stands."""

    question: int = 0
    devices: tuple[tuple[Device, int], ...] = ()
    """Those that people went back for after the question's row, or alone."""
    doubled: tuple[Device, ...] = ()

    def of(self, device: Device) -> int | None:
        """Of a device that people went back for."""
        rows = [row for kind, row in self.devices if row > self.question and kind.covers(device)]
        return max(rows, default=None)

    def stands(self, device: Device) -> bool:
        return any(kind.covers(device) for kind in self.doubled)


@dataclass(frozen=True, slots=True)
class Stream:
    """Results that are looked at together."""

    scope: str
    """Of the switch that is for it; ``ALL``: the question's."""
    judged: Judged
    own: bool
    """It is held against results of its own; else against those of all devices."""
    switched: bool = False
    """Two humans read everything of it anyway."""
    without: tuple[Device, ...] = ()
    """Manufacturer and model of what is left out, of ``ALL``."""


Lot = Sequence[Answered]
"""Of one device with its software, or of none; counted as a whole or not at all (``server.store.drift``)."""


def streams(rule: DriftRule, lots: Sequence[Lot], since: Since) -> list[Stream]:
    """All together first, then each device; ``lots`` in the order in which they became full.

    What is told is always of whole lots, so that no two figures differ by fewer than ten people: a baseline
    has as many as fill it, and a lot that people have gone back in the middle of is none of what comes since.
    """
    devices: dict[str, list[Lot]] = defaultdict(list)
    for lot in lots:
        if lot[0].device is not None:
            devices[scope_of(lot[0].device)].append(lot)
    rows = _after(lots, since.question)
    common, _ = _split(rows, rule.baseline)
    found = [_device(rule, scope, of, common, since) for scope, of in sorted(devices.items())]
    left = {_kind(each.scope) for each in found if _stands_out(each, since)}
    rest = [lot for lot in rows if not _is_one(lot[0].device, left)] if left else rows
    judged = _judged(rule, *_split(rest, rule.baseline), rest)
    return [Stream(ALL, judged, own=True, without=tuple(sorted(left, key=repr))), *found]


def _device(rule: DriftRule, scope: str, of: Sequence[Lot], common: Sequence[Lot], since: Since) -> Stream:
    kind = _named(scope)
    after = since.of(kind)
    rows = _after(of, since.question if after is None else after)
    base, later = _split(rows, rule.baseline)
    switched = since.stands(kind)
    own = Stream(scope, _judged(rule, base, later, rows), own=True, switched=switched)
    if after is not None or _people(common) < rule.baseline:
        return own
    first = [lot for lot in base if lot[-1].seq > common[-1][-1].seq]
    new = Stream(scope, _judged(rule, common, first, rows), own=False, switched=switched)
    return own if later and not new.judged.alarms else new


def _after(lots: Sequence[Lot], row: int) -> list[Lot]:
    return [lot for lot in lots if lot[0].seq > row]


def _split(lots: Sequence[Lot], baseline: int) -> tuple[Sequence[Lot], Sequence[Lot]]:
    """Baseline, and what comes after it."""
    people = 0
    for number, lot in enumerate(lots):
        if people >= baseline:
            return lots[:number], lots[number:]
        people += len(lot)
    return lots, ()


def _people(lots: Sequence[Lot]) -> int:
    return sum(map(len, lots))


def _judged(rule: DriftRule, base: Sequence[Lot], rows: Sequence[Lot], every: Sequence[Lot]) -> Judged:
    return judge(rule, *(list(chain.from_iterable(each)) for each in (base, rows, every)))


def _stands_out(stream: Stream, since: Since) -> bool:
    return bool(stream.judged.alarms) or stream.switched or since.of(_named(stream.scope)) is not None


def _named(scope: str) -> Device:
    return device_in(scope) or Device("")


def _kind(scope: str) -> Device:
    device = _named(scope)
    return Device(device.maker, device.model)


def _is_one(device: Device | None, kinds: Collection[Device]) -> bool:
    return device is not None and any(kind.covers(device) for kind in kinds)


def alarming(found: Sequence[Stream]) -> Iterator[Stream]:
    """Those of which an alarm is to be told, or acted on."""
    return (each for each in found if each.judged.alarms and not each.switched)

"""Which results are held against which: all devices together, and each device with its software.

A device whose own baseline is not full is held against that of all, so that a new software version is judged
by what came before it. One that alarms, for which the switch stands, or for which people went back to normal
is left out of what all come to together, with all of its manufacturer's model and in the baseline as well:
else one device would have every other one doubly read, and the rest would be held against what it was part
of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from server.changes import device_in
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


def streams(
    rule: DriftRule,
    together: Sequence[Answered],
    devices: Mapping[str, Sequence[Answered]],
    since: Since,
) -> list[Stream]:
    """All together first, then each device; ``devices`` by the scope of its switch."""
    rows = [each for each in together if each.seq > since.question]
    common = rows[: rule.baseline]
    found = [_device(rule, scope, of, common, since) for scope, of in sorted(devices.items())]
    left = {_kind(each.scope) for each in found if _stands_out(each, since)}
    rest = [each for each in rows if not _is_one(each.device, left)] if left else rows
    base = rest[: rule.baseline]
    judged = judge(rule, base, rest[rule.baseline :], rest)
    return [Stream(ALL, judged, own=True, without=tuple(sorted(left, key=repr))), *found]


def _device(
    rule: DriftRule, scope: str, of: Sequence[Answered], common: Sequence[Answered], since: Since
) -> Stream:
    kind = _named(scope)
    after = since.of(kind)
    begun = since.question if after is None else after
    rows = [each for each in of if each.seq > begun]
    switched = since.stands(kind)
    own = Stream(
        scope,
        judge(rule, rows[: rule.baseline], rows[rule.baseline :], rows),
        own=True,
        switched=switched,
    )
    if after is not None:
        return own
    if len(common) < rule.baseline:
        return own
    first = [each for each in rows[: rule.baseline] if each.seq > common[-1].seq]
    new = Stream(scope, judge(rule, common, first, rows), own=False, switched=switched)
    return own if len(rows) > rule.baseline and not new.judged.alarms else new


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

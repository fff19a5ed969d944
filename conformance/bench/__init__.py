"""``python -m conformance bench``: measurements over the wire, beside a peer in the same run."""

from __future__ import annotations

import click

from conformance.bench.create import create
from conformance.bench.fhir import fhir
from conformance.bench.mllp import mllp
from conformance.bench.opinion import opinion
from conformance.bench.second_read import second_read
from conformance.bench.store import store
from conformance.bench.study import study


@click.group()
def bench() -> None:
    """Measure a server over the wire.

    Figures come as one line of JSON each on standard output ({name, ours, peer, ratio, unit});
    standard error tells the same in words, with a progress bar on a terminal.
    """


bench.add_command(opinion)
bench.add_command(create)
bench.add_command(fhir)
bench.add_command(store)
bench.add_command(study)
bench.add_command(second_read)
bench.add_command(mllp)

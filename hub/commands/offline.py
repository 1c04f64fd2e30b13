"""`revisit ledger leases` and `exposure`: what may be spent without the hub, and lost."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.commands.programme_file import read_programme
from hub.decisions.lease_keeper import OpenLease, open_leases
from hub.ledger.exposure import exposure
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.line_text import moment, short_card
from loyalty.clock import SystemClock
from loyalty.programme import Programme, in_force

Db = Annotated[str, typer.Option("--db", help="The ledger: a file, or postgresql://…")]
Programmes = Annotated[
    list[Path], typer.Option("--programme", help="A version of the programme; all of them.")
]

DEVICES_TOLD = 5

app = typer.Typer()


@app.command("leases")
def leases_command(programme: Programmes, db: Db = "ledger.db") -> None:
    """List what cards carry, and what each lease waits for before it can lapse."""
    programmes = [read_programme(it) for it in programme]
    with closing(open_ledger(db)) as ledger:
        found = open_leases(ledger, programmes, SystemClock().now_ms())
    for it in found:
        typer.echo(lease_line(it))
    typer.echo(f"{len(found):,} leases")


@app.command("exposure")
def exposure_command(programme: Programmes, db: Db = "ledger.db") -> None:
    """Show the most that can be lost while devices cannot ask the hub."""
    programmes = [read_programme(it) for it in programme]
    with closing(open_ledger(db)) as ledger:
        _print_exposure(ledger, in_force(programmes, SystemClock().now_ms()))


def _print_exposure(ledger: Ledger, programme: Programme) -> None:
    found, terms = exposure(ledger, programme), programme.offline
    table = Table("worst loss now", f"{found.points:,} points", title=ledger.place)
    table.add_row("devices that may spend", f"{found.devices:,}")
    table.add_row("each, between two talks with the hub", f"{terms.device_points:,} points")
    table.add_row(
        "a card that can be copied, at each device", f"{terms.identifier_points:,} points"
    )
    table.add_row("such cards known by now", f"{found.cards:,}")
    table.add_row("all that these could take", f"{found.known_points:,} points")
    table.add_row("on leases besides, and covered", f"{found.leased_points:,} points")
    Console().print(table)


def lease_line(lease: OpenLease) -> str:
    """Return how a lease stands, and whom it waits for, in one line."""
    row = lease.row
    says = f"{row.points:,} points, {row.status}, free at {moment(lease.free_ms)}"
    return f"lease {row.lease} of card {short_card(row.card)}: {says}{_waits(lease)}"


def _waits(lease: OpenLease) -> str:
    names = [f"{it.device} ({it.epoch})" for it in lease.waits_for]
    if not names:
        return ""
    more = f" and {len(names) - DEVICES_TOLD} more" if len(names) > DEVICES_TOLD else ""
    return f", waits for {', '.join(names[:DEVICES_TOLD])}{more}"

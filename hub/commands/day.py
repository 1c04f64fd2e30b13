"""`revisit ledger day`: close a store's business days by hand, and see how they stand."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.commands.person import Staff
from hub.commands.programme_file import read_programme
from hub.decisions.decisions import Decisions
from hub.decisions.store_days import next_opens_ms, number_of
from hub.ledger.closed_days import DAYS_MAX, closed_days
from hub.ledger.day_end import Missing, missing, stores
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.line_text import moment
from loyalty.clock import SystemClock
from loyalty.programme import Programme

Db = Annotated[str, typer.Option("--db", help="The ledger: a file, or postgresql://…")]
Programmes = Annotated[
    list[Path], typer.Option("--programme", help="A version of the programme; all of them.")
]

app = typer.Typer(help="Close business days, and see how they stand.", no_args_is_help=True)


@app.command("close")
def close_command(
    store: Annotated[str, typer.Option(help="The store whose day is over.")],
    day: Annotated[int, typer.Option(help="The business day, such as 20170301.")],
    programme: Programmes,
    staff: Staff,
    db: Db = "ledger.db",
) -> int:
    """Close a store's business day, or say which lines are missing; then exit 1."""
    with closing(open_ledger(db)) as ledger:
        decisions = Decisions(ledger, [read_programme(it) for it in programme])
        owed = decisions.close_day(store, day, SystemClock().now_ms(), staff)
    _tell_missing(owed)
    if not owed:
        typer.echo(f"closed: {store}, {day}")
    return 1 if owed else 0


@app.command("status")
def status_command(
    programme: Programmes,
    db: Db = "ledger.db",
    store: Annotated[str, typer.Option(help="Only this store.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=DAYS_MAX, help="Closed days of each.")] = 7,
) -> None:
    """Show the last closed days, the day that is to close next, and what it lacks."""
    programmes = [read_programme(it) for it in programme]
    with closing(open_ledger(db)) as ledger:
        for name in [store] if store else stores(ledger):
            _print_closed(ledger, name, limit)
            _tell_open(ledger, name, programmes)


def _print_closed(ledger: Ledger, store: str, limit: int) -> None:
    table = Table("day", "closed", "by", title=f"store {store}")
    table.add_column("lines so far", justify="right")
    table.add_column("digest", overflow="fold")
    for it in closed_days(ledger, store, limit):
        who = it.staff or "the hub"
        table.add_row(str(it.day), moment(it.closed_ms), who, f"{it.lines:,}", it.digest)
    Console().print(table)


def _tell_open(ledger: Ledger, store: str, programmes: Sequence[Programme]) -> None:
    day = Decisions(ledger, programmes).open_day(store)
    if day is None:
        typer.echo(f"{store}: no line has come yet")
        return
    number, opens_ms = number_of(day), next_opens_ms(day, programmes)
    if SystemClock().now_ms() < opens_ms:
        typer.echo(f"{store}: {number} is open until {moment(opens_ms)}")
        return
    owed = missing(ledger, store, number, opens_ms)
    typer.echo(f"{store}: {number} is over and {'cannot close yet' if owed else 'can be closed'}")
    _tell_missing(owed)


def _tell_missing(owed: Sequence[Missing]) -> None:
    for it in owed:
        lines = f"lines {it.first} to {it.last}" if it.last else f"line {it.first} and later"
        typer.echo(f"missing: device {it.device}, epoch {it.epoch or 'none yet'}, {lines}")

"""`revisit ledger`: what a member has, what moved, and whether what must hold does."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hub.commands import (
    adjust,
    card,
    carried,
    copies,
    day,
    fork,
    heads,
    offline,
    rebuild,
)
from hub.commands.hub import run_app
from hub.commands.person import Staff
from hub.commands.programme_file import read_programme
from hub.decisions.decisions import Decisions
from hub.ledger.digest import digest
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.queries import history, line_counts, member_cards, member_view, open_cases
from hub.ledger.rescore import count_facts, rescore
from hub.ledger.verify import Holds, broken, verify
from loyalty.clock import SystemClock
from loyalty.fields import TIME_MAX_MS

Db = Annotated[str, typer.Option("--db", help="The ledger: a file, or postgresql://…")]
Member = Annotated[str, typer.Argument(help="The member's token, as cards carry it.")]

DIFFERENCES_SHOWN_MAX = 1_000

_app = typer.Typer(help="Look into the ledger.", no_args_is_help=True, add_completion=False)
_app.add_typer(copies.app)
_app.add_typer(offline.app)
_app.add_typer(adjust.app, name="adjust")
_app.add_typer(card.app, name="card")
_app.add_typer(carried.app)
_app.add_typer(day.app, name="day")
_app.add_typer(fork.app, name="fork")
_app.add_typer(heads.app)
_app.add_typer(rebuild.app)
_WORDS = {True: "[green]holds[/]", False: "[bold red]broken[/]", "absent": "[dim]absent[/]"}


def main(arguments: list[str]) -> int:
    """Run one of the commands of `revisit ledger`; return the exit status."""
    return run_app(_app, arguments, "revisit ledger")


@_app.command("verify")
def verify_command(
    db: Db = "ledger.db",
    programme: Annotated[
        list[Path] | None, typer.Option(help="A version of the programme, to fold from zero.")
    ] = None,
) -> int:
    """Check what must always hold; exit 1 if something does not."""
    programmes = [read_programme(path) for path in programme or []]
    with closing(open_ledger(db)) as ledger:
        invariants = verify(ledger, programmes, SystemClock().now_ms())
        _print_invariants(ledger, invariants)
    return 1 if broken(invariants) else 0


@_app.command("rescore")
def rescore_command(
    programme: Annotated[list[Path], typer.Option(help="A version of the programme; all of them.")],
    db: Db = "ledger.db",
) -> int:
    """Fold every member from zero and show where the ledger differs; exit 1 if it does."""
    programmes = [read_programme(path) for path in programme]
    with (
        closing(open_ledger(db)) as ledger,
        ledger.engine.snapshot(),
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        task = progress.add_task("folding", total=count_facts(ledger))
        found = list(rescore(ledger, programmes, lambda n: progress.advance(task, n)))
        facts = progress.tasks[task].completed
    for it in found[:DIFFERENCES_SHOWN_MAX]:
        typer.echo(f"{it.member}: {it.what} is {it.booked or 'none'}, folded {it.folded or 'none'}")
    typer.echo(f"{facts:,.0f} facts folded from zero, {len(found):,} differences")
    return 1 if found else 0


@_app.command("declare-lost")
def declare_lost_command(
    device: Annotated[str, typer.Argument(help="The device's name.")],
    epoch: Annotated[str, typer.Argument(help="The epoch of its journal.")],
    from_line: Annotated[int, typer.Argument(min=1, help="The first line that is lost.")],
    staff: Staff,
    db: Db = "ledger.db",
) -> None:
    """State that a device's lines will never come, so that days need not wait for them."""
    with closing(open_ledger(db)) as ledger:
        now_ms = SystemClock().now_ms()
        Decisions(ledger, []).declare_lost(device, epoch, from_line, now_ms, staff)
    typer.echo(f"lines of {device} from {from_line} on are not waited for any more")


@_app.command("balance")
def balance_command(member: Member, db: Db = "ledger.db") -> None:
    """Show what a member has."""
    with closing(open_ledger(db)) as ledger, ledger.engine.snapshot():
        view = member_view(ledger, member, SystemClock().now_ms())
        cards = member_cards(ledger, member)
    title = f"{member}: {view.balance_points:,} points, tier {view.tier}"
    table = Table("operation", "leg", "earned", "good until", title=title)
    table.add_column("left", justify="right")
    for lot in view.lots:
        # `expires_ms` is the first instant at which they are gone.
        until = "for ever" if lot.expires_ms >= TIME_MAX_MS else _day(lot.expires_ms - 1)
        times = (_day(lot.earned_ms), until)
        table.add_row(lot.op, lot.leg, *times, f"{lot.remaining_points:,}")
    notes = f"reserved {view.reserved_points:,}, debt {view.debt_points:,}"
    if view.leased_points:
        notes += f", on cards besides {view.leased_points:,}"
    table.caption = f"{notes}, qualifying {view.qualifying_points:,}, version {view.version}"
    Console().print(table)
    for known in cards:
        typer.echo(f"card {known.uid}: {known.kind or 'kind not known yet'}, {known.status}")


@_app.command("history")
def history_command(
    member: Member,
    db: Db = "ledger.db",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
) -> None:
    """Show how a member's points moved, newest first."""
    with closing(open_ledger(db)) as ledger:
        movements = history(ledger, member, limit)
    table = Table("happened", "booked", "device", title=member)
    table.add_column("operation", overflow="fold")  # a key that is cut off is no key
    table.add_column("leg")
    table.add_column("points", justify="right")
    for it in movements:
        times = (_moment(it.event_ms), _moment(it.booked_ms))
        table.add_row(*times, it.device, it.op, it.leg, f"{it.points:+,}")
    Console().print(table)


def _print_invariants(ledger: Ledger, invariants: dict[str, Holds]) -> None:
    console = Console()
    table = Table("what must hold", "", title=ledger.place)
    for name, holds in invariants.items():
        table.add_row(name.replace("_", " "), _WORDS[holds])
    counts = line_counts(ledger)
    words = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
    table.caption = f"lines: {words or 'none'}; open cases: {len(open_cases(ledger)):,}"
    console.print(table)
    console.print(f"digest {digest(ledger)}", highlight=False)


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")

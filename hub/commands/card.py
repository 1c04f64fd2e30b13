"""`revisit ledger card`: a card that is stopped, or allowed again, and what it carries."""

from contextlib import closing
from typing import Annotated

import typer

from hub.commands.offline import Db, Programmes, lease_line
from hub.commands.person import Staff
from hub.commands.programme_file import read_programme
from hub.decisions.decisions import Decisions
from hub.decisions.lease_keeper import open_leases
from hub.ledger.books import Books
from hub.ledger.ledger import open_ledger
from hub.ledger.line_text import short_card
from loyalty.clock import SystemClock

Uid = Annotated[str, typer.Argument(help="The card's number, as lines have it.")]

app = typer.Typer(help="Stop a card, allow it again, look at it.", no_args_is_help=True)


@app.command("stop")
def stop_command(
    uid: Uid,
    reason: Annotated[str, typer.Option(help="lost, stolen, cloned, worn or retired.")],
    staff: Staff,
    db: Db = "ledger.db",
) -> None:
    """Stop a card: no terminal that has heard of it lets it spend, and the hub grants nothing."""
    with closing(open_ledger(db)) as ledger:
        Decisions(ledger, []).stop_card(uid, reason, SystemClock().now_ms(), staff)
    typer.echo(f"card {short_card(uid)} is stopped: who cannot reach the hub may not know yet")


@app.command("allow")
def allow_command(uid: Uid, staff: Staff, db: Db = "ledger.db") -> None:
    """Let a card that was stopped be used again."""
    with closing(open_ledger(db)) as ledger:
        Decisions(ledger, []).allow_card(uid, SystemClock().now_ms(), staff)
    typer.echo(f"card {short_card(uid)} may be used again")


@app.command("show")
def show_command(uid: Uid, programme: Programmes, db: Db = "ledger.db") -> int:
    """Show whose a card is, what it carries, and for which devices that waits; 1 if unknown."""
    programmes = [read_programme(it) for it in programme]
    with closing(open_ledger(db)) as ledger:
        card = Books(ledger).cards.find(uid)
        leases = open_leases(ledger, programmes, SystemClock().now_ms())
    if card is None:
        typer.echo(f"card {short_card(uid)} is not known")
        return 1
    kind = card.kind or "kind not known yet"
    typer.echo(f"card {uid}: {kind}, {card.status}, {card.member}'s, counter {card.counter}")
    for it in leases:
        if it.row.card == uid:
            typer.echo(lease_line(it))
    return 0

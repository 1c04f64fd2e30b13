"""`revisit ledger adjust`: points by hand, which take two people."""

import json
import secrets
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.commands.person import Staff
from hub.commands.programme_file import read_programme
from hub.decisions.adjustments import KIND, REASONS, Adjustments, Terms, terms_of
from hub.ledger.ledger import open_ledger
from hub.ledger.line_text import moment
from hub.ledger.proposals import LIST_MAX, Proposal, find_proposals
from loyalty.clock import SystemClock

Db = Annotated[str, typer.Option("--db", help="The ledger: a file, or postgresql://…")]
Number = Annotated[str, typer.Argument(help="The proposal's number.")]
Programmes = Annotated[
    list[Path], typer.Option("--programme", help="A version of the programme; all of them.")
]

NUMBER_BYTES = 4

app = typer.Typer(help="Give a member points, or take some: two people do.", no_args_is_help=True)


@app.command("propose")
def propose_command(
    member: Annotated[str, typer.Argument(help="The member's token, as cards carry it.")],
    points: Annotated[int, typer.Option(help="How many; negative to take them.")],
    reason: Annotated[str, typer.Option(help=", ".join(REASONS))],
    note: Annotated[str, typer.Option(help="What happened, in a sentence.")],
    staff: Staff,
    programme: Programmes,
    db: Db = "ledger.db",
    store: Annotated[str, typer.Option(help="With retro_credit: where the receipt is from.")] = "",
    receipt: Annotated[str, typer.Option(help="With retro_credit: whose points it gives.")] = "",
) -> None:
    """Propose what somebody else has to agree to; print the proposal's number."""
    number = secrets.token_hex(NUMBER_BYTES)
    terms = json.dumps(Terms(points, receipt, store))
    now_ms = SystemClock().now_ms()
    proposal = Proposal(number, KIND, member, terms, reason, note, staff, now_ms)
    with closing(open_ledger(db)) as ledger:
        Adjustments(ledger, [read_programme(it) for it in programme]).propose(proposal)
    typer.echo(number)


@app.command("list")
def list_command(
    db: Db = "ledger.db",
    is_open: Annotated[bool, typer.Option("--open", help="Leave decided ones out.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=LIST_MAX, help="At most so many.")] = 100,
) -> None:
    """List proposals, the newest first."""
    with closing(open_ledger(db)) as ledger:
        found = find_proposals(ledger, KIND, is_open=is_open, limit=limit)
    headings = ("proposal", "made", "member", "points", "reason", "store", "receipt", "by")
    table = Table(*headings, "decided")
    for it in found:
        points, receipt, store = terms_of(it)
        decided = "" if it.status == "open" else f"{it.status} by {it.checker}"
        row = (moment(it.made_ms), it.subject, f"{points:+,}", it.reason, store, receipt)
        table.add_row(it.id, *row, it.maker, decided)
    Console().print(table)


@app.command("agree")
def agree_command(
    number: Number, staff: Staff, programme: Programmes, db: Db = "ledger.db"
) -> None:
    """Agree to somebody else's proposal, which counts from then on."""
    _decide(number, staff, programme, db, agrees=True)


@app.command("refuse")
def refuse_command(
    number: Number, staff: Staff, programme: Programmes, db: Db = "ledger.db"
) -> None:
    """Refuse somebody else's proposal."""
    _decide(number, staff, programme, db, agrees=False)


def _decide(number: str, staff: str, programme: list[Path], db: str, *, agrees: bool) -> None:
    programmes = [read_programme(it) for it in programme]
    with closing(open_ledger(db)) as ledger:
        now_ms = SystemClock().now_ms()
        decided = Adjustments(ledger, programmes).decide(number, staff, now_ms, agrees=agrees)
    typer.echo(f"{decided.status}: {terms_of(decided).points:+,} points for {decided.subject}")

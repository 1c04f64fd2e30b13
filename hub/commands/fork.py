"""`revisit ledger fork`: which versions of a forked chain there are, and which of them count."""

import secrets
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.commands.person import Staff
from hub.commands.programme_file import read_programme
from hub.decisions.forks import KIND, agree_to_adoption, propose_adoption, refuse_adoption
from hub.ledger.branches import Branch, branches, forked_chain, forked_chains
from hub.ledger.ledger import open_ledger
from hub.ledger.line_text import fields, moment
from hub.ledger.proposals import Proposal, find_proposals
from loyalty.clock import SystemClock

LINES_SHOWN_MAX = 200  # of each branch

Db = Annotated[str, typer.Option("--db", help="The ledger: a file, or postgresql://…")]
Device = Annotated[str, typer.Argument(help="The device's name.")]
Epoch = Annotated[str, typer.Argument(help="The epoch of its journal.")]
Number = Annotated[str, typer.Argument(help="The proposal, as `propose` or `list` told it.")]

app = typer.Typer(help="Decide which version of a copied device counts.", no_args_is_help=True)


@app.command("list")
def list_command(db: Db = "ledger.db") -> None:
    """List forked chains with their branches, and what was proposed about them."""
    table = Table("device", "epoch", "branch", "lines", "of them wait", "came")
    with closing(open_ledger(db)) as ledger:
        for chain in forked_chains(ledger.connection):
            for it in branches(ledger.connection, chain):
                lines = f"{it.lines[0].seq} to {it.lines[-1].seq}"
                row = (chain.device, chain.epoch, it.name, lines, str(len(it.waiting)), _came(it))
                table.add_row(*row)
        open_ones = find_proposals(ledger, KIND, is_open=True)
    Console().print(table)
    for made in open_ones:
        typer.echo(f"proposal {made.id} by {made.maker}: {made.subject}, {made.terms}: {made.note}")


@app.command("show")
def show_command(device: Device, epoch: Epoch, db: Db = "ledger.db") -> None:
    """Show the lines of each branch of a forked chain."""
    with closing(open_ledger(db)) as ledger:
        found = branches(ledger.connection, forked_chain(ledger.connection, device, epoch))
    for branch in found:
        typer.echo(f"branch {branch.name}, {_came(branch)}")
        for it in branch.lines[:LINES_SHOWN_MAX]:
            said = ", ".join(f"{name} {value}" for name, value in fields(it.line))
            state = "waits" if it.waits else "counts or was judged"
            typer.echo(f"    {it.seq}  {moment(it.received_ms)}  {state}: {said}")
        left = len(branch.lines) - LINES_SHOWN_MAX
        if left > 0:
            typer.echo(f"    and {left:,} more lines")


@app.command("propose")
def propose_command(
    device: Device,
    epoch: Epoch,
    branch: Annotated[list[str], typer.Option(help="A branch that counts; may be given again.")],
    staff: Staff,
    note: Annotated[str, typer.Option(help="A sentence that says why.")],
    db: Db = "ledger.db",
) -> None:
    """Propose which branches count, as far as they have come; another person has to agree."""
    number = secrets.token_hex(4)
    made = Proposal(number, "", "", "", "", note, staff, SystemClock().now_ms())
    with closing(open_ledger(db)) as ledger:
        whole = propose_adoption(ledger, device, epoch, branch, made)
    typer.echo(f"proposal {number}: {whole.subject}, {whole.terms}")


@app.command("agree")
def agree_command(
    number: Number,
    staff: Staff,
    programme: Annotated[list[Path], typer.Option(help="A version of the programme; all of them.")],
    db: Db = "ledger.db",
) -> None:
    """Agree to a proposal: its lines post."""
    programmes = [read_programme(it) for it in programme]
    with closing(open_ledger(db)) as ledger:
        lines = agree_to_adoption(ledger, programmes, number, staff, SystemClock().now_ms())
    typer.echo(f"adopted: {lines:,} lines")


@app.command("refuse")
def refuse_command(number: Number, staff: Staff, db: Db = "ledger.db") -> None:
    """Refuse a proposal; nothing posts."""
    with closing(open_ledger(db)) as ledger:
        refuse_adoption(ledger, number, staff, SystemClock().now_ms())
    typer.echo(f"refused: {number}")


def _came(branch: Branch) -> str:
    if branch.came_first:
        return "first"
    return "beside it" if branch.is_rooted else "beside it, its beginning is missing"

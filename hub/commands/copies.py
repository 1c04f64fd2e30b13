"""`revisit ledger backup`, `restore`, `restored` and `export`: the ledger leaves and comes back."""

import secrets
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hub.ledger.backup import Copy, back_up
from hub.ledger.export import export
from hub.ledger.ledger import open_ledger
from hub.ledger.restore import begin_anew, restore

Db = Annotated[str, typer.Option("--db", help="The ledger: a file, or postgresql://…")]

app = typer.Typer()


@app.command("backup")
def backup_command(
    to: Annotated[Path, typer.Option(help="The file to make; it holds the devices' secrets.")],
    db: Db = "ledger.db",
) -> None:
    """Copy a ledger's file, also while the hub runs, and check the copy."""
    typer.echo(_told(to, back_up(db, to)))


@app.command("restore")
def restore_command(
    backup: Annotated[Path, typer.Argument(help="A file that `backup` made.")],
    db: Db = "ledger.db",
    yes: Annotated[bool, typer.Option("--yes", help="Also over what has seen more.")] = False,
) -> None:
    """Go on from a backup: devices then send again what it lacks. Stop the hub before."""
    copy = restore(backup, db, secrets.token_hex(8), overwrites=yes)
    typer.echo(_told(db, copy))
    typer.echo(f"{db}: devices will send again what this ledger lacks")


@app.command("restored")
def restored_command(db: Db = "ledger.db") -> None:
    """Say that this ledger was restored by other means. Stop the hub before."""
    told_place = begin_anew(db, secrets.token_hex(8))
    typer.echo(f"{told_place}: devices will send again what this ledger lacks")


@app.command("export")
def export_command(
    to: Annotated[Path, typer.Option(help="The folder to make.")],
    db: Db = "ledger.db",
    with_lines: Annotated[
        bool, typer.Option("--lines", help="And every line, with whole card numbers: for auditors.")
    ] = False,
) -> None:
    """Write members, lots, transfers and cases as CSV files, also while the hub runs."""
    with closing(open_ledger(db)) as ledger:
        counts = export(ledger, to, with_lines=with_lines)
    for name, count in counts.items():
        typer.echo(f"{to / name}.csv: {count:,} rows")


def _told(place: Path | str, copy: Copy) -> str:
    lines, newest_ms, devices = copy.extent
    newest = datetime.fromtimestamp(newest_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    until = f", the newest received {newest} UTC" if lines else ""
    return f"{place}: {lines:,} lines of {devices:,} devices{until}; digest {copy.digest}"

"""`revisit ledger import-lines`: what a terminal that was shut out had not sent yet."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from hub.decisions.carried_lines import take_carried
from hub.errors import HubError
from hub.ledger.ledger import open_ledger
from loyalty.carried import FILE_MAX_BYTES, NotCarried, from_bytes
from loyalty.clock import SystemClock

app = typer.Typer()


@app.command("import-lines")
def import_command(
    file: Annotated[Path, typer.Argument(help="What `revisit kiosk hand-over` wrote.")],
    db: Annotated[str, typer.Option("--db", help="The ledger: a file, or postgresql://…")] = (
        "ledger.db"
    ),
) -> None:
    """Keep the lines of a device that was shut out; two people decide whether they count."""
    envelopes = _read(file)
    with closing(open_ledger(db)) as ledger:
        found = take_carried(ledger, envelopes, SystemClock().now_ms())
    if not found:
        typer.echo(f"{file}: no line in it waits, the ledger has them all")
    for chain in sorted({(it.device, it.epoch) for it in found}):
        of_chain = [it for it in found if (it.device, it.epoch) == chain]
        first, last = min(it.first for it in of_chain), max(it.last for it in of_chain)
        typer.echo(f"lines {first} to {last} wait: revisit ledger fork show {' '.join(chain)}")


def _read(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            return from_bytes(file.read(FILE_MAX_BYTES))
    except OSError as error:
        raise HubError(f"{path}: {error.strerror}, what hand-over wrote wanted") from error
    except NotCarried as error:
        raise HubError(f"{path}: {error}") from error

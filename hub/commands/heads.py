"""`revisit ledger heads` and `check-heads`: what outsiders keep, and whether it is still true."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from hub.errors import HubError
from hub.ledger.heads import chain_heads, heads_follow_lines, heads_not_there
from hub.ledger.ledger import open_ledger
from hub.ledger.signed_heads import read_signed_heads, signed_heads
from hub.offline_config import read_seed
from loyalty.clock import SystemClock
from loyalty.signatures import PUBLIC_KEY_BYTES

Db = Annotated[str, typer.Option("--db", help="The ledger: a file, or postgresql://…")]

app = typer.Typer()


@app.command("heads")
def heads_command(
    key: Annotated[Path, typer.Option(help="The hub's key (revisit hub lease-key).")],
    to: Annotated[Path, typer.Option(help="The file to make.")],
    db: Db = "ledger.db",
) -> None:
    """Sign the head of every chain, for somebody else to keep; also while the hub runs."""
    seed = read_seed(key)
    with closing(open_ledger(db)) as ledger, ledger.engine.snapshot():
        heads = chain_heads(ledger)
        text = signed_heads(seed, ledger.incarnation, SystemClock().now_ms(), heads)
    try:
        with to.open("xb") as file:
            file.write(text)
    except OSError as error:
        raise HubError(f"{to}: {error.strerror}, a new file wanted") from error
    typer.echo(f"{to}: the heads of {len(heads):,} chains")


@app.command("check-heads")
def check_heads_command(
    file: Annotated[Path, typer.Argument(help="What `heads` made.")],
    public_key: Annotated[str, typer.Option(help="The hub's public key, 64 digits.")],
    db: Db = "ledger.db",
) -> int:
    """Check that the ledger still has the lines that were signed; exit 1 if it has not."""
    text, key = _bytes(file), _public_key(public_key)
    try:
        heads = read_signed_heads(text, key)
    except HubError as error:
        raise HubError(f"{file}: {error}") from error
    with closing(open_ledger(db)) as ledger, ledger.engine.snapshot():
        gone = heads_not_there(ledger, heads)
        is_whole = heads_follow_lines(ledger)
    for it in gone:
        typer.echo(f"device {it.device}, epoch {it.epoch}: line {it.seq} is not the one signed")
    if not is_whole:
        typer.echo("lines are not those that their heads stand for")
    if not gone and is_whole:
        typer.echo(f"{len(heads):,} chains have every line that was signed")
    return 1 if gone or not is_whole else 0


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise HubError(f"{file}: {error.strerror}, signed heads wanted") from error


def _public_key(digits: str) -> bytes:
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != PUBLIC_KEY_BYTES:
        wanted = f"{2 * PUBLIC_KEY_BYTES} hexadecimal digits wanted (revisit hub lease-key)"
        raise HubError(f"public key {digits[:80]!r}, {wanted}")
    return key

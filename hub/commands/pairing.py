"""`revisit hub pair`: a code with which one new terminal of a store introduces itself."""

import getpass
import secrets
import sys
from pathlib import Path
from typing import Annotated, Literal

import segno
import typer

from hub.config import load_config
from hub.errors import HubError
from hub.ledger.ledger import open_ledger
from hub.pairing.codes import Wanted, new_code
from hub.pairing.config import PairingSetting
from loyalty.clock import SystemClock
from loyalty.pairing import ID_BYTES, SECRET_BYTES, VALID_MS, PairingCode, to_text


def pair(
    config: Annotated[Path, typer.Argument(help="The hub's configuration, hub.toml.")],
    store: Annotated[str, typer.Option(help="The store that it will stand in.")],
    kind: Annotated[Literal["kiosk", "handheld"], typer.Option(help="What it is.")] = "kiosk",
    device: Annotated[
        str, typer.Option(help="Its name; left out: the next free one of the store.")
    ] = "",
) -> None:
    """Show a code that pairs one new terminal with this hub, once, within ten minutes."""
    told = load_config(config)
    if told.pairing is None:
        raise HubError(f"{config}: no table [pairing], wanted to tell devices where this hub is")
    wanted = Wanted(store=store, kind=kind, name=device, made_by=getpass.getuser())
    ledger = open_ledger(told.ledger_place)
    try:
        random_bytes = secrets.token_bytes(ID_BYTES + SECRET_BYTES)
        code = new_code(ledger, wanted, random_bytes, SystemClock().now_ms())
    finally:
        ledger.close()
    _show(told.pairing, code.id, code.secret)
    typer.echo(f"It becomes {kind} {code.name} of {store}. The code is good once,", err=True)
    typer.echo(f"for {VALID_MS // 60_000} minutes, while the hub runs.", err=True)


def _show(setting: PairingSetting, code: str, secret: bytes) -> None:
    text = to_text(PairingCode(setting.host, setting.port, code, secret, setting.fingerprint))
    if sys.stdout.isatty():
        segno.make(text, error="m").terminal(compact=True)
    typer.echo(text)

"""`revisit hub`: run the hub, and keep its table of devices."""

import asyncio
import os
import secrets
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hub.commands import broker, lease_key, pairing
from hub.config import HubConfig, load_config
from hub.errors import HubError
from hub.hub import run_hub
from hub.ledger.ledger import open_ledger
from hub.ledger.sqlite import FileTrouble
from loyalty.clock import SystemClock
from loyalty.logs import LEVELS, set_up_logs
from loyalty.long_lived import keeping_what_is_there
from loyalty.service_manager import ServiceManager

Db = Annotated[
    str,
    typer.Option(
        "--db", help="The ledger: a file that is made if it is not there, or postgresql://…"
    ),
]

Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="The configuration, hub.toml.")]

_app = typer.Typer(
    help="Run the hub and keep its devices.", no_args_is_help=True, add_completion=False
)
_app.add_typer(broker.app, name="broker-config")
_app.command("pair")(pairing.pair)
_app.command("lease-key")(lease_key.lease_key)


def main(arguments: list[str]) -> int:
    """Run `revisit hub CONFIG`, or one of the commands for devices; return the exit status."""
    if arguments and arguments[0].endswith(".toml"):
        arguments = ["run", *arguments]
    return run_app(_app, arguments, "revisit hub")


def run_app(app: typer.Typer, arguments: list[str], name: str) -> int:
    """Run a command of `app`; what a person can mend is told without a traceback."""
    try:
        status = app(arguments, prog_name=name, standalone_mode=False)
    except typer.Abort:
        return 130
    except typer.TyperException as error:
        _tell(name, error.format_message())  # names the option, as its text alone does not
        return int(getattr(error, "exit_code", 1))
    except (HubError, ValueError) as error:
        _tell(name, str(error))
        return 1
    except FileTrouble as error:
        _tell(name, f"the ledger's file: {error}; for one that is damaged a backup is wanted")
        return 1
    return status if isinstance(status, int) else 0


@_app.command()
def run(
    path: Config,
    log: Annotated[str, typer.Option(help=f"What is logged: {', '.join(LEVELS)}.")] = "info",
) -> None:
    """Run the hub until it is told to stop."""
    config = load_config(path)
    set_up_logs(level=log)
    with keeping_what_is_there():
        asyncio.run(_run_until_told(config))


@_app.command()
def check(path: Config) -> None:
    """Say everything that is wrong with a configuration and the files it names."""
    load_config(path)
    typer.echo(f"{path}: nothing is wrong with it")


@_app.command("add-device")
def add_device(
    store: Annotated[str, typer.Argument(help="The store that it stands in.")],
    device: Annotated[str, typer.Argument(help="Its name.")],
    db: Db = "ledger.db",
    kid: Annotated[str, typer.Option(help="The name of its key.")] = "k1",
) -> None:
    """Register a device, or give it a further key, and print what it must be told."""
    secret, password = secrets.token_bytes(32), secrets.token_urlsafe(32)
    ledger = open_ledger(db, create=True)
    try:
        ledger.add_device(store, device, kid, secret, password)
    finally:
        ledger.close()
    lines = [f'store = "{store}"', f'device = "{device}"', f'kid = "{kid}"']
    lines += [f'secret = "{secret.hex()}"', f'mqtt_password = "{password}"']
    typer.echo("\n".join(lines))


@_app.command("revoke-device")
def revoke_device(
    device: Annotated[str, typer.Argument(help="Its name.")], db: Db = "ledger.db"
) -> None:
    """Shut a device out for good."""
    ledger = open_ledger(db)
    try:
        ledger.revoke_device(device, SystemClock().now_ms())
    finally:
        ledger.close()
    typer.echo(f"{device} is shut out for good: nothing that it seals from now on counts")
    typer.echo("where no hub keeps mosquitto's logins, run broker-config again, or it lets it in")


def _tell(name: str, said: str) -> None:
    if said:  # not after help, which says it all
        console = Console(stderr=True, soft_wrap=True)
        console.print(f"{name}: {said}", style="red", markup=False, highlight=False)


async def _run_until_told(config: HubConfig) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run_hub(config, SystemClock(), stop, ServiceManager(os.environ))

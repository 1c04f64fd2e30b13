"""`revisit hub broker-config`: what a broker that is not our own must be told."""

from pathlib import Path
from typing import Annotated

import typer

from hub.broker.bridge_users import BRIDGES_MAX, bridge_user
from hub.broker.config import PORT_MAX
from hub.broker.folder import (
    CA_CERTIFICATE,
    Certificates,
    Wanted,
    bridge_password_file,
    write_mosquitto,
)
from hub.hosts import parse_host
from hub.ledger.ledger import open_ledger
from loyalty.clock import SystemClock

app = typer.Typer(help="Write the configuration of a broker.", no_args_is_help=True)


@app.callback()
def which() -> None:
    """Write the configuration of a broker of this kind."""


@app.command()
def mosquitto(
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder for its files.")],
    host: Annotated[
        list[str], typer.Option(help="A name or address that devices call it by; may be repeated.")
    ],
    db: Annotated[str, typer.Option(help="The ledger with the devices.")] = "ledger.db",
    port: Annotated[int, typer.Option(min=1, max=PORT_MAX, help="Where it listens.")] = 8883,
    address: Annotated[str, typer.Option(help="Listen on this address alone.")] = "",
    data: Annotated[Path, typer.Option(file_okay=False, help="Where it keeps what waits.")] = Path(
        "/var/lib/mosquitto"
    ),
    service_user: Annotated[str, typer.Option(help="Whom it runs as.")] = "mosquitto",
    hub_user: Annotated[
        str, typer.Option(help="Whom the hub runs as, where it is to keep who may come in.")
    ] = "",
    certificate: Annotated[
        Path | None, typer.Option(help="Its certificate, if there is one; with --key and --ca.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The key of that certificate.")] = None,
    ca: Annotated[Path | None, typer.Option(help="The CA of that certificate.")] = None,
    clients_ca: Annotated[
        Path | None, typer.Option(help="Let in only who has a certificate of this CA as well.")
    ] = None,
    bridges: Annotated[
        int, typer.Option(min=1, max=BRIDGES_MAX, help="How many hubs take turns at it.")
    ] = 1,
) -> None:
    """Write mosquitto's configuration, or write it again after devices were added or revoked."""
    for name in host:
        _check_host(name)
    wanted = Wanted(
        hosts=tuple(host),
        port=port,
        address=address,
        data=data,
        service_user=service_user,
        hub_user=hub_user,
        certificates=_certificates(certificate, key, ca),
        clients_ca_file=clients_ca,
        bridges=bridges,
    )
    ledger = open_ledger(db)
    try:
        hubs = write_mosquitto(out, ledger, wanted, SystemClock().now_ms())
    finally:
        ledger.close()
    out = out.absolute()
    ca_file = ca.absolute() if ca else out / CA_CERTIFICATE
    for number in hubs:
        table = _TABLE.format(
            host=host[0],
            port=port,
            user=bridge_user(number),
            password_file=out / bridge_password_file(number),
            ca_file=ca_file,
        )
        typer.echo(_HEAD.format(which="" if len(hubs) == 1 else f" of hub {number}") + table)
        if len(hubs) > 1:
            typer.echo("shared = true")
        typer.echo()
    typer.echo(_RELOAD)


def _check_host(name: str) -> None:
    try:
        parse_host(name)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--host'") from error


def _certificates(
    certificate: Path | None, key: Path | None, ca: Path | None
) -> Certificates | None:
    if certificate and key and ca:
        return Certificates(certificate, key, ca)
    if certificate or key or ca:
        raise typer.BadParameter("wanted --certificate, --key and --ca together, or none of them")
    return None


_HEAD = "# hub.toml{which}; in [hub] of a device: host, port and ca_file.\n"
_TABLE = """\
[broker]
embedded = false
host = "{host}"
port = {port}
user = "{user}"
password_file = "{password_file}"
ca_file = "{ca_file}\""""
_RELOAD = """\
# A mosquitto that runs reads the files again, and disconnects who was revoked, when told to:
#   systemctl reload mosquitto    (SIGHUP)"""

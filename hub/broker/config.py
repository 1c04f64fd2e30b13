"""Which broker the hub uses: the table `[broker]` of `hub.toml`.

[broker]                            # the hub's own broker …
host = "127.0.0.1"
port = 1883
embedded = true

[broker]                            # … or one such as mosquitto, on this or another machine
host = "192.168.1.2"
port = 8883
embedded = false
user = "revisit-hub-bridge"
password_file = "bridge.password"
ca_file = "ca.crt"                  # where it speaks TLS; and if it asks for a certificate:
certificate_file = "hub.crt"
key_file = "hub.key"
shared = true                       # where several hubs take turns; left out: one hub
logins_folder = "/etc/mosquitto/revisit/logins"    # where the hub keeps who may come in, and
reload = ["systemctl", "reload", "mosquitto"]      # what tells mosquitto; left out: people do
"""

from pathlib import Path
from typing import NamedTuple

from hub.hosts import parse_host
from hub.secret_files import secret_text
from loyalty.programme_table import Table
from loyalty.tls import TlsContext, TlsFileError, client_context

PORT_MAX = 65_535


class BridgeLogin(NamedTuple):
    """Who the bridge says it is."""

    user: str
    password: str


class LoginFiles(NamedTuple):
    """Where mosquitto's files of who may come in are, and the command that has it read them."""

    folder: Path
    reload: tuple[str, ...]


class BrokerAddress(NamedTuple):
    """Where the broker is. `login` is None where the hub runs the broker itself.

    Where it `is_shared`, several hubs take turns at what devices send.
    """

    host: str
    port: int
    login: BridgeLogin | None
    tls: TlsContext | None = None
    is_shared: bool = False
    logins: LoginFiles | None = None


def read_broker(root: Table, folder: Path) -> BrokerAddress:
    """Return what `root` says; mistakes are noted there."""
    table = root.table("broker")
    if table is None:
        if root.is_right("broker"):
            root.wrong("broker", "found nothing, wanted a table with host, port and embedded")
        return BrokerAddress("", 0, None)
    host = table.parsed("host", parse_host, "")
    port = table.whole("port", 1, PORT_MAX, default=1883)
    login, tls, logins, is_shared = None, None, None, False
    if not table.flag("embedded", default=True):
        user = table.ident("user")
        password = table.parsed("password_file", lambda it: _password(folder / it), "")
        login = BridgeLogin(user, password)
        tls = _tls(table, folder)
        is_shared = table.flag("shared", default=False)
        logins = _logins(table, folder)
    table.close()
    return BrokerAddress(host, port, login, tls, is_shared, logins)


def _logins(table: Table, folder: Path) -> LoginFiles | None:
    if not table.has("logins_folder"):
        table.knows("logins_folder")
        return None
    files = LoginFiles(
        table.parsed("logins_folder", folder.joinpath, folder), table.idents("reload")
    )
    if not files.folder.is_dir():
        table.wrong(
            "logins_folder", f"found no folder {files.folder}, wanted what broker-config made"
        )
    if not files.reload and table.is_right("reload"):
        table.wrong("reload", "found nothing, wanted the command that has the broker read again")
    return files


def _tls(table: Table, folder: Path) -> TlsContext | None:
    keys = ("ca_file", "certificate_file", "key_file")
    paths = {key: table.parsed(key, folder.joinpath, folder) for key in keys if table.has(key)}
    if not paths or not table.is_right(*keys):
        return None
    if "ca_file" not in paths:
        table.wrong("ca_file", "found nothing, wanted with a certificate or a key")
        return None
    try:
        return client_context(**paths)
    except TlsFileError as error:
        table.wrong(error.key, str(error))
        return None


def _password(path: Path) -> str:
    password = secret_text(path)
    if not password:
        raise ValueError(f"{path}: found nothing, wanted the bridge's password")
    return password

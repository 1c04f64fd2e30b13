"""Where the hub's web server listens: the table `[web]` of `hub.toml`.

[web]                               # pages and figures over HTTP; left out: none
host = "127.0.0.1"                  # this machine alone
port = 8080
certificate_file = "web.crt"        # only for HTTPS, with
key_file = "web.key"
"""

from pathlib import Path
from typing import NamedTuple

from hub.broker.config import PORT_MAX
from hub.hosts import parse_host
from loyalty.programme_table import Table
from loyalty.tls import TlsContext, TlsFileError, server_context

LOOPBACK = "127.0.0.1"


class WebAddress(NamedTuple):
    """Where the web server listens; port 0 is any that is free. Without `tls` it speaks HTTP.

    `certificate_file` is what `tls` shows.
    """

    host: str
    port: int
    tls: TlsContext | None = None
    certificate_file: Path | None = None


def read_web(root: Table, folder: Path) -> WebAddress | None:
    """Return what `root` says, None where it says nothing; mistakes are noted there."""
    table = root.table("web")
    if table is None:
        return None
    host = table.parsed("host", parse_host, "", default=LOOPBACK)
    port = table.whole("port", 0, PORT_MAX)
    tls, certificate = None, None
    if table.has("certificate_file") or table.has("key_file"):
        certificate = table.parsed("certificate_file", folder.joinpath, folder)
        key = table.parsed("key_file", folder.joinpath, folder)
        if table.is_right("certificate_file", "key_file"):
            tls = _served_tls(table, certificate, key)
    else:
        table.knows("certificate_file", "key_file")
    table.close()
    return WebAddress(host, port, tls, certificate)


def _served_tls(table: Table, certificate: Path, key: Path) -> TlsContext | None:
    try:
        return server_context(certificate, key)
    except TlsFileError as error:
        table.wrong(error.key, str(error))
        return None

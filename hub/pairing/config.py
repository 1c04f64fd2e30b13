"""What the hub tells new devices: the table `[pairing]` of `hub.toml`, and what goes with it.

    [pairing]                           # left out: nobody can be paired; it wants [web]
    host = "hub.local"                  # what devices call this machine by; left out: [web] host
    broker_host = "broker.local"        # … and the broker's; left out: host, or [broker] host
    clients_ca_file = "clients.crt"     # only where the broker wants certificates, with
    clients_ca_key_file = "clients.key" # the key that signs them

A broker that is the hub's own, or on this machine, is called by the same host.
"""

import ssl
from pathlib import Path
from typing import NamedTuple

from hub.broker.config import BrokerAddress
from hub.hosts import is_anywhere, is_here, parse_host
from hub.pairing.private_ca import Certified, check_root
from hub.web.config import WebAddress
from loyalty.introductions import PEM_MAX_CHARS
from loyalty.pairing import fingerprint_of
from loyalty.private_files import check_private
from loyalty.programme_table import Table
from loyalty.tls import TlsContext


class PairingSetting(NamedTuple):
    """Everything a new device is told that its code and the ledger do not say.

    `fingerprint` is of the web server's certificate, empty without one; `broker_ca` and `programme`
    are texts; `clients` signs certificates for the broker, None where it wants none.
    """

    host: str
    port: int
    fingerprint: bytes
    broker_host: str
    broker_port: int
    broker_ca: str
    clients: Certified | None
    programme: str


def read_pairing(
    root: Table,
    folder: Path,
    web: WebAddress | None,
    broker: BrokerAddress,
    programme: str,
) -> PairingSetting | None:
    """Return what `[pairing]` of `root` says, None where it is left out; mistakes are noted.

    `programme` is the text of the newest one.
    """
    table = root.table("pairing")
    if table is None:
        return None
    if web is None or web.port == 0:
        root.wrong("pairing", "wanted [web] with a port, where devices introduce themselves")
        return None
    host = table.parsed("host", parse_host, "", default=web.host)
    if is_anywhere(host):
        table.wrong("host", f"found {host}, wanted what devices call this machine by")
    is_broker_here = broker.login is None or is_here(broker.host)
    usual = host if is_broker_here else broker.host
    setting = PairingSetting(
        host=host,
        port=web.port,
        fingerprint=_fingerprint(web.certificate_file),
        broker_host=table.parsed("broker_host", parse_host, "", default=usual),
        broker_port=broker.port,
        broker_ca=_authorities(root, broker.tls),
        clients=_clients(table, folder),
        programme=programme,
    )
    table.close()
    return setting


def _clients(table: Table, folder: Path) -> Certified | None:
    keys = ("clients_ca_file", "clients_ca_key_file")
    if not any(table.has(it) for it in keys):
        table.knows(*keys)
        return None
    found = Certified(
        table.parsed(keys[0], lambda it: _bytes(folder / it), b""),
        table.parsed(keys[1], lambda it: _secret(folder / it), b""),
    )
    if table.is_right(*keys):
        try:
            check_root(found)
        except ValueError as error:
            table.wrong("clients_ca_file", str(error))
    return found


def _fingerprint(certificate: Path | None) -> bytes:
    try:
        pem = "" if certificate is None else certificate.read_text()
        return fingerprint_of(ssl.PEM_cert_to_DER_cert(_first(pem))) if pem else b""
    except (OSError, ValueError):
        return b""  # that it cannot be read is a mistake of [web] already


def _first(pem: str) -> str:
    """Return the certificate that a server shows first as its own."""
    end = "-----END CERTIFICATE-----"
    before, found, _ = pem[max(pem.find("-----BEGIN CERTIFICATE-----"), 0) :].partition(end)
    return before + found


def _authorities(root: Table, tls: TlsContext | None) -> str:
    """Return what devices are to trust: nothing would have them speak to the broker without TLS."""
    if tls is None:
        return ""
    found = "".join(map(ssl.DER_cert_to_PEM_cert, tls.get_ca_certs(binary_form=True)))
    if not 1 <= len(found) <= PEM_MAX_CHARS:
        wanted = f"wanted 1 to {PEM_MAX_CHARS:,}: the broker's own"
        root.wrong(
            "pairing",
            f"found {len(found):,} characters of authorities in broker.ca_file, {wanted}",
        )
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}, a readable file wanted") from error


def _secret(path: Path) -> bytes:
    content = _bytes(path)
    try:
        check_private(path)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return content

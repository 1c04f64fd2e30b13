"""The folder of a broker's configuration: written from the ledger, and again whenever it changes.

Certificates and the bridges' passwords are made once and kept, so that nobody need be told twice;
what is deleted is made anew, as is the certificate of a broker that is called otherwise now. Each
file is whole whenever the broker reads it.
"""

import os
import pwd
import secrets
from pathlib import Path
from typing import NamedTuple

from hub.config import BridgeLogin
from hub.errors import HubError
from hub.hub import BRIDGE_USER
from hub.ledger.ledger import Ledger
from hub.ledger.queries import device_logins
from hub.mosquitto import Setting, access, configuration, passwords
from hub.private_ca import Certified, hosts_of, new_root, new_server

BRIDGES_MAX = 16
CA_CERTIFICATE, CA_KEY = "ca.crt", "ca.key"
SERVER_CERTIFICATE, SERVER_KEY = "server.crt", "server.key"

PRIVATE, PUBLIC = 0o600, 0o644

_ROOT = 0


class BrokerFolderError(HubError):
    """The folder cannot be written as wanted; a person should look at what was asked."""


class Certificates(NamedTuple):
    """Certificates that a chain has already: the broker's, its key, and the CA they come from."""

    certificate_file: Path
    key_file: Path
    ca_file: Path


class Wanted(NamedTuple):
    """What a broker is to be like; without `certificates` they are made for `hosts`.

    `bridges` is how many hubs take turns there, each with a name and a password of its own.
    """

    hosts: tuple[str, ...]
    port: int
    address: str
    data: Path
    service_user: str
    certificates: Certificates | None
    clients_ca_file: Path | None
    bridges: int = 1


def write_mosquitto(folder: Path, ledger: Ledger, wanted: Wanted, now_ms: int) -> None:
    """Write what mosquitto needs into `folder`, readable by `service_user` only.

    Raises:
        BrokerFolderError: a file cannot be written, or there is no such user.
        ValueError: a device cannot be let in by mosquitto; all of them are told.
    """
    try:
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        writer = _Writer(folder, wanted.service_user)
        bridges = [_bridge(writer, it + 1) for it in range(wanted.bridges)]
        devices = device_logins(ledger)
        told = passwords(bridges, devices)
        certificates = wanted.certificates or _made(writer, wanted.hosts, now_ms)
        writer.write("passwords", told.encode())
        writer.write("acl", access(bridges, devices).encode())
        writer.write(
            "mosquitto.conf", configuration(_setting(folder, wanted, certificates)).encode()
        )
    except OSError as error:
        raise BrokerFolderError(f"{error.filename}: {error.strerror}") from error


def bridge_user(number: int) -> str:
    """Return the name of the bridge of hub `number`, counted from 1."""
    return BRIDGE_USER if number == 1 else f"{BRIDGE_USER}-{number}"


def bridge_password_file(number: int) -> str:
    """Return the name of the file with the password of that bridge."""
    return "bridge.password" if number == 1 else f"bridge-{number}.password"


class _Writer:
    """Writes files into a folder, each in one step."""

    def __init__(self, folder: Path, service_user: str) -> None:
        self.folder = folder
        self._owner = _owner(service_user)

    def write(
        self, name: str, content: bytes, *, is_ours: bool = False, mode: int = PRIVATE
    ) -> None:
        """Write a file for the service user, or for whoever runs this."""
        draft = self.folder / f".{name}.new"
        draft.unlink(missing_ok=True)
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            os.fchmod(opened, mode)
            if self._owner is not None and not is_ours:
                os.fchown(opened, *self._owner)
            file.flush()
            os.fsync(opened)
        draft.replace(self.folder / name)


def _owner(service_user: str) -> tuple[int, int] | None:
    """Return whose the files are to be; only root can give them away."""
    try:
        found = pwd.getpwnam(service_user)
    except KeyError:
        raise BrokerFolderError(f"no user {service_user!r} here, wanted mosquitto's") from None
    if found.pw_uid == os.geteuid():
        return None
    if os.geteuid() != _ROOT:
        raise BrokerFolderError(f"only root can make files that {service_user!r} alone may read")
    return found.pw_uid, found.pw_gid


def _bridge(writer: _Writer, number: int) -> BridgeLogin:
    path = writer.folder / bridge_password_file(number)
    if not path.exists():
        password = secrets.token_urlsafe(32)
        writer.write(path.name, f"{password}\n".encode(), is_ours=True)
    return BridgeLogin(bridge_user(number), path.read_text().strip())


def _made(writer: _Writer, hosts: tuple[str, ...], now_ms: int) -> Certificates:
    """Return certificates of our own, those that are not there yet made now."""
    folder = writer.folder
    made = Certificates(folder / SERVER_CERTIFICATE, folder / SERVER_KEY, folder / CA_CERTIFICATE)
    if not made.ca_file.exists():
        root = new_root(now_ms)
        writer.write(CA_KEY, root.key, is_ours=True)
        writer.write(CA_CERTIFICATE, root.certificate, mode=PUBLIC)
        made.certificate_file.unlink(missing_ok=True)  # it is of another authority
    if not (
        made.certificate_file.exists()
        and hosts_of(made.certificate_file.read_bytes()) == frozenset(hosts)
    ):
        root = Certified(made.ca_file.read_bytes(), (folder / CA_KEY).read_bytes())
        server = new_server(root, hosts, now_ms)
        writer.write(SERVER_KEY, server.key)
        writer.write(SERVER_CERTIFICATE, server.certificate)
    return made


def _setting(folder: Path, wanted: Wanted, certificates: Certificates) -> Setting:
    return Setting(
        folder=str(folder),
        data=str(wanted.data.absolute()),
        port=wanted.port,
        address=wanted.address,
        service_user=wanted.service_user,
        certificate_file=str(certificates.certificate_file.absolute()),
        key_file=str(certificates.key_file.absolute()),
        ca_file=str(certificates.ca_file.absolute()),
        clients_ca_file=str(wanted.clients_ca_file.absolute()) if wanted.clients_ca_file else "",
    )

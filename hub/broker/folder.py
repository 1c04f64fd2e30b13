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

from hub.broker.bridge_users import BRIDGES_MAX, bridge_user
from hub.broker.config import BridgeLogin
from hub.broker.mosquitto import Setting, access, bridge_password, configuration, passwords
from hub.broker.mosquitto_logins import ACCESS, PASSWORDS
from hub.errors import HubError
from hub.ledger.ledger import Ledger
from hub.ledger.queries import device_logins
from hub.pairing.private_ca import Certified, hosts_of, new_root, new_server
from hub.whole_file import PRIVATE, PUBLIC, SHARED, write_whole

CA_CERTIFICATE, CA_KEY = "ca.crt", "ca.key"
SERVER_CERTIFICATE, SERVER_KEY = "server.crt", "server.key"

LOGINS = "logins"

_FOLDER_MODE, _LOGINS_MODE = 0o755, 0o2750
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

    `hub_user` is whom the hub runs as that keeps who may come in; empty where this command does.
    `bridges` is how many hubs take turns there, each with a name and a password of its own; a hub
    that has a password there is never left out.
    """

    hosts: tuple[str, ...]
    port: int
    address: str
    data: Path
    service_user: str
    hub_user: str
    certificates: Certificates | None
    clients_ca_file: Path | None
    bridges: int = 1


def write_mosquitto(folder: Path, ledger: Ledger, wanted: Wanted, now_ms: int) -> tuple[int, ...]:
    """Write what mosquitto needs into `folder`, readable by `service_user` only.

    Return the numbers of the hubs that it serves.

    Raises:
        BrokerFolderError: a file cannot be written, or there is no such user.
        ValueError: a device cannot be let in by mosquitto; all of them are told.
    """
    try:
        folder = folder.absolute()
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(_FOLDER_MODE)  # whatever the umask: mosquitto has to get through
        writer = _Writer(folder, _owner(wanted.service_user))
        hubs = _hubs(folder, wanted.bridges)
        bridges = [_bridge(writer, it, wanted.hub_user) for it in hubs]
        devices = device_logins(ledger)
        told = passwords([bridge_password(it) for it in bridges], devices)
        certificates = wanted.certificates or _made(writer, wanted.hosts, now_ms)
        files = {
            PASSWORDS: told.encode(),
            ACCESS: access([it.user for it in bridges], devices).encode(),
        }
        _write_logins(folder / LOGINS, wanted, files)
        writer.write(
            "mosquitto.conf", configuration(_setting(folder, wanted, certificates)).encode()
        )
    except OSError as error:
        raise BrokerFolderError(f"{error.filename}: {error.strerror}") from error
    return hubs


def bridge_password_file(number: int) -> str:
    """Return the name of the file with the password of that bridge."""
    return "bridge.password" if number == 1 else f"bridge-{number}.password"


class _Writer:
    """Writes files into a folder, each in one step."""

    def __init__(self, folder: Path, service: tuple[int, int] | None) -> None:
        self.folder = folder
        self._service = service

    def write(
        self, name: str, content: bytes, *, is_ours: bool = False, mode: int = PRIVATE
    ) -> None:
        """Write a file for the service user, or for whoever runs this."""
        owner = None if is_ours else self._service
        write_whole(self.folder / name, content, mode=mode, owner=owner)


def _owner(service_user: str) -> tuple[int, int] | None:
    """Return whose the files are to be; only root can give them away."""
    found = _user(service_user, "mosquitto's")
    if found.pw_uid == os.geteuid():
        return None
    if os.geteuid() != _ROOT:
        raise BrokerFolderError(f"only root can make files that {service_user!r} alone may read")
    return found.pw_uid, found.pw_gid


def _user(name: str, whose: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise BrokerFolderError(f"no user {name!r} here, wanted {whose}") from None


def _write_logins(folder: Path, wanted: Wanted, files: dict[str, bytes]) -> None:
    """Write who may come in where a hub can, and mosquitto's group can read it."""
    hub_user = wanted.hub_user or wanted.service_user
    owner = None
    if _owner(wanted.service_user) or _owner(hub_user):
        group = _user(wanted.service_user, "mosquitto's").pw_gid
        owner = _user(hub_user, "the hub's").pw_uid, group
    folder.mkdir(exist_ok=True)
    if owner is not None:
        os.chown(folder, *owner)
    folder.chmod(_LOGINS_MODE)  # what the hub makes in there is of mosquitto's group too
    for name, content in files.items():
        write_whole(folder / name, content, mode=SHARED, owner=owner)


def _hubs(folder: Path, wanted: int) -> tuple[int, ...]:
    numbers = range(1, BRIDGES_MAX + 1)
    return tuple(
        it for it in numbers if it <= wanted or (folder / bridge_password_file(it)).exists()
    )


def _bridge(writer: _Writer, number: int, hub_user: str) -> BridgeLogin:
    path = writer.folder / bridge_password_file(number)
    if not path.exists():
        content = f"{secrets.token_urlsafe(32)}\n".encode()
        write_whole(path, content, owner=_owner(hub_user) if hub_user else None)
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
        logins=str(folder / LOGINS),
        data=str(wanted.data.absolute()),
        port=wanted.port,
        address=wanted.address,
        service_user=wanted.service_user,
        certificate_file=str(certificates.certificate_file.absolute()),
        key_file=str(certificates.key_file.absolute()),
        ca_file=str(certificates.ca_file.absolute()),
        clients_ca_file=str(wanted.clients_ca_file.absolute()) if wanted.clients_ca_file else "",
    )

"""What mosquitto is told: its configuration, who may come in, and what each may write and read.

The words are those of mosquitto.conf(5), and what this says holds for 2.0.11, Debian 12's. The same
ledger gives the same text. One listener and no `per_listener_settings`: with it, 2.0.12 to 2.0.18
break persistent sessions (eclipse/mosquitto#2618).
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hub.broker.bridge_users import is_bridge_user
from hub.broker.config import BridgeLogin
from hub.broker.passwords import SALT_BYTES, mosquitto_password, password_digest
from hub.ledger.queries import DeviceLogin
from loyalty import topics

CONNECTIONS_MAX = 1_000  # below the 1,024 files that Debian's service may open
# What waits for a hub that is away. Beyond it mosquitto drops without a word, as it does with 1,000
# by default; devices would send it all again, so more is worth its memory.
QUEUED_MAX_MESSAGES = 100_000
QUEUED_MAX_BYTES = 256 * 1024 * 1024
INFLIGHT_MAX_MESSAGES = 500  # so that the bridge gathers whole groups; by default 20
SESSION_MAX = "7d"  # of a hub that is gone for good
SAVE_EVERY_S = 30

_CONFIGURATION = """\
# Made by `revisit hub broker-config mosquitto`, which also changes it.
user {service_user}
listener {port}{address}
allow_anonymous false
use_username_as_clientid true
password_file {logins}/passwords
acl_file {logins}/acl

cafile {ca_file}
certfile {certificate_file}
keyfile {key_file}
tls_version tlsv1.2
require_certificate {wants_certificates}

max_connections {connections}
max_packet_size {packet_bytes}
max_inflight_messages {inflight}
max_queued_messages {queued}
max_queued_bytes {queued_bytes}
set_tcp_nodelay true

persistence true
persistence_location {data}/
autosave_interval {save_every_s}
persistent_client_expiration {session}
"""


class Setting(NamedTuple):
    """Where mosquitto listens, as whom it runs, and its files, all as absolute paths.

    Without `address` it listens on all of them. With `clients_ca_file` every client must also show
    a certificate of that CA.
    """

    logins: str
    data: str
    port: int
    address: str
    service_user: str
    certificate_file: str
    key_file: str
    ca_file: str
    clients_ca_file: str


def configuration(it: Setting) -> str:
    """Return mosquitto.conf."""
    return _CONFIGURATION.format(
        service_user=it.service_user,
        port=it.port,
        address=f" {it.address}" if it.address else "",
        logins=it.logins,
        ca_file=it.clients_ca_file or it.ca_file,
        certificate_file=it.certificate_file,
        key_file=it.key_file,
        wants_certificates="true" if it.clients_ca_file else "false",
        connections=CONNECTIONS_MAX,
        # A longer one ends its connection; `message_size_limit` would acknowledge and drop it.
        packet_bytes=topics.PACKET_MAX_BYTES,
        inflight=INFLIGHT_MAX_MESSAGES,
        queued=QUEUED_MAX_MESSAGES,
        queued_bytes=QUEUED_MAX_BYTES,
        data=it.data,
        save_every_s=SAVE_EVERY_S,
        session=SESSION_MAX,
    )


def bridge_password(it: BridgeLogin) -> str:
    """Return the line of a bridge in the password file."""
    # A salt keeps equal passwords apart; this one is random itself, and the file stays the same.
    salt = hashlib.sha256(it.password.encode()).digest()[:SALT_BYTES]
    return mosquitto_password(it.user, salt, password_digest(salt, it.password))


def passwords(bridges: Sequence[str], devices: Mapping[str, DeviceLogin]) -> str:
    """Return the password file, which begins with the lines `bridges` (`bridge_password`).

    Raises:
        ValueError: devices are named as a bridge, or have passwords that mosquitto cannot check;
            all of them are told.
    """
    lines = list(bridges)
    mistakes = [f"{name}: this is a bridge's name" for name in devices if is_bridge_user(name)]
    for name, login in devices.items():
        try:
            lines.append(mosquitto_password(name, login.password_salt, login.password_digest))
        except ValueError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return _text(lines)


def access(bridges: Sequence[str], devices: Mapping[str, DeviceLogin]) -> str:
    """Return the access file: a device writes its own records and state and reads its receipts.

    `bridges` are the names of hubs' bridges, which read what all devices write and answer them.
    """
    lines = []
    for bridge in bridges:
        lines += [
            f"user {bridge}",
            f"topic read {topics.ALL_UP}",
            f"topic write {topics.rx_filter('+', '+')}",
            "",
        ]
    for name, login in devices.items():
        lines += [
            f"user {name}",
            *[f"topic write {topics.up(login.store, name, it)}" for it in topics.UP],
            f"topic write {topics.state(login.store, name)}",
            f"topic read {topics.rx_filter(login.store, name)}",
            "",
        ]
    return _text(lines)


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"

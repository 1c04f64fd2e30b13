"""The statements that register devices; each is part of a transaction of its caller."""

import secrets

from hub.broker.passwords import SALT_BYTES, password_digest
from hub.ledger.database import Database
from hub.ledger.schema import HUB_DEVICE
from loyalty.chain import is_name

SECRET_MIN_BYTES = 16
SECRETS_MAX = 2  # a rotation's old and new


def register_device(database: Database, store: str, device: str, mqtt_password: str) -> int:
    """Return the id of `device` of `store`, which is new or gets a new password.

    Raises:
        ValueError: a name that fits no topic, or a device of another store or that was shut out.
    """
    if device == HUB_DEVICE:
        raise ValueError(f"{device!r} is the name of the hub itself, another wanted")
    for name in (store, device):
        _check_name(name)
    row = database.execute(_STANDS, (device,)).fetchone()
    if row is not None and row[0] != store:
        raise ValueError(f"device {device!r} is of store {row[0]!r}, {store!r} wanted")
    if row is not None and row[1] is not None:
        raise ValueError(f"device {device!r} was shut out for good, another name wanted")
    salt = secrets.token_bytes(SALT_BYTES)
    values = (store, device, salt, password_digest(salt, mqtt_password))
    database.execute(_REGISTER, values)
    (number,) = database.execute("SELECT id FROM device WHERE name = ?", (device,)).fetchone()
    return int(number)


def add_secret(database: Database, device: int, kid: str, secret: bytes) -> None:
    """Give a device a further secret; only the `SECRETS_MAX` newest stay valid.

    Raises:
        ValueError: no name for a key, or a short secret.
    """
    _check_name(kid)
    if len(secret) < SECRET_MIN_BYTES:
        raise ValueError(f"secret of {len(secret)} bytes, {SECRET_MIN_BYTES} or more wanted")
    database.execute(_ADD_SECRET, (device, kid, secret, device))
    database.execute(_DROP_OLDER, (device, device, SECRETS_MAX))


def forget_secrets(database: Database, device: int) -> None:
    """Take a device's secrets away: whoever has them is nobody from now on."""
    database.execute("DELETE FROM device_secret WHERE device = ?", (device,))


def _check_name(name: str) -> None:
    if not is_name(name):
        raise ValueError(f"{name!r} is no store, device or key id: 1-64 of A-Z a-z 0-9 _ -")


_STANDS = "SELECT store, revoked_ms FROM device WHERE name = ?"
_REGISTER = (
    "INSERT INTO device (store, name, password_salt, password_digest)"
    " VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
    " password_salt = excluded.password_salt, password_digest = excluded.password_digest"
)
_ADD_SECRET = (
    "INSERT INTO device_secret (device, kid, secret, added) VALUES (?, ?, ?,"
    " (SELECT coalesce(max(added), 0) + 1 FROM device_secret WHERE device = ?))"
    " ON CONFLICT (device, kid) DO UPDATE SET secret = excluded.secret, added = excluded.added"
)
_DROP_OLDER = (
    "DELETE FROM device_secret WHERE device = ? AND added NOT IN"
    " (SELECT added FROM device_secret WHERE device = ? ORDER BY added DESC LIMIT ?)"
)

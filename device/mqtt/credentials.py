"""The file of what makes a terminal this device: its names, its secrets, and where the hub is.

Programs write it, in one step, readable by their user alone: it is the old one or the new one,
whenever power fails. A change of secrets that the hub has not confirmed yet stands in it beside
what holds.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from device.errors import DeviceError
from device.mqtt.identity import SECRET_MIN_BYTES
from device.mqtt.pinned_post import WebPlace
from loyalty.chain import is_name
from loyalty.private_files import check_private

PRIVATE = 0o600
FILE_MAX_BYTES = 65_536


class CredentialsError(DeviceError):
    """The file cannot be used; the message says why, and repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A secret that seals, its name, and the password for the broker that goes with it.

    Raises:
        ValueError: no name, or a secret that is too short.
    """

    kid: str
    secret: bytes = field(repr=False)
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if not is_name(self.kid) or len(self.secret) < SECRET_MIN_BYTES or not self.password:
            raise ValueError("keys without a name, a long secret or a password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who a terminal is, since `since_ms`; `following` are keys that the hub has to confirm.

    `code` is the pairing code that it came by. Names of files are of those beside this one, empty
    where there are none, as is `hub_key` where the hub signs nothing.

    Raises:
        ValueError: a name or a port cannot be.
    """

    code: str
    store: str
    device: str
    host: str
    port: int
    ca_file: str
    certificate_file: str
    key_file: str
    hub_key: bytes
    hub: WebPlace
    keys: Keys
    following: Keys | None
    since_ms: int

    def __post_init__(self) -> None:
        if not (is_name(self.store) and is_name(self.device)):
            raise ValueError("no name of a store or a device")
        if not (0 < self.port < 65_536 and 0 < self.hub.port < 65_536):
            raise ValueError("no port of the broker or the hub")


def read_credentials(path: Path) -> Credentials:
    """Return what the file at `path` says.

    Raises:
        CredentialsError: it is not there, is no such file, or others may read it.
    """
    try:
        check_private(path)
        with path.open("rb") as file:
            content = file.read(FILE_MAX_BYTES)
    except OSError as error:
        raise CredentialsError(f"{path}: {error.strerror}, wanted what pairing wrote") from error
    except ValueError as error:
        raise CredentialsError(f"{path}: {error}; then change its secrets (rotate)") from error
    try:
        return _credentials(json.loads(content))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CredentialsError(f"{path}: no credentials; pair this terminal anew") from None


def write_credentials(path: Path, credentials: Credentials) -> None:
    """Put `credentials` into the file at `path`, on disk when this returns.

    Raises:
        CredentialsError: the disk does not take it; the file is as it was.
    """
    values = asdict(credentials)
    values["hub"] = list(credentials.hub)
    write_private(path, json.dumps(values, default=bytes.hex, indent=1).encode() + b"\n")


def write_private(path: Path, content: bytes) -> None:
    """Put `content` into the file at `path`, whole, on disk and readable by its owner alone.

    Raises:
        CredentialsError: the disk does not take it; the file is as it was.
    """
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise CredentialsError(f"{path}: {error.strerror}, nothing was changed") from error


def _credentials(values: dict[str, Any]) -> Credentials:
    host, port, fingerprint = values.pop("hub")
    keys, following = values.pop("keys"), values.pop("following")
    hub_key = bytes.fromhex(values.pop("hub_key"))
    types = get_type_hints(Credentials)
    for name, value in values.items():
        _check_type(value, types[name])
    _check_type(host, str)
    _check_type(port, int)
    return Credentials(
        hub=WebPlace(host, port, bytes.fromhex(fingerprint)),
        keys=_keys(keys),
        following=None if following is None else _keys(following),
        hub_key=hub_key,
        **values,
    )


def _keys(values: dict[str, Any]) -> Keys:
    kid, secret, password = values["kid"], values["secret"], values["password"]
    _check_type(password, str)
    return Keys(kid=kid, secret=bytes.fromhex(secret), password=password)


def _check_type(value: object, wanted: type) -> None:
    if type(value) is not wanted:
        raise TypeError(f"{type(value).__name__}, {wanted.__name__} wanted")

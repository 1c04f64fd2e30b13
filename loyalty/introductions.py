"""What a device and the hub write to each other in letters: who it is, and what it is told.

JSON, as a person never sees it and a board never reads it; bytes are in hexadecimal.
"""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, get_type_hints

from loyalty.chain import is_name

SECRET_BYTES = 32
PASSWORD_MIN_CHARS, PASSWORD_MAX_CHARS = 32, 128
PEM_MAX_CHARS = 16_384
PROGRAMME_MAX_CHARS = 500_000
KINDS = ("kiosk", "handheld")

# What letters are for: an introduction under a code, a change under the secret that is replaced.
INTRODUCTION, WELCOME = "introduction", "welcome"
CHANGE, CHANGED = "change", "changed"


class MessageError(ValueError):
    """The other side wrote something that is no such message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """A new device: what it will seal and log in with, both of its own making.

    `request` asks for a certificate (PKCS #10 in PEM), for a broker that wants one.

    Raises:
        MessageError: a field is out of range.
    """

    kind: str
    secret: bytes = dataclasses.field(repr=False)
    password: str = dataclasses.field(repr=False)
    request: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise MessageError(f"kind {self.kind[:40]!r}, one of {', '.join(KINDS)} wanted")
        _check_secrets(self.secret, self.password)
        _check_text("request", self.request, PEM_MAX_CHARS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What the device is told: its names, where the broker is, what to trust, what holds.

    Empty are `broker_ca` where the broker speaks no TLS, `certificate` where it wants none, and
    `hub_key`, the public one, where the hub signs nothing.

    Raises:
        MessageError: a field is out of range.
    """

    store: str
    device: str
    kid: str
    broker_host: str
    broker_port: int
    broker_ca: str
    certificate: str
    hub_key: bytes
    programme: str

    def __post_init__(self) -> None:
        for name in (self.store, self.device, self.kid):
            if not is_name(name):
                raise MessageError(f"{name[:40]!r} is no store, device or key id")
        if not 0 < self.broker_port < 65_536:
            raise MessageError(f"port {self.broker_port}, wanted 1 to 65535")
        if not 1 <= len(self.broker_host) <= 253 or not self.broker_host.isprintable():
            raise MessageError(f"host {self.broker_host[:40]!r}, a name or an address wanted")
        if len(self.hub_key) not in (0, 32):
            raise MessageError(f"hub key of {len(self.hub_key)} bytes, 32 wanted")
        _check_text("CA", self.broker_ca, PEM_MAX_CHARS)
        _check_text("certificate", self.certificate, PEM_MAX_CHARS)
        _check_text("programme", self.programme, PROGRAMME_MAX_CHARS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No: the code opened the letter, and yet. `reason` is for the person who holds the device."""

    reason: str

    def __post_init__(self) -> None:
        if not self.reason.isprintable():
            raise MessageError("a reason that cannot be shown")
        _check_text("reason", self.reason, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretChange:
    """A device replaces its secret and password; both secrets hold until the new one is used.

    Raises:
        MessageError: a field is out of range.
    """

    kid: str
    secret: bytes = dataclasses.field(repr=False)
    password: str = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        if not is_name(self.kid):
            raise MessageError(f"{self.kid[:40]!r} is no key id")
        _check_secrets(self.secret, self.password)


Message = Introduction | Welcome | Refused | SecretChange


def to_bytes(message: Message) -> bytes:
    """Return `message` as a letter says it."""
    fields = {it.name: getattr(message, it.name) for it in dataclasses.fields(message)}
    fields = {name: it.hex() if isinstance(it, bytes) else it for name, it in fields.items()}
    return json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()


def from_bytes(content: bytes, *shapes: type[Message]) -> Message:
    """Return the message of one of these shapes that `content` is.

    Raises:
        MessageError: it is none, or a field is out of range.
    """
    try:
        found = json.loads(content.decode())
    except (ValueError, RecursionError):
        raise MessageError("no JSON") from None
    for shape in shapes:
        types = get_type_hints(shape)
        if isinstance(found, dict) and found.keys() == types.keys():
            return shape(**{name: _value(name, found[name], it) for name, it in types.items()})
    raise MessageError(f"wanted {' or '.join(it.__name__ for it in shapes)}")


def _value(name: str, value: Any, wanted: type) -> Any:
    if wanted is bytes:
        try:
            return bytes.fromhex(value)
        except (TypeError, ValueError):
            raise MessageError(f"{name}: wanted hexadecimal digits") from None
    if type(value) is not wanted:
        raise MessageError(f"{name}: found {type(value).__name__}, wanted {wanted.__name__}")
    return value


def _check_secrets(secret: bytes, password: str) -> None:
    if len(secret) != SECRET_BYTES:
        raise MessageError(f"secret of {len(secret)} bytes, {SECRET_BYTES} wanted")
    if not PASSWORD_MIN_CHARS <= len(password) <= PASSWORD_MAX_CHARS or not password.isascii():
        raise MessageError(
            f"password of {len(password)} characters,"
            f" {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} of ASCII wanted"
        )


def _check_text(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise MessageError(f"{what} of {len(text)} characters, at most {most}")
    try:
        text.encode()
    except UnicodeEncodeError:  # JSON may write half of a UTF-16 pair
        raise MessageError(f"{what} with half a character") from None

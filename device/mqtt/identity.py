"""Who this device is to the hub, what it seals and checks envelopes with, and where they meet."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from loyalty import key_wrap
from loyalty.chain import EnvelopeError, is_name, is_sealed_by, pack, unpack
from loyalty.key_wrap import NotWrappedForUs
from loyalty.tls import TlsContext

SECRETS_MAX = 2  # the one in use, and the one that replaces it
SECRET_MIN_BYTES = 16
KEEPALIVE_S = 30  # a connection is given up after two of these without a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker listens, the password of this device there, and when silence is a loss.

    With `tls` the connection is encrypted and the broker proves who it is.
    """

    host: str
    port: int
    password: str = field(repr=False)
    keepalive_s: int = KEEPALIVE_S
    tls: TlsContext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A device of a store; `secrets` maps key ids to secrets, the newest last.

    While a secret is being replaced the hub may seal with either; this device uses the newest.

    Raises:
        ValueError: a name, or the number or length of the secrets, is out of range.
    """

    store: str
    device: str
    secrets: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        for name in (self.store, self.device, *self.secrets):
            if not is_name(name):
                raise ValueError(f"{name!r} is no store, device or key id")
        if not 1 <= len(self.secrets) <= SECRETS_MAX:
            raise ValueError(f"{len(self.secrets)} device secrets, 1 to {SECRETS_MAX} wanted")
        if min(len(it) for it in self.secrets.values()) < SECRET_MIN_BYTES:
            raise ValueError(f"device secrets of {SECRET_MIN_BYTES} bytes or more wanted")

    def seal(
        self, purpose: str, *, epoch: str, first_seq: int, prev: bytes, lines: list[bytes]
    ) -> bytes:
        """Return the envelope of `lines`, sealed with the newest secret."""
        kid = list(self.secrets)[-1]
        return pack(self.secrets[kid], purpose, self.device, epoch, kid, first_seq, prev, lines)

    def unseal(self, envelope: bytes) -> tuple[str, str, list[bytes]]:
        """Return `(purpose, epoch, lines)` of an envelope that the hub sealed for this device.

        Raises:
            EnvelopeError: it is no envelope, another device's, or not sealed with our secret.
        """
        header, lines, body, seal = unpack(envelope)
        purpose, device, epoch, kid, _, _ = header
        if device != self.device:
            raise EnvelopeError(f"envelope for device {device}, {self.device} wanted")
        if kid not in self.secrets:
            raise EnvelopeError(f"sealed with key {kid}, {' or '.join(self.secrets)} wanted")
        if not is_sealed_by(self.secrets[kid], body, seal):
            raise EnvelopeError(f"seal is not that of key {kid}")
        return purpose, epoch, lines

    def unwrap(self, ref: str, wrapped: str) -> bytes:
        """Return the key that the hub has wrapped for this device in its answer to ask `ref`.

        Raises:
            NotWrappedForUs: with none of our secrets.
        """
        *older, newest = self.secrets.values()
        for secret in older:
            with suppress(NotWrappedForUs):
                return key_wrap.unwrap(secret, ref, wrapped)
        return key_wrap.unwrap(newest, ref, wrapped)

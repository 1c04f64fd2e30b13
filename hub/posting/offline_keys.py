"""The hub's own keys for what works without it: leases, documents, and the cards that carry value.

Neither is on a terminal. A stolen one can spend what a card holds, and make nothing of its own.
"""

from dataclasses import dataclass, field

from loyalty.aes import encrypt_block
from loyalty.keys import (
    DESFIRE_APPLICATION,
    DESFIRE_CREDIT_KEY,
    DESFIRE_MASTER_KEY,
    application_key,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineKeys:
    """`signing_seed` signs (Ed25519); cards' master and credit keys come from `credit_master`.

    Without the latter, None, cards carry nothing.
    """

    signing_seed: bytes = field(repr=False)
    credit_master: bytes | None = field(default=None, repr=False)


def credit_key(credit_master: bytes, uid: bytes) -> bytes:
    """Return the key with which what the card `uid` may spend is counted up."""
    return _card_key(credit_master, uid, DESFIRE_CREDIT_KEY)


def master_key(credit_master: bytes, uid: bytes) -> bytes:
    """Return the key with which the card `uid` is made one of ours."""
    return _card_key(credit_master, uid, DESFIRE_MASTER_KEY)


def _card_key(credit_master: bytes, uid: bytes, number: int) -> bytes:
    return application_key(credit_master, uid, DESFIRE_APPLICATION, number, encrypt_block)

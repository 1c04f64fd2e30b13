"""The secrets a terminal holds for cards, and what is derived from them for one card."""

from collections.abc import Callable
from dataclasses import dataclass, field

from device.nfc.desfire import KEY_BYTES
from loyalty import keys
from loyalty.aes import encrypt_block

DEFAULT_TAP_URL = "https://revisit.example/card"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKeys:
    """The keys of one smart card that terminals do not have: its master and its credit key."""

    master: bytes = field(repr=False)
    credit: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardKeys:
    """16 bytes that every card's own keys come from, and the key that seals what stands on it.

    `random_bytes` is where the numbers come from that a card must not foresee; `tap_url` is what a
    phone opens that meets a card. `credit_master` is what issuers' keys come from: a technician has
    it, and a terminal None.
    """

    master: bytes = field(repr=False)
    seal_key: bytes = field(repr=False)
    random_bytes: Callable[[int], bytes] = field(repr=False)
    tap_url: str = DEFAULT_TAP_URL
    credit_master: bytes | None = field(default=None, repr=False)

    def of_sector(self, uid: bytes, sector: int, name: str) -> bytes:
        """Return key `name` ("A" or "B") of `sector` on the MIFARE Classic `uid`."""
        return keys.classic_key(self.master, uid, sector, name, encrypt_block)

    def of_pages(self, uid: bytes) -> tuple[bytes, bytes]:
        """Return the password of the Ultralight EV1 or NTAG 21x `uid`, and its answer to it."""
        return keys.page_password(self.master, uid, encrypt_block)

    def of_application(self, uid: bytes, application: bytes, number: int) -> bytes:
        """Return key `number` of `application` on the smart card `uid`."""
        return keys.application_key(self.master, uid, application, number, encrypt_block)

    def issuer_of(self, uid: bytes, application: bytes) -> IssuerKeys | None:
        """Return the issuer's keys of the smart card `uid`, None where only the hub has them."""
        if self.credit_master is None:
            return None
        master, credit = (
            keys.application_key(self.credit_master, uid, application, number, encrypt_block)
            for number in (keys.DESFIRE_MASTER_KEY, keys.DESFIRE_CREDIT_KEY)
        )
        return IssuerKeys(master=master, credit=credit)

    def of_sun_messages(self) -> bytes:
        """Return the key that hides whose SUN message it is, the same on all cards."""
        return keys.sun_meta_key(self.master, encrypt_block)

    def challenge(self) -> bytes:
        """Return 16 bytes that nobody has seen before."""
        return self.random_bytes(KEY_BYTES)

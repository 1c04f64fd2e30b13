"""Where our record stands on a DESFire: one application with four files and four keys.

All files change in one transaction, so one slot is enough: after a torn write the whole of the
state before it is there. The counter's file counts down from `COUNTS`, and only the master key,
which no tap uses, may count it up. The lease's file counts up with the credit key alone, which
terminals have for one write at a time: with it the whole of that write is done, so that no second
key has to be proved within a transaction.
"""

from device.nfc import desfire
from device.nfc.cards.keys import CardKeys
from device.nfc.desfire import Mode
from loyalty.card import SLOT_BYTES
from loyalty.keys import DESFIRE_APPLICATION, DESFIRE_CREDIT_KEY, DESFIRE_MASTER_KEY
from loyalty.leases import CERTIFICATE_BYTES, LEASE_POINTS_MAX

APPLICATION = DESFIRE_APPLICATION
MASTER = DESFIRE_MASTER_KEY  # Changes keys and files.
LOOK, SPEND = 1, 2  # Reads; reads, writes, counts down.
CREDIT = DESFIRE_CREDIT_KEY  # Counts up what may be spent.
KEYS = 4

RECORD_FILE = 1
COUNTER_FILE = 2
LEASE_FILE = 3
CERTIFICATE_FILE = 4
COUNTS = 0x7FFFFFFF

# The master key may change itself and settings, and is needed for everything but reading settings.
_SETTINGS = 0x09
_AES = 0x80


def create_application() -> bytes:
    """Return the parameters that create our application, its keys still the factory's."""
    return APPLICATION + bytes([_SETTINGS, _AES | KEYS])


def create_record_file() -> bytes:
    """Return the parameters that create the file of the slot."""
    return _data_file(RECORD_FILE, SLOT_BYTES)


def create_certificate_file() -> bytes:
    """Return the parameters that create the file of what the hub signed."""
    return _data_file(CERTIFICATE_FILE, CERTIFICATE_BYTES)


def create_counter_file() -> bytes:
    """Return the parameters that create the file that counts down; who may read it may debit."""
    rights = desfire.rights(read=SPEND, write=CREDIT, both=MASTER, change=MASTER)
    return _value_file(COUNTER_FILE, rights, most=COUNTS, value=COUNTS)


def create_lease_file() -> bytes:
    """Return the parameters that create the file of the points that may be spent."""
    rights = desfire.rights(read=SPEND, write=desfire.NEVER, both=CREDIT, change=MASTER)
    return _value_file(LEASE_FILE, rights, most=LEASE_POINTS_MAX, value=0)


def key_of(keys: CardKeys, uid: bytes, number: int) -> bytes:
    """Return key `number`, LOOK or SPEND, of our application on the card `uid`."""
    return keys.of_application(uid, APPLICATION, number)


def counted(value: bytes) -> int | None:
    """Return how far the counter has counted, or None if that is no value of ours."""
    left = points(value)
    return None if left is None else COUNTS - left


def points(value: bytes) -> int | None:
    """Return what a value file holds, or None if that is no value of ours."""
    held = int.from_bytes(value, "little", signed=True)
    return held if len(value) == 4 and held >= 0 else None


def amount(count: int) -> bytes:
    """Return `count` as commands on values carry it."""
    return count.to_bytes(4, "little")


def section(file: int, length: int) -> bytes:
    """Return the header that names the first `length` bytes of a file."""
    return bytes([file]) + desfire.three(0) + desfire.three(length)


def _data_file(number: int, length: int) -> bytes:
    rights = desfire.rights(read=LOOK, write=CREDIT, both=SPEND, change=MASTER)
    return bytes([number, Mode.MAC.value]) + rights + desfire.three(length)


def _value_file(number: int, rights: bytes, *, most: int, value: int) -> bytes:
    limits = amount(0) + amount(most)
    no_limited_credit = b"\0"
    return bytes([number, Mode.MAC.value]) + rights + limits + amount(value) + no_limited_credit

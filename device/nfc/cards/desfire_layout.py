"""Where our record stands on a DESFire: one application with two files and three keys.

Both files change in one transaction, so one slot is enough: after a torn write the whole of the
state before it is there. The value file counts down from `COUNTS`, and only the master key, which
no tap uses, may count it up.
"""

from device.nfc import desfire
from device.nfc.cards.keys import CardKeys
from device.nfc.desfire import Mode
from loyalty.card import SLOT_BYTES

APPLICATION = b"RV1"
MASTER, LOOK, SPEND = 0, 1, 2  # Changes keys and files; reads the record; reads, writes, counts.
KEYS = 3
OUR_KEY_VERSION = 1

RECORD_FILE = 1
COUNTER_FILE = 2
COUNTS = 0x7FFFFFFF

# The master key may change itself and settings, and is needed for everything but reading settings.
_SETTINGS = 0x09
_AES = 0x80


def create_application() -> bytes:
    """Return the parameters that create our application, its keys still the factory's."""
    return APPLICATION + bytes([_SETTINGS, _AES | KEYS])


def create_record_file() -> bytes:
    """Return the parameters that create the file of the slot."""
    rights = desfire.rights(read=LOOK, write=desfire.NEVER, both=SPEND, change=MASTER)
    head = bytes([RECORD_FILE, Mode.MAC.value]) + rights
    return head + desfire.three(SLOT_BYTES)


def create_counter_file() -> bytes:
    """Return the parameters that create the file that counts down; who may read it may debit."""
    rights = desfire.rights(read=SPEND, write=desfire.NEVER, both=MASTER, change=MASTER)
    head = bytes([COUNTER_FILE, Mode.MAC.value]) + rights
    limits = (0).to_bytes(4, "little") + COUNTS.to_bytes(4, "little")
    return head + limits + COUNTS.to_bytes(4, "little") + b"\0"


def key_of(keys: CardKeys, uid: bytes, number: int) -> bytes:
    """Return key `number` of our application on the card `uid`."""
    return keys.of_application(uid, APPLICATION, number)


def counted(value: bytes) -> int | None:
    """Return how far the counter has counted, or None if that is no value of ours."""
    left = int.from_bytes(value, "little", signed=True)
    return COUNTS - left if len(value) == 4 and left >= 0 else None


def amount(count: int) -> bytes:
    """Return `count` as commands on values carry it."""
    return count.to_bytes(4, "little")


def section(file: int, length: int) -> bytes:
    """Return the header that names the first `length` bytes of a file."""
    return bytes([file]) + desfire.three(0) + desfire.three(length)

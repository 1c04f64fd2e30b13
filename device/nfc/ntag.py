"""MIFARE Ultralight EV1 and NTAG 21x: what is sent to the chip, and where things stand. Portable.

Sources: NXP MF0ULX1 rev. 3 and NTAG213_215_216 rev. 3, both §8.5 for the memory and its settings,
§8.7 and §8.8 for the password, §10 for commands.
"""

import struct

SAK = 0x00
PAGE_BYTES = 4
READ_PAGES = 4  # READ answers with four pages, and goes on from page 0 behind the last readable.

GET_VERSION = b"\x60"
READ = 0x30
FAST_READ = 0x3A
WRITE = 0xA2
GIVE_PASSWORD = 0x1B
READ_COUNTER = 0x39
INCREMENT_COUNTER = 0xA5

PASSWORD_BYTES = 4
FACTORY_PASSWORD = b"\xff\xff\xff\xff"
FACTORY_ANSWER = b"\x00\x00"
COUNTER_MAX = 0xFFFFFF

LOCK_PAGE = 2
CAPABILITY_PAGE = 3  # Its bits can only be set, never cleared.
FRONT_PAGE = 4  # The first page for users: what phones read.
NEVER_PROTECTED = 0xFF  # A first protected page behind every last one.

# Byte 0 of the second page of settings (§8.5.7).
PROTECT_READING = 0x80
SETTINGS_LOCKED = 0x40
COUNT_TAPS = 0x10

_NDEF_TAG, _END_TAG = 0x03, 0xFE  # NFC Forum Type 2 Tag 1.2 §2.3.
_VENDOR_NXP = 0x04
_ULTRALIGHT, _NTAG = 0x03, 0x04  # Products.


class Model:
    """One kind of chip that our record fits on.

    `settings` is the first of its four pages of settings, `locks` the page of dynamic lock bits,
    `slots` the first page of our slots, from which on we protect the chip. `counter` is which of
    its counters we use, and `counts_taps` whether that one counts taps by itself. `front` is what
    the pages for phones hold from the factory, and `capability` what makes phones read them, if
    that is not there yet.
    """

    def __init__(
        self,
        kind: str,
        *,
        slots: int,
        locks: int,
        counter: int,
        counts_taps: bool,
        front: bytes,
        capability: bytes,
    ) -> None:
        """Only `MODELS` has them."""
        self.kind = kind
        self.slots = slots
        self.locks = locks
        self.settings = locks + 1
        self.counter = counter
        self.counts_taps = counts_taps
        room = (slots - FRONT_PAGE) * PAGE_BYTES
        self.front = front + bytes(room - len(front))
        self.capability = capability


def _ntag(kind: str, locks: int, front: str) -> Model:
    return Model(
        kind,
        slots=0x10,
        locks=locks,
        counter=2,
        counts_taps=True,
        front=bytes.fromhex(front),
        capability=b"",
    )


# By product and storage size, as GET_VERSION has them (§10.1).
MODELS = {
    (_ULTRALIGHT, 0x0E): Model(
        "ultralight_ev1",
        slots=0x0C,
        locks=0x24,
        counter=0,
        counts_taps=False,
        front=b"",
        capability=b"\xe1\x10\x10\x00",
    ),
    (_NTAG, 0x0F): _ntag("ntag213", 0x28, "0103a00c340300fe"),
    (_NTAG, 0x11): _ntag("ntag215", 0x82, "0300fe"),
    (_NTAG, 0x13): _ntag("ntag216", 0xE2, "0300fe"),
}


def model_of(version: bytes) -> Model | None:
    """Return which chip gave this answer to GET_VERSION, None for one without room for us."""
    if len(version) != 8 or version[1] != _VENDOR_NXP:
        return None
    return MODELS.get((version[2], version[6]))


def is_small_ultralight(version: bytes) -> bool:
    """Return whether an Ultralight gave this answer that has no room for us (MF0UL11)."""
    known = version[1:3] == bytes([_VENDOR_NXP, _ULTRALIGHT])
    return known and model_of(version) is None


def read(page: int) -> bytes:
    """Ask for four pages from `page` on."""
    return bytes([READ, page])


def fast_read(first: int, last: int) -> bytes:
    """Ask for the pages from `first` to `last`."""
    return bytes([FAST_READ, first, last])


def write(page: int, data: bytes) -> bytes:
    """Replace `page`.

    Raises:
        ValueError: `data` is not 4 bytes.
    """
    if len(data) != PAGE_BYTES:
        raise ValueError(f"page of {len(data)} bytes, wanted {PAGE_BYTES}")
    return bytes([WRITE, page]) + data


def give_password(password: bytes) -> bytes:
    """Open the protected pages; the chip's answer is two bytes.

    Raises:
        ValueError: `password` is not 4 bytes.
    """
    if len(password) != PASSWORD_BYTES:
        raise ValueError(f"password of {len(password)} bytes, wanted {PASSWORD_BYTES}")
    return bytes([GIVE_PASSWORD]) + password


def read_counter(number: int) -> bytes:
    """Ask for a counter; the answer is three bytes, the lowest first."""
    return bytes([READ_COUNTER, number])


def increment_counter(number: int, steps: int) -> bytes:
    """Add `steps` to a one-way counter.

    Raises:
        ValueError: `steps` does not fit 24 bits.
    """
    if not 0 <= steps <= COUNTER_MAX:
        raise ValueError(f"{steps} steps, wanted 0 to {COUNTER_MAX}")
    return bytes([INCREMENT_COUNTER, number]) + struct.pack("<I", steps)


def front_with(message: bytes, room_bytes: int) -> bytes | None:
    """Return `room_bytes` with an NDEF message in them, None if it does not fit."""
    front = bytes([_NDEF_TAG, len(message)]) + message + bytes([_END_TAG])
    return front + bytes(room_bytes - len(front)) if len(front) <= room_bytes else None

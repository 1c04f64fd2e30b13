"""Where our record stands on a MIFARE Classic, 1K and 4K alike, and who may do what with it.

    sector 0    the directory, read with a public key, written with our key B
    sector 1    slot 0
    sector 2    slot 1
    sector 3    the counter: two value blocks that take turns
    sector 16   of a 4K: the second directory, empty

In our sectors key A reads and key B writes, and each card has its own. The counter may be lowered
with key A but raised with key B only; it starts at `FIRST_VALUE` and goes down as ours goes up.
"""

from device.nfc import classic, mad
from device.nfc.cards.keys import CardKeys

SLOT_SECTORS = (1, 2)
COUNTER_SECTOR = 3
SECTORS = (*SLOT_SECTORS, COUNTER_SECTOR)
VALUE_BLOCKS = classic.data_blocks(COUNTER_SECTOR)[:2]

FIRST_VALUE = 0x7FFFFFFF  # So that it reaches the lowest value as our counter reaches its highest.

# Of the cluster "miscellaneous applications". NXP gives out identifiers (AN10787 §4): a programme
# whose cards carry other applications too asks for one of its own.
AID = b"\x52\xf8"

TRANSPORT_ACCESS = classic.access_bytes((classic.DATA_TRANSPORT,) * 3, classic.TRAILER_TRANSPORT)
SLOT_ACCESS = classic.access_bytes((classic.DATA_B_WRITES,) * 3, classic.TRAILER_B_WRITES)
COUNTER_ACCESS = classic.access_bytes(
    (classic.VALUE_B_RAISES, classic.VALUE_B_RAISES, classic.DATA_B_WRITES),
    classic.TRAILER_B_WRITES,
)


def access_of(sector: int) -> bytes:
    """Return the access bytes of one of our sectors, or of a directory's."""
    return COUNTER_ACCESS if sector == COUNTER_SECTOR else SLOT_ACCESS


def key_a_of(keys: CardKeys, uid: bytes, sector: int) -> bytes:
    """Return what reads `sector` on the card `uid`."""
    if sector in (mad.SECTOR, mad.SECOND_SECTOR):
        return mad.KEY_A
    return keys.of_sector(uid, sector, "A")


def key_b_of(keys: CardKeys, uid: bytes, sector: int) -> bytes:
    """Return what writes `sector` on the card `uid`."""
    return keys.of_sector(uid, sector, "B")


def value_block(counter: int) -> bytes:
    """Return the value block that stands for `counter`; its address byte says nothing."""
    return classic.pack_value(FIRST_VALUE - counter, VALUE_BLOCKS[0])


def counted(block: bytes) -> int | None:
    """Return the counter that a value block stands for, None if it is not whole."""
    held = classic.unpack_value(block)
    return None if held is None else FIRST_VALUE - held[0]

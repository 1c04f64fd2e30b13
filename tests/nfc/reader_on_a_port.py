"""A real driver on a simulated PN532, and cards to put on it."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

from device.links.serial_link import SerialLink
from device.nfc.cards.classic_card import ClassicCard
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import MemberCard, Written
from device.nfc.cards.member_cards import MemberCards
from device.nfc.reader import CardSeen
from device.nfc.readers.pn532 import Pn532
from simulators.chips.chip import Chip
from simulators.chips.classic import ClassicChip
from simulators.pn532_port import Pn532Port

RANDOM = random.Random(1)
KEYS = CardKeys(
    master=bytes(range(16)),
    seal_key=b"the seal key of these tests only",
    random_bytes=RANDOM.randbytes,
    credit_master=bytes(range(16, 32)),
)
OTHER_KEYS = CardKeys(
    master=bytes(16), seal_key=b"some other programme's seal key", random_bytes=RANDOM.randbytes
)
UID_4 = bytes.fromhex("deadbeef")
UID_7 = bytes.fromhex("04782e21801d80")
FIRST_OP = b"op-of-issue."
TAP_S = 2.0


@contextlib.asynccontextmanager
async def reader_on_port(*chips: Chip) -> AsyncIterator[tuple[Pn532, Pn532Port]]:
    port = Pn532Port()
    reader = Pn532(SerialLink(port.start()))
    try:
        await reader.open()
        for chip in chips:
            port.place(chip)
        yield reader, port
    finally:
        await reader.close()
        port.stop()


def classic_on(reader: Pn532, uid: bytes = UID_4) -> ClassicCard:
    """Return the MIFARE Classic `uid` that lies on the reader."""
    return ClassicCard(reader, uid)


def seen(chip: Chip) -> CardSeen:
    return CardSeen(uid=chip.uid, atqa=chip.atqa, sak=chip.sak)


async def issue(reader: Pn532, chip: ClassicChip, member: str = "m-1001") -> MemberCard:
    """Personalise `chip`, which lies on the reader, and leave it selected."""
    found = await reader.wait_for_card(TAP_S)
    assert found is not None
    cards = MemberCards(reader, KEYS)
    written = await cards.personalise(found, member=member, op_digest=FIRST_OP)
    assert isinstance(written, Written)
    assert written.card is not None
    return written.card


async def tap(reader: Pn532, keys: CardKeys = KEYS) -> object:
    return await MemberCards(reader, keys).wait(TAP_S)


async def command_arrived(port: Pn532Port, code: int) -> None:
    while code not in port.chip.commands_seen:  # noqa: ASYNC110  # a chip has no event to wait for
        await asyncio.sleep(0)

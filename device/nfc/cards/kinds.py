"""Which kind of card the reader has selected, and who keeps our record on it.

Source: NXP AN10833 rev. 3.6 (MIFARE type identification procedure).
"""

from device.nfc import classic, desfire, ntag
from device.nfc.cards.bare_chip import BareChip
from device.nfc.cards.classic_record import ClassicRecord
from device.nfc.cards.desfire_record import DesfireRecord
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.ntag424_record import Ntag424Record
from device.nfc.cards.ntag_record import NtagRecord
from device.nfc.cards.record_store import RecordStore
from device.nfc.cards.smart_card import SmartCard
from device.nfc.reader import CardGone, CardRefused, CardSeen, Reader

SAK_SMART = 0x20  # ISO/IEC 14443-3 §6.5.3.4: speaks 14443-4, and nothing else.
SMART_UID_BYTES = 7  # A shorter one is drawn anew at every tap.

# The chip's type and major version, as GetVersion has them.
_SMART_KINDS = {
    (0x01, 0x01): "desfire_ev1",
    (0x01, 0x12): "desfire_ev2",
    (0x01, 0x33): "desfire_ev3",
    (0x04, 0x30): "ntag424",
}


async def store_for(reader: Reader, keys: CardKeys, seen: CardSeen) -> RecordStore | None:
    """Return who keeps our record on the selected card; None for a kind that we do not hand out.

    Raises what `Reader.exchange` raises.
    """
    if seen.sak in (classic.SAK_1K, classic.SAK_4K):
        return ClassicRecord(reader, keys, seen.sak)
    if seen.sak == ntag.SAK:
        return await _page_store(reader, keys)
    if seen.sak == SAK_SMART and seen.ats and len(seen.uid) == SMART_UID_BYTES:
        return await _smart_store(reader, keys)
    return None


async def _page_store(reader: Reader, keys: CardKeys) -> RecordStore | None:
    try:
        version = await reader.exchange_raw(ntag.GET_VERSION)
    except (CardGone, CardRefused):  # The first Ultralights do not know the command.
        await reader.reselect()
        return BareChip()
    model = ntag.model_of(version)
    if model is None:
        return BareChip() if ntag.is_small_ultralight(version) else None
    return NtagRecord(reader, keys, model)


async def _smart_store(reader: Reader, keys: CardKeys) -> RecordStore | None:
    card = SmartCard(reader, keys.challenge, data_max_bytes=desfire.DESFIRE_DATA_MAX_BYTES)
    try:
        version = await card.version()
    except CardRefused:
        return None
    kind = _SMART_KINDS.get((version[1], version[3]))
    if kind is None:
        return None
    if kind == Ntag424Record.kind:
        return Ntag424Record(reader, keys)
    return DesfireRecord(reader, keys, kind)

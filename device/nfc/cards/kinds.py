"""Which kind of card the reader has selected, and who keeps our record on it.

Source: NXP AN10833 rev. 3.6 (MIFARE type identification procedure).
"""

from device.nfc import classic
from device.nfc.cards.classic_record import ClassicRecord
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.record_store import RecordStore
from device.nfc.reader import CardSeen, Reader


async def store_for(reader: Reader, keys: CardKeys, seen: CardSeen) -> RecordStore | None:
    """Return who keeps our record on the selected card; None for a kind that we do not hand out.

    Raises what `Reader.exchange_raw` raises.
    """
    if seen.sak in (classic.SAK_1K, classic.SAK_4K):
        return ClassicRecord(reader, keys, seen.sak)
    return None

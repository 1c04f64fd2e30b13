"""A look at every part of one of our MIFARE Classic cards: access bits and directory."""

from device.nfc import classic, mad
from device.nfc.cards import classic_layout as places
from device.nfc.cards.classic_directory import ClassicDirectory
from device.nfc.cards.classic_sectors import ClassicSectors
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.record_store import Finding
from device.nfc.reader import Reader


async def access_findings(reader: Reader, keys: CardKeys, uid: bytes) -> list[Finding]:
    """Return which of our sectors does not open with both keys, or lets do what it should not."""
    sectors = ClassicSectors(reader, keys, uid)
    findings = []
    for sector in places.SECTORS:
        if not await sectors.opens_with_b(sector):
            findings.append(Finding(f"key B does not open sector {sector}"))
            continue
        held = (await sectors.chip.read_block(classic.trailer_block(sector)))[6:9]
        wanted = places.access_of(sector)
        if held != wanted:
            text = f"sector {sector} has access bits {held.hex()}, wanted {wanted.hex()}"
            findings.append(Finding(text))
    return findings


async def directory_findings(
    reader: Reader, keys: CardKeys, uid: bytes, *, is_4k: bool
) -> list[Finding]:
    """Return what is noteworthy about the directory; a card is as good without one."""
    sectors = ClassicSectors(reader, keys, uid)
    directory = await ClassicDirectory(reader, sectors, is_4k=is_4k).read()
    if directory is None:
        return [Finding("the directory cannot be read", is_wrong=False)]
    if not mad.is_whole(directory):
        return [Finding("the check byte of the directory is wrong", is_wrong=False)]
    aids = mad.entries(directory)
    missing = [it for it in places.SECTORS if aids[it - 1] != places.AID]
    if not missing:
        return []
    named = ", ".join(map(str, missing))
    return [Finding(f"the directory does not name sectors {named} as ours", is_wrong=False)]

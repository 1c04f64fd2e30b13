"""Where our record stands on an NTAG 424 DNA, and the URL with which it proves itself to phones.

Both slots stand in the proprietary file, whose factory settings are ours: key LOOK reads, key SPEND
reads and writes, everything enciphered. The chip has no counter that a terminal may raise; its read
counter rises with every phone that reads the URL, so it says nothing about our writes.
"""

from device.nfc import desfire, ndef
from device.nfc.cards.keys import CardKeys
from device.nfc.desfire import Mode
from loyalty.card import SLOT_BYTES, SLOTS
from loyalty.keys import NTAG424_APPLICATION, SUN_FILE_KEY, SUN_META_KEY
from loyalty.sun import MAC_DIGITS, MAC_PARAMETER, WHO_DIGITS, WHO_PARAMETER

MASTER, LOOK, SPEND = 0, 2, 3  # Changes keys and settings; reads slots; reads and writes them.

NDEF_FILE = 2
NDEF_SHORT_ID = 4
RECORD_FILE = 3
RECORD_BYTES = SLOTS * SLOT_BYTES
WRITE_MAX_BYTES = 80  # At once: padded and with its MAC it fills a frame.

_FACTORY_RECORD = b"\x00\x7e"  # NT4H2421Gx §8.2.3: the proprietary file's first bytes.
_LENGTH_BYTES = 2  # Before the message, in the file.
_SDM_ENABLED = 0x40
_SDM_OPTIONS = 0xC1  # §10.7.1: UID and read counter are mirrored, in ASCII.


def factory_record() -> bytes:
    """Return what the part of the file that we use holds from the factory."""
    return _FACTORY_RECORD.ljust(RECORD_BYTES, b"\0")


def ndef_file(tap_url: str) -> bytes:
    """Return the NDEF file, zeros standing where the chip writes who it is and its MAC.

    Raises:
        ValueError: no such URL fits.
    """
    who, mac = "0" * WHO_DIGITS, "0" * MAC_DIGITS
    message = ndef.url_message(f"{tap_url}?{WHO_PARAMETER}={who}&{MAC_PARAMETER}={mac}")
    return len(message).to_bytes(_LENGTH_BYTES, "big") + message


def url_in(file: bytes) -> str:
    """Return the URL of the NDEF file as it was read, or ""."""
    return ndef.url_in(file[_LENGTH_BYTES:])


def sun_settings(tap_url: str) -> bytes:
    """Return the settings with which everybody reads the NDEF file and nobody forges it.

    Source: §10.7.1, table 69. The MAC covers who it is by its own session key alone, so its input
    begins where it stands.
    """
    mac_at = len(ndef_file(tap_url)) - MAC_DIGITS
    who_at = mac_at - len(f"&{MAC_PARAMETER}=") - WHO_DIGITS
    rights = desfire.rights(read=desfire.FREE, write=MASTER, both=MASTER, change=MASTER)
    keys = SUN_META_KEY << 12 | SUN_FILE_KEY << 8 | desfire.NEVER << 4 | desfire.NEVER
    head = bytes([_SDM_ENABLED | Mode.PLAIN.value]) + rights
    mirrors = bytes([_SDM_OPTIONS]) + keys.to_bytes(2, "little")
    return head + mirrors + b"".join(desfire.three(at) for at in (who_at, mac_at, mac_at))


def mirrors(settings: bytes) -> bool:
    """Return whether the NDEF file's settings, as the card tells them, have it prove itself."""
    return len(settings) > 1 and bool(settings[1] & _SDM_ENABLED)


def section(file: int, offset: int, length: int) -> bytes:
    """Return the header that names part of a file."""
    return bytes([file]) + desfire.three(offset) + desfire.three(length)


def key_of(keys: CardKeys, uid: bytes, number: int) -> bytes:
    """Return key `number` of the card `uid`."""
    if number == SUN_META_KEY:
        return keys.of_sun_messages()
    return keys.of_application(uid, NTAG424_APPLICATION, number)

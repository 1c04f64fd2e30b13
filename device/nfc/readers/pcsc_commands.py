"""MIFARE commands and raw frames as a PC/SC reader takes them, and what its answers mean.

Source: PC/SC Workgroup, Interoperability Specification part 3, rev. 2.01.09 §3.1.3 (the ATR of a
card without 14443-4) and §3.2.2 (commands that the reader answers); ACS, ACR122U API V2.04 §4.3, §5
and §6.1 for value blocks and for frames that go to the PN532 inside.
"""

from device.nfc import classic, commands
from device.nfc.reader import CardGone, CardRefused, CardSeen, ReaderSilent

GET_UID = bytes.fromhex("ffca000000")
GET_ATS = bytes.fromhex("ffca010000")

APDU_MAX_BYTES = 255  # Behind the header; enough for every frame of a card.

_LOAD_KEY = bytes.fromhex("ff82000006")
_AUTHENTICATE = bytes.fromhex("ff860000050100")
_WRITE_PAGE = 0xA2
_OPERATIONS = {classic.INCREMENT: 1, classic.DECREMENT: 2}
_COPY = 3

_DONE = b"\x90\x00"
_CARD_SILENT = (b"\x64\x01", b"\x64\x00")

# What stands in the ATR behind this names a card without 14443-4: one byte for the standard, two
# for the card (part 3 supplement, rev. 2.01.09).
_STORAGE_CARD = bytes.fromhex("804f0ca000000306")
_STORAGE_CARDS = {0x0001: (0x08, 0x0004), 0x0002: (0x18, 0x0002), 0x0003: (0x00, 0x0044)}
_LONG_UID_ATQA = 0x0040


def is_storage_card(atr: bytes) -> bool:
    """Return whether the card of this ATR speaks no 14443-4."""
    return _STORAGE_CARD in atr


def card_of(atr: bytes, uid: bytes, ats: bytes) -> CardSeen:
    """Return the card as another reader would have selected it.

    PC/SC tells neither SAK nor ATQA: they follow from the card's name in the ATR.
    """
    _, mark, rest = atr.partition(_STORAGE_CARD)
    if not mark:
        whole = ats[:1] == bytes([len(ats)])
        ats = ats if whole else bytes([len(ats) + 2, 0]) + ats  # Historical bytes alone.
        return CardSeen(uid=uid, atqa=b"\x03\x44", sak=0x20, ats=ats)
    name = int.from_bytes(rest[1:3], "big")
    # A name that we do not know gets a SAK that nobody has; nothing is then done with the card.
    sak, atqa = _STORAGE_CARDS.get(name, (0xFF, 0))
    if len(uid) > 4:
        atqa |= _LONG_UID_ATQA
    return CardSeen(uid=uid, atqa=atqa.to_bytes(2, "big"), sak=sak)


class MifareCommands:
    """MIFARE commands, as the PN532 takes them, turned into commands of the reader."""

    def __init__(self) -> None:
        """Begin with no value in the card's register."""
        self._loaded: tuple[int, int, bytes] | None = None

    def translate(self, data: bytes) -> list[bytes]:
        """Return what to transmit, in turn; what the last one returns is the answer.

        Readers do value operations in one go, so the first half of one transmits nothing and its
        mistakes come out with the transfer.

        Raises:
            CardRefused: PC/SC has no such command.
        """
        code, block, operand = data[0], data[1], data[2:]
        loaded, self._loaded = self._loaded, None
        if code in (classic.AUTHENTICATE_A, classic.AUTHENTICATE_B):
            return [_LOAD_KEY + operand[:6], _AUTHENTICATE + bytes([block, code, 0])]
        if code == classic.READ:
            return [bytes([0xFF, 0xB0, 0x00, block, 16])]
        if code in (classic.WRITE, _WRITE_PAGE):
            return [bytes([0xFF, 0xD6, 0x00, block, len(operand)]) + operand]
        if code in _OPERATIONS or code == classic.RESTORE:
            self._loaded = code, block, operand
            return []
        if code == classic.TRANSFER and loaded is not None:
            return [_value_operation(loaded, block)]
        raise CardRefused(f"PC/SC has no command for 0x{code:02x}")


def direct(frame: bytes) -> bytes:
    """Return the command by which an ACR122U gives its PN532 the frame for the card."""
    body = commands.communicate_thru(frame)
    return bytes([0xFF, 0x00, 0x00, 0x00, len(body)]) + body


def answer_of(response: bytes) -> bytes:
    """Return what a reader's own command brought.

    Raises:
        CardGone: the reader says that the card is silent.
        CardRefused: it did not do it; most readers say 63 00 for a card that has gone, too.
        ReaderSilent: this is no answer.
    """
    data, status = response[:-2], response[-2:]
    if len(status) < 2:
        raise ReaderSilent(f"answer of {len(response)} bytes, wanted at least 2")
    if status in _CARD_SILENT:
        raise CardGone(f"the card does not answer ({status.hex()})")
    if status != _DONE:
        raise CardRefused(f"the reader says {status.hex()}, wanted 9000")
    return data


def direct_answer_of(response: bytes) -> bytes:
    """Return what the card said to a frame that went `direct`; raises as `answer_of` does."""
    body = answer_of(response)
    if len(body) < 3 or not commands.answers(body, commands.communicate_thru(b"")):
        raise ReaderSilent(f"the PN532 inside says {body[:4].hex()}, wanted d543 and a status")
    status, data = commands.parse_exchange(body)
    if status == commands.CRC_ERROR:
        raise CardRefused(commands.status_text(status))
    if status != commands.OK:
        raise CardGone(commands.status_text(status))
    return data


def _value_operation(loaded: tuple[int, int, bytes], block: int) -> bytes:
    code, source, amount = loaded
    if code == classic.RESTORE:
        return bytes([0xFF, 0xD7, 0x00, source, 2, _COPY, block])
    if source != block:
        raise CardRefused(f"value of block {source} into {block}: PC/SC counts within one block")
    return bytes([0xFF, 0xD7, 0x00, block, 5, _OPERATIONS[code]]) + amount[::-1]

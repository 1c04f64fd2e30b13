"""PN532 commands and answers, as frame bodies. Portable.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual) §7; the section is named at each command.
"""

TO_READER = 0xD4
FROM_READER = 0xD5

DIAGNOSE = 0x00
GET_FIRMWARE_VERSION = 0x02
SET_SERIAL_BAUD_RATE = 0x10
SAM_CONFIGURATION = 0x14
RF_CONFIGURATION = 0x32
IN_DATA_EXCHANGE = 0x40
IN_COMMUNICATE_THRU = 0x42
IN_DESELECT = 0x44
IN_LIST_PASSIVE_TARGET = 0x4A
IN_RELEASE = 0x52

DATA_MAX_BYTES = 262  # §7.3.8: what InDataExchange carries beside TFI, command and target.
FRAME_MAX_BYTES = 263  # §7.3.9: what InCommunicateThru carries beside TFI and command.
RETRY_FOR_EVER = 0xFF

OK = 0x00
TIMED_OUT = 0x01
CRC_ERROR = 0x02
CARD_AUTHENTICATION = 0x14
WRONG_CONTEXT = 0x27

# §7.1, table 15: what a status means; bits 6 and 7 of the byte are flags.
STATUS_TEXTS = {
    0x00: "no error",
    0x01: "the card has not answered in time",
    0x02: "checksum error on the air",
    0x03: "parity error on the air",
    0x04: "wrong bit count during selection",
    0x05: "framing error during a MIFARE operation",
    0x06: "bit collision during selection",
    0x07: "communication buffer too small",
    0x09: "RF buffer overflow",
    0x0A: "the other side did not switch its field on in time",
    0x0B: "RF protocol error",
    0x0D: "the antenna drivers are switched off, too hot",
    0x0E: "internal buffer overflow",
    0x10: "invalid parameter",
    0x12: "command not supported by the target",
    0x13: "data format does not match the specification",
    0x14: "MIFARE authentication error",
    0x23: "wrong check byte of the UID",
    0x25: "invalid device state",
    0x26: "operation not allowed in this configuration",
    0x27: "command not acceptable in the current context",
    0x29: "the target was released by its initiator",
    0x2A: "the card was exchanged for another",
    0x2B: "the card has disappeared",
    0x2C: "NFCID3 of initiator and target differ",
    0x2D: "over-current",
    0x2E: "NAD missing in a DEP frame",
}

_STATUS_MASK = 0x3F
_SPEEDS_BAUD = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)


class AnswerError(ValueError):
    """An answer does not have the shape that its command promises."""


class Target:
    """A card of ISO/IEC 14443 type A that the chip has selected (§7.3.5)."""

    def __init__(self, number: int, atqa: bytes, sak: int, uid: bytes, ats: bytes) -> None:
        """Built by `parse_target`; the ATQA has its high byte first, as the chip sends it."""
        self.number = number
        self.atqa = atqa
        self.sak = sak
        self.uid = uid
        self.ats = ats


def diagnose_line(data: bytes) -> bytes:
    """Ask for `data` back, a test of the line (§7.2.1, NumTst 0)."""
    return _body(DIAGNOSE, b"\x00" + data)


def get_firmware_version() -> bytes:
    """Ask which chip and firmware this is (§7.2.2)."""
    return _body(GET_FIRMWARE_VERSION, b"")


def set_serial_baud_rate(baud: int) -> bytes:
    """Change the speed of the chip's UART, once its answer was acknowledged (§7.2.8).

    Raises:
        ValueError: the chip does not have this speed.
    """
    if baud not in _SPEEDS_BAUD:
        raise ValueError(f"{baud} baud, wanted one of {', '.join(map(str, _SPEEDS_BAUD))}")
    return _body(SET_SERIAL_BAUD_RATE, bytes([_SPEEDS_BAUD.index(baud)]))


def sam_configuration() -> bytes:
    """Use the chip without a security module; also ends its low-power state (§7.2.10)."""
    return _body(SAM_CONFIGURATION, b"\x01\x14\x01")


def passive_activation_retries(retries: int) -> bytes:
    """Look for a card `retries` more times, or for ever with RETRY_FOR_EVER (§7.3.1, item 5)."""
    return _body(RF_CONFIGURATION, bytes([0x05, 0xFF, 0x01, retries]))


def list_passive_target(uid: bytes = b"") -> bytes:
    """Select one type A card at 106 kbit/s, any or the one with `uid` (§7.3.5).

    A UID of 7 bytes is given with its cascade tag 88, as ISO/IEC 14443-3 §6.5.4 has it.
    """
    cascaded = b"\x88" + uid if len(uid) == 7 else uid
    return _body(IN_LIST_PASSIVE_TARGET, b"\x01\x00" + cascaded)


def data_exchange(target: int, data: bytes) -> bytes:
    """Send `data` to the selected card and ask for its answer (§7.3.8).

    Raises:
        ValueError: more than 262 bytes.
    """
    if len(data) > DATA_MAX_BYTES:
        raise ValueError(f"{len(data)} bytes for the card, at most {DATA_MAX_BYTES}")
    return _body(IN_DATA_EXCHANGE, bytes([target]) + data)


def communicate_thru(frame: bytes) -> bytes:
    """Send `frame` to the card as it is, with CRC, and ask for what it answers (§7.3.9).

    Raises:
        ValueError: more than 263 bytes.
    """
    if len(frame) > FRAME_MAX_BYTES:
        raise ValueError(f"frame of {len(frame)} bytes for the card, at most {FRAME_MAX_BYTES}")
    return _body(IN_COMMUNICATE_THRU, frame)


def deselect(target: int = 0) -> bytes:
    """Halt a card and keep what is known of it; 0 means every card (§7.3.10)."""
    return _body(IN_DESELECT, bytes([target]))


def release(target: int = 0) -> bytes:
    """Halt a card and forget it; 0 means every card (§7.3.11)."""
    return _body(IN_RELEASE, bytes([target]))


def answers(body: bytes, command: bytes) -> bool:
    """Return whether the frame body `body` is the answer to the frame body `command`."""
    return len(body) >= 2 and body[0] == FROM_READER and body[1] == command[1] + 1


def parse_firmware_version(body: bytes) -> tuple[int, int, int]:
    """Return (chip, version, revision); the chip of a PN532 is 0x32."""
    data = _payload(body, 4)
    return data[0], data[1], data[2]


def parse_target(body: bytes) -> Target | None:
    """Return the card that InListPassiveTarget found, or None if there is none."""
    data = _payload(body, 1)
    if data[0] == 0:
        return None
    if len(data) < 6 or len(data) < 6 + data[5]:
        raise AnswerError(f"target data of {len(data)} bytes ends before its UID does")
    end = 6 + data[5]
    return Target(data[1], data[2:4], data[4], data[6:end], data[end:])


def parse_exchange(body: bytes) -> tuple[int, bytes]:
    """Return (status, data) of an answer that starts with a status byte."""
    data = _payload(body, 1)
    return data[0] & _STATUS_MASK, data[1:]


def status_text(status: int) -> str:
    """Return what `status` means, for people."""
    return STATUS_TEXTS.get(status, "unknown status") + f" (0x{status:02x})"


def _body(command: int, parameters: bytes) -> bytes:
    return bytes([TO_READER, command]) + parameters


def _payload(body: bytes, wanted: int) -> bytes:
    if len(body) < 2 + wanted:
        raise AnswerError(f"answer of {len(body)} bytes, wanted at least {2 + wanted}")
    return body[2:]

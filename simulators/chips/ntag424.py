"""An NTAG 424 DNA: three files behind AES keys, and a URL that proves itself at every read.

Of secure dynamic messaging it does what our cards use: the enciphered UID and read counter, and a
MAC, mirrored into the NDEF file; other settings are refused. Whether a real chip protects the data
of a write against tearing is not in the datasheet, so here it tears at any byte.

Source: NXP NT4H2421Gx rev. 3.0 §8.2 for files and keys, §9.3 for SDM, §10 for commands.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from device.nfc import desfire
from device.nfc.desfire import Mode
from loyalty.aes import encrypt_block
from loyalty.keys import NTAG424_APPLICATION
from loyalty.sun import message_mac
from simulators.chips import native_files
from simulators.chips.chip import Nvm
from simulators.chips.iso_dep import IsoDepChip
from simulators.chips.native_dialogue import (
    Command,
    NativeDialogue,
    PowerFailed,
    Refused,
    Status,
)
from simulators.chips.native_files import STANDARD, File, Key

FACTORY_UID = bytes.fromhex("04de5f1eacc040")
ATS = bytes.fromhex("067777710280")
KEYS = 5
CAPABILITIES, NDEF, PROPRIETARY = 1, 2, 3
READ_COUNTER_MAX = 0xFFFFFF

# §8.2.3, table 5: size, mode and rights from the factory.
_FACTORY_FILES = {
    CAPABILITIES: (32, Mode.PLAIN, "00e0"),
    NDEF: (256, Mode.PLAIN, "e0ee"),
    PROPRIETARY: (128, Mode.FULL, "3023"),
}
_FACTORY_CONTENT = {
    CAPABILITIES: "001720010000ff0406e104010000000506e10500808283",
    PROPRIETARY: "007e",
}
_SHORT_IDS = {0x03: CAPABILITIES, 0x04: NDEF, 0x05: PROPRIETARY}
_LONG_IDS = {0xE103: CAPABILITIES, 0xE104: NDEF, 0xE105: PROPRIETARY}
_VERSION = bytes.fromhex("04040230001105" + "04040201021105")
_MADE = bytes.fromhex("cf39d449802021")

_DONE, _WRONG_LENGTH, _NOT_FOUND = b"\x90\x00", b"\x67\x00", b"\x6a\x82"
_NOT_ALLOWED, _UNKNOWN = b"\x69\x82", b"\x6d\x00"

_SDM_ENABLED = 0x40
_SDM_OPTIONS = 0xC1  # UID and read counter are mirrored, in ASCII.
_SDM_SETTINGS_BYTES = 12
_PICC_DATA_TAG = 0xC7


@dataclass(frozen=True, slots=True)
class Sdm:
    """Where the NDEF file mirrors what, and the keys for it."""

    meta_key: int
    file_key: int
    who_at: int
    mac_input_at: int
    mac_at: int
    settings: bytes


class Ntag424:
    """The applet of an NTAG 424 DNA."""

    def __init__(self, uid: bytes, rng: random.Random) -> None:
        self.nvm = Nvm(bytes(native_files.SCRATCH_BYTES))
        self.keys = [Key() for _ in range(KEYS)]
        self.files: dict[int, File] = {}
        self.sdm: Sdm | None = None
        self.read_counter = 0
        self._uid = uid
        self._rng = rng
        self._in_application = False
        self._chosen: int | None = None
        self._mirroring: bytes | None = None
        for number, (size_bytes, mode, rights) in _FACTORY_FILES.items():
            at = len(self.nvm.cells)
            self.files[number] = File(STANDARD, mode, bytes.fromhex(rights), at, size_bytes)
            content = bytes.fromhex(_FACTORY_CONTENT.get(number, ""))
            self.nvm.cells += content.ljust(size_bytes, b"\0")
        self.dialogue = NativeDialogue(
            {
                0x60: Command(self._get_version, part_bytes=(7, 7)),
                0x64: Command(self._get_key_version),
                0xC4: Command(self._change_key, 1, lambda _: Mode.FULL),
                0xF5: Command(self._get_file_settings),
                0x5F: Command(self._change_file_settings, 1, self._mode_of_settings),
                0xAD: Command(self._read_data, 7, self._mode_of_reading),
                0x8D: Command(self._write_data, 7, self._mode_of_writing),
            },
            key_of=self._key_value,
            authentications=frozenset(
                {desfire.AUTHENTICATE_EV2_FIRST, desfire.AUTHENTICATE_EV2_NON_FIRST}
            ),
            rng=rng,
            on_error=lambda: None,
            frame_data_bytes=desfire.ANSWER_MAX_BYTES,
        )

    @property
    def took_s(self) -> float:
        """How long the last answer took."""
        return self.dialogue.took_s

    def forget(self) -> None:
        """Lose the selection and the session."""
        self._in_application, self._chosen, self._mirroring = False, None, None
        self.dialogue.forget()

    def answer(self, apdu: bytes) -> bytes | None:
        """Return the answer to an APDU, native or of ISO/IEC 7816-4, or None if power failed."""
        if len(apdu) < 5:
            return _WRONG_LENGTH
        try:
            if apdu[0] == 0x90:
                return self._native(apdu)
            return self._iso(apdu[1], apdu[2:4], apdu[4:]) if apdu[0] == 0x00 else b"\x6e\x00"
        except PowerFailed:
            return None
        except Refused:
            return _NOT_ALLOWED

    def content(self, number: int) -> bytes:
        """Return what stands in file `number`, past all rights and without mirroring."""
        return native_files.read(self.nvm, self.files[number])

    def _native(self, apdu: bytes) -> bytes:
        if apdu[2:4] != b"\0\0" or (len(apdu) > 5 and len(apdu) != 6 + apdu[4]):
            return _WRONG_LENGTH
        self._mirroring = None
        status, data = self.dialogue.native(apdu[1], apdu[5:-1])
        return data + bytes([0x91, status])

    def _iso(self, code: int, place: bytes, rest: bytes) -> bytes:
        if code == 0xA4:
            return self._iso_select(place[0], rest[1 : 1 + rest[0]])
        if code != 0xB0:
            return _UNKNOWN
        number = _SHORT_IDS.get(place[0] & 0x1F) if place[0] & 0x80 else self._chosen
        if number is None or not self._in_application:
            return _NOT_FOUND
        offset = place[1] if place[0] & 0x80 else int.from_bytes(place, "big")
        self._chosen = number
        data = self._read(self.files[number], number)
        return data[offset : offset + (rest[0] or 256)] + _DONE

    def _iso_select(self, how: int, name: bytes) -> bytes:
        self._mirroring = None
        if how == 0x04 and name == NTAG424_APPLICATION:
            self.dialogue.forget()
            self._in_application, self._chosen = True, None
            return _DONE
        number = _LONG_IDS.get(int.from_bytes(name, "big")) if how == 0x00 else None
        if number is None or not self._in_application:
            return _NOT_FOUND
        self._chosen = number
        return _DONE

    # Keys.

    def _key_value(self, number: int) -> bytes | None:
        return self.keys[number].value if self._in_application and number < KEYS else None

    def _get_version(self, _: bytes) -> bytes:
        return _VERSION + self._uid + _MADE

    def _get_key_version(self, parameters: bytes) -> bytes:
        return bytes([self._key(parameters).version])

    def _change_key(self, parameters: bytes) -> bytes:
        old = self._key(parameters)
        if self.dialogue.key != 0:
            raise Refused(Status.AUTHENTICATION_ERROR)
        number = parameters[0]
        new = native_files.changed_key(
            parameters, number=number, own=number == 0, old=old, code_in_check=False
        )
        self._wholly(native_files.KEY_RECORD_BYTES, lambda: self.keys.__setitem__(number, new))
        if number == 0:
            self.dialogue.forget()
        return b""

    def _key(self, parameters: bytes) -> Key:
        if not self._in_application or len(parameters) < 1 or parameters[0] >= KEYS:
            raise Refused(Status.NO_SUCH_KEY)
        return self.keys[parameters[0]]

    # Files.

    def _get_file_settings(self, parameters: bytes) -> bytes:
        file = self._file(parameters)
        mirrors = parameters[0] == NDEF and self.sdm is not None
        option = file.mode.value | (_SDM_ENABLED if mirrors else 0)
        head = bytes([file.kind, option]) + file.rights + desfire.three(file.size_bytes)
        return head + (self.sdm.settings if mirrors and self.sdm is not None else b"")

    def _mode_of_settings(self, parameters: bytes) -> Mode:
        return Mode.FULL

    def _change_file_settings(self, parameters: bytes) -> bytes:
        file = self._file(parameters)
        if not native_files.allowed(self.dialogue.key, file.change_key):
            raise Refused(Status.PERMISSION_DENIED)
        if len(parameters) < 4:
            raise Refused(Status.LENGTH_ERROR)
        option, rights, rest = parameters[1], parameters[2:4], parameters[4:]
        sdm = self._parsed_sdm(parameters[0], rest) if option & _SDM_ENABLED else None
        if sdm is None and rest:
            raise Refused(Status.LENGTH_ERROR)
        mode = _mode(option & 3)
        begins = sdm is not None and self.sdm is None

        def become() -> None:
            file.mode, file.rights = mode, rights
            if parameters[0] == NDEF:
                self.sdm = sdm
                self.read_counter = 0 if begins else self.read_counter  # §9.3.2

        self._wholly(native_files.SETTINGS_BYTES, become)
        return b""

    def _parsed_sdm(self, number: int, settings: bytes) -> Sdm:
        if number != NDEF or len(settings) != _SDM_SETTINGS_BYTES:
            raise Refused(Status.PARAMETER_ERROR)
        keys = int.from_bytes(settings[1:3], "little")
        who_at, mac_input_at, mac_at = (
            int.from_bytes(settings[at : at + 3], "little") for at in (3, 6, 9)
        )
        found = Sdm(keys >> 12, keys >> 8 & 15, who_at, mac_input_at, mac_at, settings)
        if settings[0] != _SDM_OPTIONS or max(found.meta_key, found.file_key) >= KEYS:
            raise Refused(Status.PARAMETER_ERROR)
        if not who_at + 32 <= mac_at <= self.files[NDEF].size_bytes - 16 or mac_input_at > mac_at:
            raise Refused(Status.PARAMETER_ERROR)
        return found

    def _file(self, parameters: bytes) -> File:
        if not self._in_application or not parameters or parameters[0] not in self.files:
            raise Refused(Status.NO_SUCH_FILE)
        return self.files[parameters[0]]

    def _mode_of_reading(self, parameters: bytes) -> Mode:
        file = self._file(parameters)
        return native_files.mode_for(file, self.dialogue.key, file.read_key, file.both_key)

    def _mode_of_writing(self, parameters: bytes) -> Mode:
        file = self._file(parameters)
        return native_files.mode_for(file, self.dialogue.key, file.write_key, file.both_key)

    def _read_data(self, parameters: bytes) -> bytes:
        file = self._file(parameters)
        if len(parameters) != 7:
            raise Refused(Status.LENGTH_ERROR)
        offset, length = native_files.section(file, parameters)
        return self._read(file, parameters[0])[offset : offset + length]

    def _write_data(self, parameters: bytes) -> bytes:
        file = self._file(parameters)
        if not native_files.allowed(self.dialogue.key, file.write_key, file.both_key):
            raise Refused(Status.PERMISSION_DENIED)
        if len(parameters) < 7:
            raise Refused(Status.LENGTH_ERROR)
        offset, length = native_files.section(file, parameters)
        if len(parameters) != 7 + length:
            raise Refused(Status.LENGTH_ERROR)
        native_files.overwrite(self.nvm, file, offset, parameters[7:])
        return b""

    def _read(self, file: File, number: int) -> bytes:
        if not native_files.allowed(self.dialogue.key, file.read_key, file.both_key):
            raise Refused(Status.PERMISSION_DENIED)
        if number != NDEF or self.sdm is None or self.dialogue.key is not None:
            return native_files.read(self.nvm, file)
        if self._mirroring is None:
            self._mirroring = self._mirrored(file, self.sdm)
        return self._mirroring

    def _mirrored(self, file: File, sdm: Sdm) -> bytes:
        """Return the NDEF file as it is read now, counted once for reads that follow each other."""
        if self.read_counter >= READ_COUNTER_MAX:
            raise Refused(Status.BOUNDARY_ERROR)
        self._wholly(3, self._count_read)
        counter = self.read_counter.to_bytes(3, "little")
        who = bytes([_PICC_DATA_TAG]) + self._uid + counter + self._rng.randbytes(5)
        secret = encrypt_block(self.keys[sdm.meta_key].value, who).hex().upper().encode()
        data = bytearray(native_files.read(self.nvm, file))
        data[sdm.who_at : sdm.who_at + len(secret)] = secret
        covered = bytes(data[sdm.mac_input_at : sdm.mac_at])
        key = self.keys[sdm.file_key].value
        mac = message_mac(key, self._uid, counter, covered, encrypt_block).hex().upper().encode()
        data[sdm.mac_at : sdm.mac_at + len(mac)] = mac
        return bytes(data)

    def _count_read(self) -> None:
        self.read_counter += 1

    def _wholly(self, size_bytes: int, change: Callable[[], object]) -> None:
        native_files.wholly(self.nvm, size_bytes, change)


def ntag424_chip(uid: bytes = FACTORY_UID, *, rng: random.Random) -> IsoDepChip:
    """Return a chip as it leaves the factory; what it draws lots for comes from `rng`."""
    return IsoDepChip(uid, ats=ATS, applet=Ntag424(uid, rng))


def _mode(bits: int) -> Mode:
    return Mode.FULL if bits == Mode.FULL.value else Mode.MAC if bits & 1 else Mode.PLAIN

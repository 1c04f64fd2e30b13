"""A DESFire EV1, EV2 or EV3: applications with their own keys, files, and transactions on them.

What a reader needs who personalises, reads and writes with AES keys, and what Debian's libfreefare
tools need. Keys of DES serve for the first generation's authentication only. No silicon was at
hand; what the documents leave open is as libfreefare expects it.

Source: as `device.nfc.desfire`.
"""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from device.nfc import desfire
from device.nfc.desfire import Mode
from simulators.chips import native_files
from simulators.chips.chip import Nvm
from simulators.chips.desfire_files import DesfireFiles
from simulators.chips.iso_dep import IsoDepChip
from simulators.chips.native_dialogue import (
    AUTHENTICATE_D40,
    Command,
    NativeDialogue,
    PowerFailed,
    Refused,
    Status,
)
from simulators.chips.native_files import BACKUP, STANDARD, VALUE, File, Key
from simulators.chips.native_session import ChipEv2Session

FACTORY_UID = bytes.fromhex("04112233445566")
ATS = bytes.fromhex("067577810280")
APPLICATIONS_MAX = 28
FILES_MAX = 32
KEYS_MAX = 14
MEMORY_BYTES = 4864  # What a blank 4K chip of the first generation reports as free.

FACTORY_SETTINGS = 0x0F
MASTER_CHANGES, FREE_LISTING, FREE_CREATION = 0x01, 0x02, 0x04

# GetVersion's first seven bytes (hardware) and second seven (software) for each generation.
GENERATIONS = {
    "desfire_ev1": ("04010101001805", "04010101041805"),
    "desfire_ev2": ("04010112001805", "04010102011805"),
    "desfire_ev3": ("04010133001805", "04010103001805"),
}

_AES_KEYS = 0x80
_FRAME_DATA_BYTES = 59
_DIRECTORY_BYTES = 32  # What an application's own record takes.


@dataclass(slots=True)
class Application:
    """Keys and files under one identifier."""

    settings: int
    keys: list[Key]
    aes: bool
    files: dict[int, File] = field(default_factory=dict)


class Desfire:
    """The applet of a DESFire; `generation` is a key of `GENERATIONS`."""

    def __init__(self, uid: bytes, generation: str, rng: random.Random) -> None:
        self.nvm = Nvm(bytes(native_files.SCRATCH_BYTES + MEMORY_BYTES))
        self.applications = {0: Application(FACTORY_SETTINGS, [Key()], aes=False)}
        self._uid = uid
        self._generation = generation
        self._selected = self.applications[0]
        self._open = DesfireFiles(self.nvm, self._proved_key)
        self._used_bytes = 0
        codes = {AUTHENTICATE_D40, desfire.AUTHENTICATE_AES}
        if generation != "desfire_ev1":
            codes |= {desfire.AUTHENTICATE_EV2_FIRST, desfire.AUTHENTICATE_EV2_NON_FIRST}
        self.dialogue = NativeDialogue(
            self._commands(),
            key_of=self._key_value,
            authentications=frozenset(codes),
            rng=rng,
            on_error=self._open.abort,
            frame_data_bytes=_FRAME_DATA_BYTES,
        )

    @property
    def took_s(self) -> float:
        """How long the last answer took."""
        return self.dialogue.took_s

    def forget(self) -> None:
        """Lose the selection, the session and what was not committed."""
        self._selected = self.applications[0]
        self._open.use(self._selected.files)
        self.dialogue.forget()

    def answer(self, apdu: bytes) -> bytes | None:
        """Return the answer to a native command, wrapped or as it is, or None if power failed."""
        wrapped = apdu[:1] == b"\x90" and len(apdu) >= 5
        if wrapped:
            if apdu[2:4] != b"\0\0" or (len(apdu) > 5 and len(apdu) != 6 + apdu[4]):
                return b"\x67\x00"
            code, parameters = apdu[1], apdu[5:-1]
        elif apdu and apdu[0] != 0x00:
            code, parameters = apdu[0], apdu[1:]
        else:
            return b"\x6d\x00"
        try:
            status, data = self.dialogue.native(code, parameters)
        except PowerFailed:
            return None
        return data + bytes([0x91, status]) if wrapped else bytes([status]) + data

    def _commands(self) -> dict[int, Command]:
        return {
            0x60: Command(self._get_version, part_bytes=(7, 7)),
            0x5A: Command(self._select, ends_session=True),
            0x6A: Command(self._list_applications),
            0x6E: Command(self._free_memory),
            0xCA: Command(self._create_application),
            0xDA: Command(self._delete_application),
            0xFC: Command(self._format),
            0x45: Command(self._get_key_settings),
            0x64: Command(self._get_key_version),
            0xC4: Command(self._change_key, 1, lambda _: Mode.FULL),
            0x6F: Command(self._list_files),
            0xCD: Command(partial(self._create_data_file, STANDARD)),
            0xCB: Command(partial(self._create_data_file, BACKUP)),
            0xCC: Command(self._create_value_file),
            0xDF: Command(self._delete_file),
            **self._open.commands(),
        }

    # The chip and its applications.

    def _get_version(self, _: bytes) -> bytes:
        hardware, software = GENERATIONS[self._generation]
        made = bytes.fromhex("ba5410203021") + b"\x14"
        return bytes.fromhex(hardware + software) + self._uid + made

    def _select(self, parameters: bytes) -> bytes:
        if len(parameters) != 3:
            raise Refused(Status.LENGTH_ERROR)
        application = self.applications.get(_number(parameters))
        if application is None:
            raise Refused(Status.NO_SUCH_APPLICATION)
        self._selected = application
        self._open.use(application.files)
        return b""

    def _list_applications(self, _: bytes) -> bytes:
        self._need_top()
        self._need_master(FREE_LISTING)
        return b"".join(desfire.three(it) for it in self.applications if it)

    def _free_memory(self, _: bytes) -> bytes:
        return desfire.three(MEMORY_BYTES - self._used_bytes)

    def _create_application(self, parameters: bytes) -> bytes:
        self._need_top()
        self._need_master(FREE_CREATION)
        if len(parameters) < 5:
            raise Refused(Status.LENGTH_ERROR)
        aid, settings, kind = _number(parameters[:3]), parameters[3], parameters[4]
        if aid in self.applications:
            raise Refused(Status.DUPLICATE)
        if len(self.applications) > APPLICATIONS_MAX:
            raise Refused(Status.COUNT_ERROR)
        if not 1 <= kind & 15 <= KEYS_MAX:
            raise Refused(Status.PARAMETER_ERROR)
        made = Application(
            settings,
            [Key() for _ in range(kind & 15)],
            aes=bool(kind & _AES_KEYS),
        )
        self._wholly(_DIRECTORY_BYTES, lambda: self.applications.__setitem__(aid, made))
        return b""

    def _delete_application(self, parameters: bytes) -> bytes:
        aid = _number(parameters)
        gone = self.applications.get(aid)
        if gone is None or not aid:
            raise Refused(Status.NO_SUCH_APPLICATION)
        top = self.applications[0]
        own = self._selected is gone and top.settings & FREE_CREATION
        if self.dialogue.key != 0 or not (own or self._selected is top):
            raise Refused(Status.AUTHENTICATION_ERROR)
        self._wholly(_DIRECTORY_BYTES, lambda: self.applications.__delitem__(aid))
        if self._selected is gone:
            self._selected = top
            self._open.use(top.files)
            self.dialogue.end_after_answer()
        return b""

    def _format(self, _: bytes) -> bytes:
        self._need_top()
        self._need_master(0)

        def empty() -> None:
            self.applications = {0: self.applications[0]}
            self._used_bytes = 0

        self._wholly(_DIRECTORY_BYTES, empty)
        return b""

    # Keys.

    def _proved_key(self) -> int | None:
        return self.dialogue.key

    def _key_value(self, number: int) -> bytes | None:
        keys = self._selected.keys
        return keys[number].value if number < len(keys) else None

    def _get_key_settings(self, _: bytes) -> bytes:
        kind = _AES_KEYS if self._selected.aes else 0
        return bytes([self._selected.settings, kind | len(self._selected.keys)])

    def _get_key_version(self, parameters: bytes) -> bytes:
        return bytes([self._key(parameters).version])

    def _change_key(self, parameters: bytes) -> bytes:
        # Of the DES keys at the top none can be changed here: nobody of ours does.
        old, number = self._key(parameters), parameters[0]
        if self.dialogue.session is None or not self._selected.aes:
            raise Refused(Status.AUTHENTICATION_ERROR)
        changer = self._selected.settings >> 4
        own = self.dialogue.key == number
        if number == 0 and not self._selected.settings & MASTER_CHANGES:
            raise Refused(Status.PERMISSION_DENIED)
        if number and self.dialogue.key != (number if changer == desfire.FREE else changer):
            raise Refused(Status.PERMISSION_DENIED)
        if number == 0 and not own:
            raise Refused(Status.PERMISSION_DENIED)
        ev1 = not isinstance(self.dialogue.session, ChipEv2Session)
        new = native_files.changed_key(
            parameters, number=number, own=own, old=old, code_in_check=ev1
        )
        keys = self._selected.keys
        self._wholly(native_files.KEY_RECORD_BYTES, lambda: keys.__setitem__(number, new))
        if own:
            self.dialogue.forget()
        return b""

    def _key(self, parameters: bytes) -> Key:
        if not parameters:
            raise Refused(Status.LENGTH_ERROR)
        if parameters[0] >= len(self._selected.keys):
            raise Refused(Status.NO_SUCH_KEY)
        return self._selected.keys[parameters[0]]

    # Files.

    def _list_files(self, _: bytes) -> bytes:
        self._need_master(FREE_LISTING)
        return bytes(self._selected.files)

    def _create_data_file(self, kind: int, parameters: bytes) -> bytes:
        if len(parameters) == 9:
            parameters = parameters[:1] + parameters[3:]  # Without the ISO file identifier.
        if len(parameters) != 7:
            raise Refused(Status.LENGTH_ERROR)
        size_bytes = _number(parameters[4:7])
        self._create(parameters, File(kind, *_mode_and_rights(parameters), 0, size_bytes), b"")
        return b""

    def _create_value_file(self, parameters: bytes) -> bytes:
        if len(parameters) != 17:
            raise Refused(Status.LENGTH_ERROR)
        lower, upper, value = struct.unpack("<iii", parameters[4:16])
        if not lower <= value <= upper:
            raise Refused(Status.PARAMETER_ERROR)
        size_bytes = native_files.VALUE_BYTES
        made = File(VALUE, *_mode_and_rights(parameters), 0, size_bytes, lower, upper)
        made.limited_credit = bool(parameters[16] & 1)
        self._create(parameters, made, parameters[12:16])
        return b""

    def _create(self, parameters: bytes, file: File, first: bytes) -> None:
        if self._selected is self.applications[0]:
            raise Refused(Status.PERMISSION_DENIED)
        self._need_master(FREE_CREATION)
        number, files = parameters[0], self._selected.files
        if number in files:
            raise Refused(Status.DUPLICATE)
        if number >= FILES_MAX or not file.size_bytes:
            raise Refused(Status.PARAMETER_ERROR)
        if self._used_bytes + file.size_bytes > MEMORY_BYTES:
            raise Refused(Status.COUNT_ERROR)
        file.at = native_files.SCRATCH_BYTES + self._used_bytes
        content = first or bytes(file.size_bytes)

        def make() -> None:
            files[number] = file
            self._used_bytes += file.size_bytes
            self.nvm.cells[file.at : file.at + file.size_bytes] = content

        self._wholly(native_files.SETTINGS_BYTES, make)

    def _delete_file(self, parameters: bytes) -> bytes:
        self._open.file(parameters)
        self._need_master(FREE_CREATION)
        files = self._selected.files
        self._wholly(native_files.SETTINGS_BYTES, lambda: files.__delitem__(parameters[0]))
        return b""

    # Conditions.

    def _need_top(self) -> None:
        if self._selected is not self.applications[0]:
            raise Refused(Status.PERMISSION_DENIED)

    def _need_master(self, unless: int) -> None:
        if self.dialogue.key != 0 and not self._selected.settings & unless:
            raise Refused(Status.AUTHENTICATION_ERROR)

    def _wholly(self, size_bytes: int, change: Callable[[], object]) -> None:
        native_files.wholly(self.nvm, size_bytes, change)


def desfire_chip(
    uid: bytes = FACTORY_UID, generation: str = "desfire_ev1", *, rng: random.Random
) -> IsoDepChip:
    """Return a chip as it leaves the factory; what it draws lots for comes from `rng`."""
    return IsoDepChip(uid, ats=ATS, applet=Desfire(uid, generation, rng))


def _number(three: bytes) -> int:
    return int.from_bytes(three[:3], "little")


def _mode_and_rights(parameters: bytes) -> tuple[Mode, bytes]:
    try:
        mode = Mode(parameters[1])
    except ValueError:
        mode = Mode.PLAIN  # 0b10 is the same (§8.4).
    return mode, parameters[2:4]

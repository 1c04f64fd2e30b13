"""The files of one application on a DESFire, and the transaction that is under way on them.

Source: as `device.nfc.desfire`.
"""

import struct
from collections.abc import Callable

from device.nfc import desfire
from device.nfc.desfire import Mode
from simulators.chips import native_files
from simulators.chips.chip import Nvm
from simulators.chips.native_dialogue import Command, Refused, Status
from simulators.chips.native_files import BACKUP, STANDARD, VALUE, File, Staged

COMMIT_S = 0.005  # Assumed, as other times of the chip.


class DesfireFiles:
    """Data, values and transactions on `files`, those of the selected application."""

    def __init__(self, nvm: Nvm, key: Callable[[], int | None]) -> None:
        """Keep data in `nvm`; `key` tells which key was proved last, None without."""
        self.files: dict[int, File] = {}
        self._nvm = nvm
        self._key = key
        self._staged = Staged()

    def use(self, files: dict[int, File]) -> None:
        """Turn to the files of another application; what was not committed is lost."""
        self.files = files
        self.abort()

    def abort(self) -> None:
        """Forget what was not committed."""
        self._staged = Staged()

    def commands(self) -> dict[int, Command]:
        """Return the commands that are done here."""
        return {
            0xF5: Command(self._get_file_settings),
            0xBD: Command(self._read_data, 7, self._mode_of_reading),
            0x3D: Command(self._write_data, 7, self._mode_of_writing, _written_bytes),
            0x6C: Command(self._get_value, 1, self._mode_of_value),
            0x0C: Command(self._credit, 1, self._mode_of_value),
            0x1C: Command(self._limited_credit, 1, self._mode_of_value),
            0xDC: Command(self._debit, 1, self._mode_of_value),
            0xC7: Command(self._commit, took_s=COMMIT_S),
            0xA7: Command(self._abort_transaction),
        }

    def _get_file_settings(self, parameters: bytes) -> bytes:
        file = self.file(parameters)
        head = bytes([file.kind, file.mode.value]) + file.rights
        if file.kind != VALUE:
            return head + desfire.three(file.size_bytes)
        limits = struct.pack("<iii", file.lower, file.upper, file.credit_left)
        return head + limits + bytes([file.limited_credit])

    def _mode_of_reading(self, parameters: bytes) -> Mode:
        file = self.file(parameters)
        return native_files.mode_for(file, self._key(), file.read_key, file.both_key)

    def _mode_of_writing(self, parameters: bytes) -> Mode:
        file = self.file(parameters)
        return native_files.mode_for(file, self._key(), file.write_key, file.both_key)

    def _read_data(self, parameters: bytes) -> bytes:
        file = self._file_of(parameters, 7, STANDARD, BACKUP)
        self._need(file.read_key, file.both_key)
        offset, length = native_files.section(file, parameters)
        return native_files.read(self._nvm, file)[offset : offset + length]

    def _write_data(self, parameters: bytes) -> bytes:
        file = self._file_of(parameters, 7, STANDARD, BACKUP)
        self._need(file.write_key, file.both_key)
        offset, length = native_files.section(file, parameters)
        data = parameters[7:]
        if len(data) != length:
            raise Refused(Status.LENGTH_ERROR)
        if file.kind == STANDARD:
            native_files.overwrite(self._nvm, file, offset, data)
        else:
            staged = self._staged_data(parameters[0], file)
            staged[offset : offset + length] = data
        return b""

    # Values.

    def _mode_of_value(self, parameters: bytes) -> Mode:
        file = self.file(parameters)
        rights = (file.read_key, file.write_key, file.both_key)
        return native_files.mode_for(file, self._key(), *rights)

    def _get_value(self, parameters: bytes) -> bytes:
        file = self._file_of(parameters, 1, VALUE)
        self._need(file.read_key, file.write_key, file.both_key)
        return native_files.read(self._nvm, file)

    def _credit(self, parameters: bytes) -> bytes:
        file = self._file_of(parameters, 1, VALUE)
        self._need(file.both_key)
        self._change_value(parameters, file, 1)
        return b""

    def _limited_credit(self, parameters: bytes) -> bytes:
        file = self._file_of(parameters, 1, VALUE)
        self._need(file.write_key, file.both_key)
        if not file.limited_credit:
            raise Refused(Status.PERMISSION_DENIED)
        if _amount(parameters) > file.credit_left:
            raise Refused(Status.BOUNDARY_ERROR)
        self._change_value(parameters, file, 1)
        return b""

    def _debit(self, parameters: bytes) -> bytes:
        file = self._file_of(parameters, 1, VALUE)
        self._need(file.read_key, file.write_key, file.both_key)
        self._change_value(parameters, file, -1)
        debited = self._staged.debited
        debited[parameters[0]] = debited.get(parameters[0], 0) + _amount(parameters)
        return b""

    def _change_value(self, parameters: bytes, file: File, sign: int) -> None:
        staged = self._staged_data(parameters[0], file)
        value = int.from_bytes(staged, "little", signed=True) + sign * _amount(parameters)
        if not file.lower <= value <= file.upper:
            raise Refused(Status.BOUNDARY_ERROR)
        staged[:] = struct.pack("<i", value)

    # Transactions.

    def _commit(self, _: bytes) -> bytes:
        staged, files = self._staged, self.files
        if not staged.data:
            raise Refused(Status.NO_CHANGES)

        def become() -> None:
            for number, data in staged.data.items():
                file = files[number]
                self._nvm.cells[file.at : file.at + file.size_bytes] = data
                file.credit_left = staged.debited.get(number, 0)

        self._staged = Staged()
        native_files.wholly(self._nvm, sum(map(len, staged.data.values())), become)
        return b""

    def _abort_transaction(self, _: bytes) -> bytes:
        self.abort()
        return b""

    def _staged_data(self, number: int, file: File) -> bytearray:
        return self._staged.data.setdefault(number, bytearray(native_files.read(self._nvm, file)))

    def _file_of(self, parameters: bytes, header_bytes: int, *kinds: int) -> File:
        file = self.file(parameters)
        if file.kind not in kinds:
            raise Refused(Status.PARAMETER_ERROR)
        if len(parameters) < header_bytes:
            raise Refused(Status.LENGTH_ERROR)
        return file

    def _need(self, *rights: int) -> None:
        if not native_files.allowed(self._key(), *rights):
            raise Refused(Status.AUTHENTICATION_ERROR)

    def file(self, parameters: bytes) -> File:
        """Return the file that the first of `parameters` numbers.

        Raises:
            Refused: none is named, or there is none.
        """
        if not parameters:
            raise Refused(Status.LENGTH_ERROR)
        file = self.files.get(parameters[0])
        if file is None:
            raise Refused(Status.NO_SUCH_FILE)
        return file


def _amount(parameters: bytes) -> int:
    if len(parameters) != 1 + native_files.VALUE_BYTES:
        raise Refused(Status.LENGTH_ERROR)
    amount = int.from_bytes(parameters[1:], "little", signed=True)
    if amount < 0:
        raise Refused(Status.PARAMETER_ERROR)
    return amount


def _written_bytes(parameters: bytes) -> int:
    return int.from_bytes(parameters[4:7], "little")

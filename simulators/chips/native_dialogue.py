"""How a chip of the DESFire family takes commands: collected from frames, checked, answered.

What the commands do is told by the applet that has this dialogue. Times are assumptions; no maker
publishes them.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from device.nfc import desfire
from device.nfc.desfire import Mode
from device.nfc.ev1_session import rotated, session_key
from device.nfc.ev2_session import CAPABILITY_BYTES, TRANSACTION_BYTES, session_keys
from loyalty.aes import decrypt_cbc, encrypt_cbc
from loyalty.cmac import BLOCK_BYTES, ZERO_BLOCK, xor
from simulators.chips.native_session import ChipEv1Session, ChipEv2Session, ChipSession

AUTHENTICATE_D40 = 0x0A
AUTHENTICATION_S = 0.005
COMMAND_S = 0.001

_DES_BLOCK_BYTES = 8


class Status(IntEnum):
    """What a native command ends with."""

    OK = 0x00
    NO_CHANGES = 0x0C
    ILLEGAL_COMMAND = 0x1C
    INTEGRITY_ERROR = 0x1E
    NO_SUCH_KEY = 0x40
    LENGTH_ERROR = 0x7E
    PERMISSION_DENIED = 0x9D
    PARAMETER_ERROR = 0x9E
    NO_SUCH_APPLICATION = 0xA0
    AUTHENTICATION_ERROR = 0xAE
    ANOTHER_FRAME = 0xAF
    BOUNDARY_ERROR = 0xBE
    COUNT_ERROR = 0xCE
    DUPLICATE = 0xDE
    NO_SUCH_FILE = 0xF0


class Refused(Exception):
    """A command ends with `status`, which is not OK."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


class PowerFailed(Exception):
    """Power failed while the memory was programmed."""


@dataclass(frozen=True, slots=True)
class Command:
    """One native command: what it does, how its parameters are divided, how they travel.

    `perform` gets the plain parameters, of which the first `header_bytes` are never enciphered, and
    returns data or raises Refused. `mode` may depend on the parameters, of which the header is
    readable always. `data_bytes` tells from it how much data will follow. With `ends_session` a
    command comes as it is, and a session ends before it.
    """

    perform: Callable[[bytes], bytes]
    header_bytes: int = 99
    mode: Callable[[bytes], Mode] = lambda parameters: Mode.MAC
    data_bytes: Callable[[bytes], int] | None = None
    part_bytes: tuple[int, ...] = ()  # How long the first frames of the answer are.
    ends_session: bool = False
    took_s: float = COMMAND_S


class NativeDialogue:
    """Commands in, answers out, with the session between.

    `key` is the number of the key that was authenticated last, None without. `key_of` returns a key
    of what is selected, None if there is none such; `authentications` are the codes understood;
    `frame_data_bytes` is how much of an answer one frame carries.
    """

    def __init__(
        self,
        commands: Mapping[int, Command],
        *,
        key_of: Callable[[int], bytes | None],
        authentications: frozenset[int],
        rng: random.Random,
        on_error: Callable[[], None],
        frame_data_bytes: int,
    ) -> None:
        self.key: int | None = None
        self.took_s = 0.0
        self._commands = commands
        self._key_of = key_of
        self._authentications = authentications
        self._rng = rng
        self._on_error = on_error
        self._frame_data_bytes = frame_data_bytes
        self.session: ChipSession | None = None
        self.forget()

    def forget(self) -> None:
        """End the session and whatever a command has begun."""
        self.key, self.session, self._ends = None, None, False
        self._next: Callable[[bytes], tuple[Status, bytes]] | None = None

    def end_after_answer(self) -> None:
        """End the session once the command that is being performed was answered within it."""
        self._ends = True

    def native(self, code: int, parameters: bytes) -> tuple[Status, bytes]:
        """Return the status and the data, as they travel, for one frame of a command."""
        following, self._next = self._next, None
        self.took_s = COMMAND_S
        try:
            if code == desfire.ANOTHER_FRAME:
                if following is None:
                    raise Refused(Status.ILLEGAL_COMMAND)
                return following(parameters)
            if code in self._authentications:
                return self._challenge(code, parameters)
            return self._take(code, parameters)
        except Refused as refused:
            self.forget()
            self._on_error()
            return refused.status, b""

    def _take(self, code: int, parameters: bytes) -> tuple[Status, bytes]:
        command = self._commands.get(code)
        if command is None:
            raise Refused(Status.ILLEGAL_COMMAND)
        if command.data_bytes is not None and len(parameters) < self._whole(command, parameters):

            def more(rest: bytes) -> tuple[Status, bytes]:
                return self._take(code, parameters + rest)

            self._next = more
            return Status.ANOTHER_FRAME, b""
        return self._perform(code, command, parameters)

    def _whole(self, command: Command, parameters: bytes) -> int:
        assert command.data_bytes is not None
        if len(parameters) < command.header_bytes:
            raise Refused(Status.LENGTH_ERROR)
        data_bytes = command.data_bytes(parameters)
        if self.session is None:
            return command.header_bytes + data_bytes
        mode = command.mode(parameters)
        return self.session.sealed_bytes(command.header_bytes, data_bytes, mode)

    def _perform(self, code: int, command: Command, parameters: bytes) -> tuple[Status, bytes]:
        if command.ends_session:
            self.forget()
        session = self.session
        mode = command.mode(parameters) if session is not None else Mode.PLAIN
        if session is not None:
            plain = session.accept(code, parameters, command.header_bytes, mode)
            if plain is None:
                raise Refused(Status.INTEGRITY_ERROR)
            parameters = plain
        self.took_s = command.took_s
        data = command.perform(parameters)
        if self.session is not None:
            data = self.session.seal(Status.OK, data, mode)
        if self._ends:
            self.forget()
        return self._in_frames(data, command.part_bytes)

    def _in_frames(self, data: bytes, parts: tuple[int, ...]) -> tuple[Status, bytes]:
        if not parts and len(data) <= self._frame_data_bytes:
            return Status.OK, data
        room = parts[0] if parts else self._frame_data_bytes

        def more(_: bytes) -> tuple[Status, bytes]:
            return self._in_frames(data[room:], parts[1:])

        self._next = more
        return Status.ANOTHER_FRAME, data[:room]

    def _challenge(self, code: int, parameters: bytes) -> tuple[Status, bytes]:
        within = self.session
        self.key, self.session = None, None
        key = self._key_of(parameters[0]) if parameters else None
        if key is None:
            raise Refused(Status.NO_SUCH_KEY)
        if code == AUTHENTICATE_D40:
            return self._challenge_d40(parameters[0], key)
        if code == desfire.AUTHENTICATE_AES:
            return self._challenge_ev1(parameters[0], key)
        if code == desfire.AUTHENTICATE_EV2_FIRST:
            return self._challenge_ev2(parameters[0], key, None)
        if not isinstance(within, ChipEv2Session):
            raise Refused(Status.PERMISSION_DENIED)
        return self._challenge_ev2(parameters[0], key, within)

    def _challenge_ev1(self, number: int, key: bytes) -> tuple[Status, bytes]:
        random_b = self._rng.randbytes(BLOCK_BYTES)
        challenge = encrypt_cbc(key, ZERO_BLOCK, random_b)

        def finish(proof: bytes) -> tuple[Status, bytes]:
            random_a = self._proved(key, challenge, proof, random_b)
            self.key = number
            self.session = ChipEv1Session(session_key(random_a, random_b))
            return Status.OK, encrypt_cbc(key, proof[BLOCK_BYTES:], rotated(random_a))

        self._next = finish
        return Status.ANOTHER_FRAME, challenge

    def _challenge_ev2(
        self, number: int, key: bytes, within: ChipEv2Session | None
    ) -> tuple[Status, bytes]:
        random_b = self._rng.randbytes(BLOCK_BYTES)

        def finish(proof: bytes) -> tuple[Status, bytes]:
            random_a = self._proved(key, ZERO_BLOCK, proof, random_b)
            self.key = number
            keys = session_keys(key, random_a, random_b)
            said = rotated(random_a)
            if within is None:
                transaction = self._rng.randbytes(TRANSACTION_BYTES)
                self.session = ChipEv2Session(*keys, transaction, 0)
                said = transaction + said + bytes(2 * CAPABILITY_BYTES)
            else:
                self.session = ChipEv2Session(*keys, within.transaction, within.commands)
            return Status.OK, encrypt_cbc(key, ZERO_BLOCK, said)

        self._next = finish
        return Status.ANOTHER_FRAME, encrypt_cbc(key, ZERO_BLOCK, random_b)

    def _proved(self, key: bytes, start: bytes, proof: bytes, random_b: bytes) -> bytes:
        """Return the reader's random number, once `proof` has shown that it has the key."""
        self.took_s = AUTHENTICATION_S
        if len(proof) != 2 * BLOCK_BYTES:
            raise Refused(Status.LENGTH_ERROR)
        plain = decrypt_cbc(key, start, proof)
        if plain[BLOCK_BYTES:] != rotated(random_b):
            raise Refused(Status.AUTHENTICATION_ERROR)
        return plain[:BLOCK_BYTES]

    def _challenge_d40(self, number: int, key: bytes) -> tuple[Status, bytes]:
        """Authenticate as DESFire's first generation did; what follows then travels plain.

        The chip only ever enciphers, so the reader deciphers to say something.
        """
        random_b = self._rng.randbytes(_DES_BLOCK_BYTES)

        def finish(proof: bytes) -> tuple[Status, bytes]:
            if len(proof) != 2 * _DES_BLOCK_BYTES:
                raise Refused(Status.LENGTH_ERROR)
            first, second = proof[:_DES_BLOCK_BYTES], proof[_DES_BLOCK_BYTES:]
            if xor(_des(key, second), first) != rotated(random_b):
                raise Refused(Status.AUTHENTICATION_ERROR)
            self.key = number
            return Status.OK, _des(key, rotated(_des(key, first)))

        self._next = finish
        return Status.ANOTHER_FRAME, _des(key, random_b)


def _des(key: bytes, block: bytes) -> bytes:
    """Return one block enciphered with two-key triple DES; two equal halves make plain DES."""
    return Cipher(TripleDES(key + key[:8]), modes.ECB()).encryptor().update(block)

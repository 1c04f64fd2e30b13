"""A card of the DESFire family on a reader: commands in frames, and one session at a time.

Nothing that a card says is believed before its MAC is checked, and no answer is longer than a named
maximum. Whatever the card refuses ends the session, on its side as here.
"""

from collections.abc import Callable

from device.nfc import desfire
from device.nfc.desfire import Mode
from device.nfc.ev1_session import Ev1Authentication, Ev1Session
from device.nfc.ev2_session import Ev2Authentication, Ev2Session
from device.nfc.reader import AuthenticationFailed, CardGone, CardRefused, Reader

_DONE = b"\x90\x00"


class StatusRefused(CardRefused):
    """The card answered a native command with `status`, which is neither OK nor another frame."""

    def __init__(self, code: int, status: int) -> None:
        super().__init__(f"command 0x{code:02x}: the card answers status 0x{status:02x}")
        self.status = status


class SmartCard:
    """The selected card; raises what `Reader.exchange` raises, and StatusRefused."""

    def __init__(
        self, reader: Reader, new_challenge: Callable[[], bytes], *, data_max_bytes: int
    ) -> None:
        """Speak through `reader`, in frames of up to `data_max_bytes` of data."""
        self._reader = reader
        self._new_challenge = new_challenge
        self._data_max_bytes = data_max_bytes
        self._session: Ev1Session | Ev2Session | None = None

    async def select(self, application: bytes) -> None:
        """Select the application with these three bytes; a session ends."""
        self._session = None
        await self._exchange(desfire.SELECT_APPLICATION, application)

    async def select_by_name(self, name: bytes) -> None:
        """Select the application with this ISO name; a session ends."""
        self._session = None
        answer = await self._reader.exchange(desfire.select_by_name(name))
        if answer != _DONE:
            raise CardRefused(f"no application {name.hex()}: the card answers {answer.hex()}")

    async def read_binary(self, file: int, count: int) -> bytes:
        """Return the first `count` bytes of a file that anybody may read, by its short id."""
        answer = await self._reader.exchange(desfire.read_binary(file, count))
        if not answer.endswith(_DONE) or len(answer) > count + len(_DONE):
            raise CardRefused(f"file {file}: {len(answer)} bytes, wanted up to {count} and 9000")
        return answer[: -len(_DONE)]

    async def authenticate(self, number: int, key: bytes, *, ev1: bool = False) -> None:
        """Prove to each other that both have key `number`, or raise AuthenticationFailed."""
        session, self._session = self._session, None
        if ev1:
            proof: Ev1Authentication | Ev2Authentication = Ev1Authentication(
                key, self._new_challenge()
            )
        else:
            within = session if isinstance(session, Ev2Session) else None
            proof = Ev2Authentication(key, self._new_challenge(), within=within)
        try:
            challenge = await self._frame(proof.code, bytes([number]) + proof.parameters)
            if challenge[0] != desfire.ANOTHER_FRAME:
                raise AuthenticationFailed("the card gives no challenge")
            answer = await self._frame(desfire.ANOTHER_FRAME, proof.answer_challenge(challenge[1]))
        except StatusRefused as error:
            raise AuthenticationFailed(f"key {number} does not open the card: {error}") from error
        if answer[0] != desfire.OK:
            raise AuthenticationFailed("the card goes on challenging")
        self._session = proof.finish(answer[1])

    async def command(
        self, code: int, header: bytes = b"", data: bytes = b"", mode: Mode = Mode.MAC
    ) -> bytes:
        """Return the data of the answer to a command, within the session if there is one."""
        session, self._session = self._session, None  # Until the answer has proved itself.
        if session is None:
            return (await self._exchange(code, header + data))[1]
        status, body = await self._exchange(code, session.seal(code, header, data, mode))
        answer = session.open(status, body, mode)
        self._session = session
        return answer

    async def change_key(self, number: int, new: bytes, version: int, *, old: bytes | None) -> None:
        """Replace key `number`; `old` is None for the key of the session, which then ends."""
        session, self._session = self._session, None
        if session is None:
            raise CardGone("no session to change a key in")
        sealed = session.seal_key(number, new, version, old=old)
        status, body = await self._exchange(desfire.CHANGE_KEY, sealed)
        if old is not None:
            session.open(status, body, Mode.MAC)
            self._session = session

    async def version(self) -> bytes:
        """Return the first part of what the card says about itself: hardware, seven bytes."""
        self._session = None
        try:
            status, data = await self._frame(desfire.GET_VERSION, b"")
        except StatusRefused:
            # An earlier session was still open on the card; what is refused has ended it.
            status, data = await self._frame(desfire.GET_VERSION, b"")
        if status != desfire.ANOTHER_FRAME or len(data) != desfire.VERSION_BYTES:
            raise CardRefused(f"version of {len(data)} bytes, wanted {desfire.VERSION_BYTES}")
        return data

    async def _exchange(self, code: int, parameters: bytes) -> tuple[int, bytes]:
        """Send a whole command, in as many frames as it takes, and return status and data."""
        room = self._data_max_bytes
        status, data = await self._frame(code, parameters[:room])
        for at in range(room, len(parameters), room):
            if status != desfire.ANOTHER_FRAME or data:
                raise CardGone("the card answers before it has heard everything")
            status, data = await self._frame(desfire.ANOTHER_FRAME, parameters[at : at + room])
        for _ in range(desfire.ANSWER_FRAMES_MAX):
            if status == desfire.OK:
                return status, data
            status, more = await self._frame(desfire.ANOTHER_FRAME, b"")
            data += more
            if len(data) > desfire.ANSWER_MAX_BYTES:
                raise CardGone(f"answer of more than {desfire.ANSWER_MAX_BYTES} bytes")
        raise CardGone(f"answer of more than {desfire.ANSWER_FRAMES_MAX} frames")

    async def _frame(self, code: int, data: bytes) -> tuple[int, bytes]:
        answer = desfire.unwrap(await self._reader.exchange(desfire.wrap(code, data)))
        if answer is None:
            raise CardRefused(f"command 0x{code:02x}: the card does not know native commands")
        if answer[0] not in (desfire.OK, desfire.ANOTHER_FRAME):
            raise StatusRefused(code, answer[0])
        return answer

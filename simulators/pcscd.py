"""The PC/SC service's end of its socket, with one simulated reader: for programs on libpcsclite.

It serves what `device.nfc.readers.pyscard_port` asks for and ends every other connection. Programs
find it by the variable PCSCLITE_CSOCK_NAME; it listens on that path and nowhere else.

Source: pcsc-lite 1.9.9, src/winscard_msg.h and src/eventhandler.h for the messages (protocol 4.4).
"""

import asyncio
import struct
from enum import IntEnum
from pathlib import Path

from device.nfc.reader import CardGone
from simulators.chips.chip import Chip
from simulators.pcsc import ACR122U, SimulatedPcsc

READERS_MAX = 16

_HEADER = struct.Struct("=II")
_READER = struct.Struct("=128sIIi33s3xII")
_CONNECTING = struct.Struct("=I128sIIiII")
_TRANSMITTING = struct.Struct("=iIIIIIII")

_CONTEXT, _CARD, _T1 = 0x01020304, 7, 2
_ABSENT, _PRESENT_AND_POWERED = 0x02, 0x04 | 0x10 | 0x40
_OK, _CANCELLED, _NO_CARD, _REMOVED = 0, 0x80100002, 0x8010000C, 0x80100069


class Command(IntEnum):
    """What a program asks of the service."""

    ESTABLISH = 0x01
    RELEASE = 0x02
    CONNECT = 0x04
    RECONNECT = 0x05
    DISCONNECT = 0x06
    TRANSMIT = 0x09
    STATUS = 0x0B
    CANCEL = 0x0D
    VERSION = 0x11
    READERS_STATE = 0x12
    WAIT = 0x13
    STOP_WAITING = 0x14


class SimulatedPcscd:
    """The service on the socket `path`; its reader is `port`."""

    def __init__(self, path: Path) -> None:
        self.port = SimulatedPcsc()
        self._path = path
        self._events = 0
        self._atr = b""
        self._waiting: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on the socket."""
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    async def stop(self) -> None:
        """End the service."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def place(self, chip: Chip) -> None:
        """Put a card on the reader, and tell those who wait."""
        self.port.place(chip)
        self._tell(_OK)

    def remove(self) -> None:
        """Take everything off the reader, and tell those who wait."""
        self.port.remove()
        self._tell(_OK)

    def _tell(self, code: int) -> None:
        self._events += 1
        for writer in self._waiting:
            writer.write(struct.pack("=II", 0, code))
        self._waiting.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size, command = _HEADER.unpack(await reader.readexactly(_HEADER.size))
                if size > _CONNECTING.size:
                    return
                body = await reader.readexactly(size)
                if command == Command.TRANSMIT:
                    body += await reader.readexactly(_TRANSMITTING.unpack(body)[3])
                answer = self._answer(command, body, writer)
                if answer is None:
                    return
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass  # The client has gone.
        finally:
            writer.close()

    def _answer(self, command: int, body: bytes, writer: asyncio.StreamWriter) -> bytes | None:
        match command:
            case Command.VERSION | Command.RELEASE | Command.STATUS:
                return body  # With the 0 in it that says it is done.
            case Command.ESTABLISH:
                return struct.pack("=III", 0, _CONTEXT, _OK)
            case Command.CONNECT:
                return self._connect(body)
            case Command.RECONNECT:
                return body[:16] + struct.pack("=II", _T1, self._power_up())
            case Command.DISCONNECT:
                self.port.disconnect()
                return body
            case Command.TRANSMIT:
                return self._transmit(body)
            case Command.CANCEL:
                self._tell(_CANCELLED)
                return body
            case Command.READERS_STATE:
                return self._states()
            case Command.WAIT:
                self._waiting.append(writer)
                return self._states()
            case Command.STOP_WAITING:
                if writer not in self._waiting:
                    return b""  # It was told already, and takes that for the answer.
                self._waiting.remove(writer)
                return struct.pack("=II", 0, _OK)
        return None

    def _connect(self, body: bytes) -> bytes:
        context, name, share, protocols, _, _, _ = _CONNECTING.unpack(body)
        code = self._power_up()
        return _CONNECTING.pack(context, name, share, protocols, _CARD, _T1, code)

    def _power_up(self) -> int:
        try:
            self._atr = self.port.connect()
        except CardGone:
            return _NO_CARD
        return _OK

    def _transmit(self, body: bytes) -> bytes:
        head = list(_TRANSMITTING.unpack(body[: _TRANSMITTING.size]))
        try:
            answer, code = self.port.transmit(body[_TRANSMITTING.size :]), _OK
        except CardGone:
            answer, code = b"", _REMOVED
        head[6:] = len(answer), code
        return _TRANSMITTING.pack(*head) + answer

    def _states(self) -> bytes:
        there = self.port.wait(0)
        state = _PRESENT_AND_POWERED if there else _ABSENT
        atr = self._atr if there else b""
        reader = _READER.pack(ACR122U.encode(), self._events, state, 0, atr, len(atr), _T1)
        return reader.ljust(READERS_MAX * _READER.size, b"\x00")

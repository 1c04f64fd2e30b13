"""A card printer behind IPP: requests in, answers out, and a card that comes out by itself.

Written from RFC 8010, 8011 and 9112 and not from our driver. It says no more than such printers do:
"completed" for a card that stayed blank, and often no reason at all.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from simulators.mechanism import Mechanism, Printed
from simulators.plastic import PlasticCard

WIDTH_PX, HEIGHT_PX = 1011, 637
POLLS_PENDING = 1
POLLS_PROCESSING = 2
REQUEST_MAX_BYTES = 1_000_000

_LENGTH = re.compile("[0-9]{1,9}")

_PENDING, _PROCESSING, _STOPPED, _CANCELED, _ABORTED, _COMPLETED = 3, 5, 6, 7, 8, 9
_OK, _BAD_REQUEST, _NOT_FOUND, _NOT_POSSIBLE = 0x0000, 0x0400, 0x0406, 0x0404
_FORMAT_UNKNOWN = 0x040A

_INTEGER, _BOOLEAN, _ENUM, _KEYWORD, _MIME = 0x21, 0x22, 0x23, 0x44, 0x49


class BadRequest(ValueError):
    """A request that is none."""


@dataclass(slots=True)
class _Job:
    document: bytes
    state: int = _PENDING
    polls: int = 0


class IppSimulator(Mechanism):
    """One printer with a queue of its own; `path` is where it answers.

    `is_paused` keeps jobs waiting, `prints_nothing` completes them on a blank card, `aborts` gives
    them up, `says_reasons` is False for the many that never tell why they stopped.
    """

    def __init__(
        self,
        on_held: Callable[[PlasticCard | None], None] | None = None,
        *,
        on_slot_open: Callable[[], None] | None = None,
        on_printed: Callable[[PlasticCard], None] | None = None,
        path: str = "/printers/cards",
    ) -> None:
        self.is_paused = self.prints_nothing = self.aborts = False
        self.says_reasons = True
        self.formats = ("image/png", "image/pwg-raster")
        self._path = path
        self._pending = bytearray()
        self._jobs: dict[int, _Job] = {}
        super().__init__(on_held, on_slot_open=on_slot_open, on_printed=on_printed)

    def feed(self, data: bytes) -> bytes:
        """Return the answers to the requests that `data` completes."""
        if not self.powered or self.faults.mute:
            return b""
        self._pending += data
        out = bytearray()
        try:
            while (request := self._take_request()) is not None:
                out += _http("200 OK", self._said(self._answer(*request)))
        except BadRequest as error:
            self._pending.clear()
            out += _http(f"400 {error}", b"")
        return bytes(out)

    def pull(self) -> PlasticCard | None:
        """Take the card, which lies open: before it is printed as well as after."""
        return super().pull() or (None if self.jammed else self.force_out())

    def job_states(self) -> list[int]:
        """Return the state of each job, oldest first."""
        return [job.state for job in self._jobs.values()]

    def _take_request(self) -> tuple[str, bytes] | None:
        head_end = self._pending.find(b"\r\n\r\n")
        if len(self._pending) > REQUEST_MAX_BYTES:
            raise BadRequest("too long")
        if head_end < 0:
            return None
        first, *lines = self._pending[:head_end].decode("latin-1").split("\r\n")
        words = first.split(" ")
        headers = {
            name.lower(): value.strip() for name, _, value in (it.partition(":") for it in lines)
        }
        length = headers.get("content-length", "")
        if len(words) != 3 or words[0] != "POST" or _LENGTH.fullmatch(length) is None:
            raise BadRequest("POST with a length wanted")
        end = head_end + 4 + int(length)
        if len(self._pending) < end:
            return None
        body = bytes(self._pending[head_end + 4 : end])
        del self._pending[:end]
        return words[1], body

    def _answer(self, path: str, body: bytes) -> bytes:
        try:
            _, operation, number = struct.unpack_from(">HHi", body)
            asked, document = _parse(body)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise BadRequest("no IPP message") from error
        if path != self._path:
            return _message(_NOT_FOUND, number)
        match operation:
            case 0x000B:
                return _message(_OK, number, 0x04, self._printer_attributes())
            case 0x0002:
                return self._print_job(number, asked, document)
            case 0x0009 | 0x0008:
                return self._job(operation, number, int.from_bytes(asked.get("job-id", b""), "big"))
        return _message(_BAD_REQUEST, number)

    def _print_job(self, number: int, asked: dict[str, bytes], document: bytes) -> bytes:
        if asked.get("document-format", b"").decode("latin-1") not in self.formats:
            return _message(_FORMAT_UNKNOWN, number)
        job_id = len(self._jobs) + 1
        self._jobs[job_id] = _Job(document)
        return _message(_OK, number, 0x02, _job_attributes(job_id, _PENDING))

    def _job(self, operation: int, number: int, job_id: int) -> bytes:
        job = self._jobs.get(job_id)
        if job is None:
            return _message(_NOT_FOUND, number)
        if operation == 0x0008:
            if job.state >= _CANCELED:
                return _message(_NOT_POSSIBLE, number)
            job.state = _CANCELED
            return _message(_OK, number)
        self._go_on(job)
        return _message(_OK, number, 0x02, _job_attributes(job_id, job.state))

    def _go_on(self, job: _Job) -> None:
        if job.state >= _CANCELED or self.is_paused or self.jammed:
            return
        job.polls += 1
        if job.polls > POLLS_PENDING + POLLS_PROCESSING:
            self._finish(job)
        elif job.polls > POLLS_PENDING:
            job.state = _PROCESSING

    def _finish(self, job: _Job) -> None:
        job.state = _ABORTED if self.aborts else _COMPLETED
        if self.aborts or self.held is None:
            return
        card = self.held
        card.erase()
        if not self.prints_nothing:
            picture = _picture(job.document)
            if picture is None:
                job.state = _ABORTED
                return
            if self._draw(card, picture) is Printed.JAMMED:
                job.state = _STOPPED
                return
        if self.powered:
            self._discharge()

    def _printer_attributes(self) -> list[tuple[int, str, list[bytes]]]:
        stopped = self.jammed or self.is_paused or self.cover_open
        reasons = [b"none"]
        if self.says_reasons and stopped:
            reasons = [
                word
                for word, holds in (
                    (b"media-jam-error", self.jammed),
                    (b"cover-open", self.cover_open),
                    (b"paused", self.is_paused),
                )
                if holds
            ]
        return [
            (_ENUM, "printer-state", [_number(5 if stopped else 3)]),
            (_KEYWORD, "printer-state-reasons", reasons),
            (_BOOLEAN, "printer-is-accepting-jobs", [b"\1"]),
            (_MIME, "document-format-supported", [it.encode() for it in self.formats]),
        ]

    def _said(self, message: bytes) -> bytes:
        if self._used_up("garble_answers"):
            return message[: len(message) // 2]
        return message

    def _is_waiting(self) -> bool:
        return True

    def _card_came(self) -> bytes:
        return b""

    def _forget(self) -> None:
        self._pending.clear()


def _picture(document: bytes) -> Image.Image | None:
    """Return what `document` shows, None for one that is damaged or cut short."""
    try:
        return Image.open(BytesIO(document)).convert("1")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _parse(body: bytes) -> tuple[dict[str, bytes], bytes]:
    """Return the first value of each attribute, and the document behind them."""
    found: dict[str, bytes] = {}
    at = 8
    while body[at] != 0x03:
        if body[at] < 0x10:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", body, at + 1)
        name = body[at + 3 : at + 3 + length].decode()
        at += 3 + length
        (length,) = struct.unpack_from(">H", body, at)
        if name:
            found.setdefault(name, body[at + 2 : at + 2 + length])
        at += 2 + length
    return found, body[at + 1 :]


def _message(
    status: int,
    number: int,
    group: int = 0,
    attributes: list[tuple[int, str, list[bytes]]] | None = None,
) -> bytes:
    out = bytearray(struct.pack(">HHi", 0x0101, status, number)) + b"\x01"
    for name, value in (("attributes-charset", b"utf-8"), ("attributes-natural-language", b"en")):
        out += _attribute(0x47 if "charset" in name else 0x48, name, [value])
    if attributes:
        out.append(group)
        for tag, name, values in attributes:
            out += _attribute(tag, name, values)
    return bytes(out) + b"\x03"


def _attribute(tag: int, name: str, values: list[bytes]) -> bytes:
    out = bytearray()
    for number, value in enumerate(values):
        key = name.encode() if number == 0 else b""
        out += struct.pack(">BH", tag, len(key)) + key + struct.pack(">H", len(value)) + value
    return bytes(out)


def _job_attributes(job_id: int, state: int) -> list[tuple[int, str, list[bytes]]]:
    return [(_INTEGER, "job-id", [_number(job_id)]), (_ENUM, "job-state", [_number(state)])]


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _http(status: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/ipp\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body

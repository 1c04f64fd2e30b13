"""A MIFARE Ultralight, Ultralight EV1 or NTAG 21x chip: pages, lock bits, password, counters.

Sources: NXP MF0ICU1 rev. 3, MF0ULX1 rev. 3 and NTAG213_215_216 rev. 3: §8.5 memory, §8.6 NFC
counter, §8.7 password, §9.3 four-bit answers, §10 commands. Assumed, because the sheets do not
say: a chip answers a command that it does not know or that has a wrong length with NAK 0, the
first Ultralight with silence (so the Proxmark's client tells it from its successors); a disabled
NFC counter cannot be read; INCR_CNT takes as long as a write; the PN532 itself sends only READ,
WRITE and COMPATIBILITY_WRITE and reports a NAK as status 14. The ASCII mirror of the NTAG and the
virtual card selection of the EV1 are not modelled.
"""

from collections.abc import Callable, Iterable

from device.nfc import commands
from simulators.chips.chip import (
    ACKNOWLEDGED,
    DONE,
    FOUR_BITS,
    SILENT,
    Activation,
    Nvm,
    air_s,
)
from simulators.chips.ultralight_counter import (
    COUNTER_BYTES,
    COUNTER_MAX,
    Counter,
    delivered_counter,
)
from simulators.chips.ultralight_guard import Guard, Refusal
from simulators.chips.ultralight_model import (
    FIRST_USER_PAGE,
    LOCK_PAGE,
    MODELS,
    OTP_PAGE,
    PAGE_BYTES,
    delivered_pages,
    with_dynamic_locks,
    with_otp,
    with_static_locks,
)

FACTORY_UID = bytes.fromhex("04a1b2c3d4e5f6")
GET_VERSION, READ, FAST_READ, READ_SIGNATURE = 0x60, 0x30, 0x3A, 0x3C
WRITE, COMPATIBILITY_WRITE, PASSWORD = 0xA2, 0xA0, 0x1B
READ_COUNTER, INCREMENT_COUNTER, CHECK_TEARING = 0x39, 0xA5, 0x3E

_NAK_ARGUMENT = (FOUR_BITS, b"\x00")
_NAK_OVERFLOW = (FOUR_BITS, b"\x04")
_REFUSED = (commands.CARD_AUTHENTICATION, b"")
_NOT_SENT = (0x10, b"")  # "Invalid parameter".

_HALT = b"\x50\x00"
_READ_PAGES = 4
_COMPATIBILITY_BYTES = 16
_SIGNATURE_BYTES = 32
_NFC_COUNTER = 2
_PROGRAM_S = 0.0041  # MF0ICU1 §8.6.7: how long a page takes to be written.

Answer = tuple[int, bytes]


class UltralightChip:
    """One chip of the family, of a kind in `MODELS`; new, or as `store` and `counters` make it."""

    atqa = b"\x00\x44"
    sak = 0x00
    ats = b""
    took_s = 0.0

    def __init__(self, kind: str = "ultralight", uid: bytes = FACTORY_UID) -> None:
        """Be as new, with `uid`.

        Raises:
            ValueError: there is no such kind, or `uid` is not 7 bytes.
        """
        if kind not in MODELS:
            raise ValueError(f"kind {kind!r}, wanted one of {', '.join(MODELS)}")
        if len(uid) != 7:
            raise ValueError(f"uid of {len(uid)} bytes, wanted 7")
        self.kind, self.uid = kind, uid
        self._model = model = MODELS[kind]
        pages = delivered_pages(model, uid)
        counters = delivered_counter() * len(model.counters)
        self.nvm = Nvm(pages + counters + b"\x00")
        self._failures_at = len(pages + counters)
        self._guard = Guard(model, self.nvm, failures_at=self._failures_at)
        self.counters = {
            address: Counter(self.nvm, len(pages) + place * COUNTER_BYTES)
            for place, address in enumerate(model.counters)
        }
        self.signature = bytes(_SIGNATURE_BYTES)  # A real one is NXP's, over the UID.
        self._activation = Activation()
        self._counted = False
        self._half_written = b""

    def page(self, number: int) -> bytes:
        """Return what page `number` holds, past all protection."""
        return bytes(self.nvm.cells[number * PAGE_BYTES : (number + 1) * PAGE_BYTES])

    def store(self, number: int, data: bytes) -> None:
        """Let page `number` hold `data`, past all protection."""
        self.nvm.cells[number * PAGE_BYTES : (number + 1) * PAGE_BYTES] = data

    @property
    def failed_passwords(self) -> int:
        """How many wrong passwords it has noted since the last right one."""
        return self.nvm.cells[self._failures_at]

    @failed_passwords.setter
    def failed_passwords(self, failures: int) -> None:
        self.nvm.cells[self._failures_at] = failures

    def wear(self, pages: Iterable[int]) -> None:
        """Let `pages` keep for ever what they hold now, though they acknowledge every write."""
        self.nvm.worn = frozenset(
            page * PAGE_BYTES + at for page in pages for at in range(PAGE_BYTES)
        )

    def copied_onto(self, uid: bytes) -> "UltralightChip":
        """Return a copier's work: our pages on a chip with `uid` that never counted."""
        copy = UltralightChip(self.kind, uid)
        for page in range(FIRST_USER_PAGE, self._model.pages):
            copy.store(page, self.page(page))
        return copy

    def select(self, *, wake: bool = True) -> bool:
        """Answer a search; a password that was given counts no more, new lock bits count."""
        self._forget()
        self._guard.take_locks()
        return self._activation.select(wake=wake) and not self.nvm.torn

    def halt(self) -> None:
        """Fall silent until woken."""
        self._activation.halt()
        self._forget()

    def leave_field(self) -> None:
        """Lose power; a chip that was torn starts afresh when it comes back."""
        self._activation.lose_power()
        self.nvm.regain_power()
        self._counted = False
        self._forget()
        self._guard.take_settings()

    def exchange(self, data: bytes) -> Answer:
        """Return status and data for a MIFARE command; a PN532 sends a long write in two halves."""
        if data[:1] == bytes([COMPATIBILITY_WRITE]):
            answer = self.exchange_raw(data[:2])
            first_s = self.took_s
            if answer == ACKNOWLEDGED:
                answer = self.exchange_raw(data[2:])
                self.took_s += first_s
        elif data[:1] in (bytes([READ]), bytes([WRITE])):
            answer = self.exchange_raw(data)
        else:
            return _NOT_SENT
        if answer[0] != FOUR_BITS:
            return answer
        return DONE if answer == ACKNOWLEDGED else _REFUSED

    def exchange_raw(self, frame: bytes) -> Answer:
        """Return the chip's answer to a frame; whatever it refuses ends the selection."""
        if not self._activation.active or self.nvm.torn or not frame:
            return SILENT
        if frame == _HALT:
            self.halt()
            return SILENT
        programmed = self.nvm.bytes_programmed
        answer = self._second_half(frame) if self._half_written else self._perform(frame)
        self.took_s = air_s(len(frame), len(answer[1]))
        if self.nvm.bytes_programmed != programmed:
            self.took_s += _PROGRAM_S
        if answer[0] != commands.OK and answer != ACKNOWLEDGED:
            self._activation.lapse()
            self._forget()
        return answer

    def _perform(self, frame: bytes) -> Answer:
        length, perform = self._COMMANDS.get(frame[0], (0, None))
        if perform is None or len(frame) != length:
            return _NAK_ARGUMENT if self._model.version else SILENT
        return perform(self, frame[1:])

    def _get_version(self, _: bytes) -> Answer:
        return (commands.OK, self._model.version) if self._model.version else SILENT

    def _read(self, parameters: bytes) -> Answer:
        first, end = parameters[0], self._guard.readable_end()
        if first >= end:
            return _NAK_ARGUMENT
        return self._show([(first + at) % end for at in range(_READ_PAGES)])

    def _fast_read(self, parameters: bytes) -> Answer:
        first, last = parameters
        if not self._model.version or not first <= last < self._guard.readable_end():
            return _NAK_ARGUMENT
        return self._show(range(first, last + 1))

    def _show(self, pages: Iterable[int]) -> Answer:
        if self._guard.counts_reads and not self._counted:
            self._counted = True
            counter = self.counters[_NFC_COUNTER]
            if counter.value < COUNTER_MAX and not counter.count(1):
                return SILENT
        secret = self._guard.secret_pages
        shown = (bytes(PAGE_BYTES) if page in secret else self.page(page) for page in pages)
        return commands.OK, b"".join(shown)

    def _write(self, parameters: bytes) -> Answer:
        page, wanted = parameters[0], parameters[1:]
        if not self._guard.may_write(page):
            return _NAK_ARGUMENT
        old = self.page(page)
        if page == LOCK_PAGE:
            wanted = with_static_locks(old, wanted)
        elif page == OTP_PAGE:
            wanted = with_otp(old, wanted)
        elif page == self._model.dynamic_lock:
            wanted = with_dynamic_locks(self._model, old, wanted)
        # §10.4: only what can never be undone is protected against tearing.
        shadowed = page in (LOCK_PAGE, OTP_PAGE, self._model.dynamic_lock)
        whole = self.nvm.program(page * PAGE_BYTES, wanted, shadowed=shadowed)
        return ACKNOWLEDGED if whole else SILENT

    def _begin_write(self, parameters: bytes) -> Answer:
        if not self._guard.may_write(parameters[0]):
            return _NAK_ARGUMENT
        self._half_written = parameters
        return ACKNOWLEDGED

    def _second_half(self, frame: bytes) -> Answer:
        page, self._half_written = self._half_written, b""
        if len(frame) != _COMPATIBILITY_BYTES:
            return _NAK_ARGUMENT
        return self._write(page + frame[:PAGE_BYTES])

    def _give_password(self, password: bytes) -> Answer:
        said = self._guard.give_password(password)
        if isinstance(said, bytes):
            return commands.OK, said
        return {
            Refusal.WRONG: _NAK_ARGUMENT,
            Refusal.TOO_OFTEN: _NAK_OVERFLOW,
            Refusal.POWER_LOST: SILENT,
        }[said]

    def _read_counter(self, parameters: bytes) -> Answer:
        counter = self.counters.get(parameters[0])
        if counter is None or not self._guard.may_read_counter():
            return _NAK_ARGUMENT
        return commands.OK, counter.value.to_bytes(3, "little")

    def _increment_counter(self, parameters: bytes) -> Answer:
        counter = self.counters.get(parameters[0])
        if counter is None or self._model.counts_reads:
            return _NAK_ARGUMENT
        steps = int.from_bytes(parameters[1:4], "little")
        if counter.value + steps > COUNTER_MAX:
            return _NAK_OVERFLOW
        return ACKNOWLEDGED if not steps or counter.count(steps) else SILENT

    def _check_tearing(self, parameters: bytes) -> Answer:
        counter = self.counters.get(parameters[0])
        if counter is None or self._model.counts_reads:
            return _NAK_ARGUMENT
        return commands.OK, bytes([counter.flag])

    def _read_signature(self, parameters: bytes) -> Answer:
        known = self._model.version and parameters == b"\x00"
        return (commands.OK, self.signature) if known else _NAK_ARGUMENT

    def _forget(self) -> None:
        self._guard.authenticated = False
        self._half_written = b""

    # Command -> how many bytes it has, and what it does.
    _COMMANDS: dict[int, tuple[int, Callable[["UltralightChip", bytes], Answer]]] = {  # noqa: RUF012  # never changed
        GET_VERSION: (1, _get_version),
        READ: (2, _read),
        FAST_READ: (3, _fast_read),
        WRITE: (6, _write),
        COMPATIBILITY_WRITE: (2, _begin_write),
        PASSWORD: (5, _give_password),
        READ_COUNTER: (2, _read_counter),
        INCREMENT_COUNTER: (6, _increment_counter),
        CHECK_TEARING: (2, _check_tearing),
        READ_SIGNATURE: (2, _read_signature),
    }


def locked_chip(kind: str = "ntag213", uid: bytes = FACTORY_UID) -> UltralightChip:
    """Return a chip whose first pages somebody has made read-only for ever."""
    chip = UltralightChip(kind, uid)
    chip.store(LOCK_PAGE, chip.page(LOCK_PAGE)[:2] + b"\xff\xff")
    chip.leave_field()
    return chip

"""The chips of the MIFARE Ultralight and NTAG 21x family: where things stand in their pages.

Source: NXP MF0ICU1 rev. 3 §7.5, MF0ULX1 rev. 3 §8.5 and NTAG213_215_216 rev. 3 §8.5 for the memory
and its lock bits, §10.1 of the latter two for versions.
"""

from dataclasses import dataclass

PAGE_BYTES = 4
LOCK_PAGE, OTP_PAGE, FIRST_USER_PAGE = 2, 3, 4
FAILURES_MAX = 7  # Wrong passwords that a chip can count (AUTHLIM has three bits).

_INTERNAL = 0x48
_CASCADE_TAG = 0x88
_FIRST_DYNAMIC_PAGE = 16  # Static lock bits stand for the pages before.
_DYNAMIC_LOCK_END = 0xBD  # The last byte of the page, for ever.

# Which static lock bits each block-locking bit freezes: those of pages 3, 4 to 9, 10 to 15.
_STATIC_FREEZES = (0x0008, 0x03F0, 0xFC00)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One kind of chip. `configuration` is the first of its four pages of settings, if it has any.

    A bit of the `dynamic_lock` page locks `dynamic_step` pages of user memory. `version` is the
    answer to GET_VERSION, empty for a chip that does not know the command.
    """

    kind: str
    pages: int
    version: bytes = b""
    configuration: int | None = None
    settings: bytes = b""  # What the four pages hold from the factory.
    dynamic_lock: int | None = None
    dynamic_step: int = 2
    counters: tuple[int, ...] = ()  # The addresses of its one-way counters.
    counts_reads: bool = False  # An NFC counter, which counts visits by itself.
    delivered: bytes = b""  # What pages 3 on hold from the factory.

    @property
    def user_end(self) -> int:
        """The page behind the last one for users."""
        if self.dynamic_lock is not None:
            return self.dynamic_lock
        return self.pages if self.configuration is None else self.configuration


def _version(product: int, subtype: int, storage: int) -> bytes:
    return bytes([0, 4, product, subtype, 1, 0, storage, 3])


_EV1_SETTINGS = bytes.fromhex("000000ff 00050000 ffffffff 00000000")
_NTAG_SETTINGS = bytes.fromhex("040000ff 00000000 ffffffff 00000000")
_EV1_COUNTERS = (0, 1, 2)
_NTAG_COUNTER = (2,)

MODELS = {
    model.kind: model
    for model in (
        Model(kind="ultralight", pages=16),
        Model(
            kind="ultralight_ev1",
            pages=20,
            version=_version(3, 1, 0x0B),
            configuration=0x10,
            settings=_EV1_SETTINGS,
            counters=_EV1_COUNTERS,
        ),
        Model(
            kind="ultralight_ev1_128",
            pages=41,
            version=_version(3, 1, 0x0E),
            configuration=0x25,
            settings=_EV1_SETTINGS,
            dynamic_lock=0x24,
            counters=_EV1_COUNTERS,
        ),
        Model(
            kind="ntag213",
            pages=45,
            version=_version(4, 2, 0x0F),
            configuration=0x29,
            settings=_NTAG_SETTINGS,
            dynamic_lock=0x28,
            counters=_NTAG_COUNTER,
            counts_reads=True,
            delivered=bytes.fromhex("e1101200 0103a00c 340300fe"),
        ),
        Model(
            kind="ntag215",
            pages=135,
            version=_version(4, 2, 0x11),
            configuration=0x83,
            settings=_NTAG_SETTINGS,
            dynamic_lock=0x82,
            dynamic_step=16,
            counters=_NTAG_COUNTER,
            counts_reads=True,
            delivered=bytes.fromhex("e1103e00 0300fe00"),
        ),
        Model(
            kind="ntag216",
            pages=231,
            version=_version(4, 2, 0x13),
            configuration=0xE3,
            settings=_NTAG_SETTINGS,
            dynamic_lock=0xE2,
            dynamic_step=16,
            counters=_NTAG_COUNTER,
            counts_reads=True,
            delivered=bytes.fromhex("e1106d00 0300fe00"),
        ),
    )
}


def delivered_pages(model: Model, uid: bytes) -> bytes:
    """Return what the pages of a new chip hold."""
    pages = bytearray(model.pages * PAGE_BYTES)
    pages[: LOCK_PAGE * PAGE_BYTES + 2] = (
        uid[:3] + bytes([_CASCADE_TAG ^ uid[0] ^ uid[1] ^ uid[2]]) + uid[3:]
    ) + bytes([uid[3] ^ uid[4] ^ uid[5] ^ uid[6], _INTERNAL])
    at = OTP_PAGE * PAGE_BYTES
    pages[at : at + len(model.delivered)] = model.delivered
    if model.dynamic_lock is not None:
        pages[model.dynamic_lock * PAGE_BYTES + 3] = _DYNAMIC_LOCK_END
    if model.configuration is not None:
        at = model.configuration * PAGE_BYTES
        pages[at : at + len(model.settings)] = model.settings
    return bytes(pages)


def locked_pages(model: Model, cells: bytes) -> frozenset[int]:
    """Return the pages that lock bits make read-only; CFGLCK counts for the first two settings."""
    bits = int.from_bytes(cells[LOCK_PAGE * PAGE_BYTES + 2 : OTP_PAGE * PAGE_BYTES], "little")
    locked = {page for page in range(OTP_PAGE, _FIRST_DYNAMIC_PAGE) if bits >> page & 1}
    if model.dynamic_lock is not None:
        at = model.dynamic_lock * PAGE_BYTES
        bits = int.from_bytes(cells[at : at + 2], "little")
        locked |= {
            page
            for page in range(_FIRST_DYNAMIC_PAGE, model.user_end)
            if bits >> (page - _FIRST_DYNAMIC_PAGE) // model.dynamic_step & 1
        }
    return frozenset(locked)


def with_static_locks(old: bytes, wanted: bytes) -> bytes:
    """Return page 2 after a write: bits are only ever set, and not those that are frozen."""
    held, asked = (int.from_bytes(page[2:], "little") for page in (old, wanted))
    frozen = sum(mask for bit, mask in enumerate(_STATIC_FREEZES) if held >> bit & 1)
    return old[:2] + (held | asked & ~frozen).to_bytes(2, "little")


def with_dynamic_locks(model: Model, old: bytes, wanted: bytes) -> bytes:
    """Return the page of dynamic lock bits after a write, each pair frozen by a bit of byte 2."""
    steps = -(-(model.user_end - _FIRST_DYNAMIC_PAGE) // model.dynamic_step)
    meant = (1 << steps) - 1
    held = int.from_bytes(old[:2], "little")
    frozen = sum(0b11 << 2 * bit for bit in range(8) if old[2] >> bit & 1)
    locks = held | int.from_bytes(wanted[:2], "little") & meant & ~frozen
    freezes = old[2] | wanted[2] & (1 << -(-steps // 2)) - 1
    return locks.to_bytes(2, "little") + bytes([freezes]) + old[3:]


def with_otp(old: bytes, wanted: bytes) -> bytes:
    """Return page 3 after a write: its bits are only ever set."""
    return bytes(held | asked for held, asked in zip(old, wanted, strict=True))

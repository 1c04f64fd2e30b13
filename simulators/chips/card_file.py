"""A card in a file: kind, UID, memory and counters as TOML that people can read and write.

Everything but `kind` and `uid` may be left out; what is left out is as on a new chip. Numbers of
sectors, pages, blocks and counters are decimal, memory is hexadecimal:

    kind = "classic1k"
    uid = "deadbeef"
    worn = [5]                # Blocks (or pages) that no longer keep what is written.

    [sectors]
    1 = ["…", "…", "…", "…"]  # Four (or 16) blocks of 16 bytes, the last with keys and access bits.

or, for the family of the Ultralight:

    kind = "ntag213"
    uid = "04a1b2c3d4e5f6"
    failed_passwords = 0

    [counters]
    2 = 17

    [pages]
    4 = "0103a00c"
"""

from collections.abc import Iterator, Mapping
from typing import Any

from loyalty.programme_toml import SyntaxMistake, read
from simulators.chips import classic, ultralight, ultralight_model
from simulators.chips.classic import ClassicChip, sector_of, trailer_of
from simulators.chips.ultralight import UltralightChip
from simulators.chips.ultralight_counter import COUNTER_MAX

KINDS = (*classic.KINDS, *ultralight_model.MODELS)
MISTAKES_MAX = 50

_UID_PAGES = 2

FileChip = ClassicChip | UltralightChip


class CardFileError(ValueError):
    """A card file has mistakes; `mistakes` names each with where it is, at most MISTAKES_MAX."""

    def __init__(self, mistakes: list[str]) -> None:
        """Name all `mistakes`."""
        self.mistakes = mistakes[:MISTAKES_MAX]
        super().__init__("; ".join(self.mistakes))


def parse(text: str) -> FileChip:
    """Return the chip that a card file describes.

    Raises:
        CardFileError: the file has mistakes; all are named.
    """
    try:
        document, _ = read(text)
    except SyntaxMistake as error:
        raise CardFileError([f"line {error.line}: {error}"]) from error
    mistakes: list[str] = []
    kind = document.get("kind")
    if kind not in KINDS:
        raise CardFileError([f"kind: {kind!r}, wanted one of {', '.join(KINDS)}"])
    uid_sizes = (4, 7) if kind in classic.KINDS else (7,)
    uid = _bytes(mistakes, "uid", document.get("uid"), *uid_sizes)
    chip: FileChip
    if kind in classic.KINDS:
        chip = _classic(kind, uid or classic.FACTORY_UID, document, mistakes)
    else:
        chip = _ultralight(kind, uid or ultralight.FACTORY_UID, document, mistakes)
    if mistakes:
        raise CardFileError(mistakes)
    return chip


def render(chip: FileChip) -> str:
    """Return the card file of `chip` as it is now."""
    lines = [f'kind = "{chip.kind}"', f'uid = "{chip.uid.hex()}"']
    body = _classic_lines(chip) if isinstance(chip, ClassicChip) else _ultralight_lines(chip)
    return "\n".join([*lines, *body]) + "\n"


def _classic(
    kind: str, uid: bytes, document: Mapping[str, Any], mistakes: list[str]
) -> ClassicChip:
    chip = ClassicChip(uid, kind=kind)
    _know(mistakes, document, "kind", "uid", "worn", "sectors")
    for number, blocks in _numbered(mistakes, document, "sectors", chip.sectors):
        place = f"sectors.{number}"
        first = trailer_of(number - 1) + 1 if number else 0
        count = trailer_of(number) + 1 - first
        if not isinstance(blocks, list) or len(blocks) != count:
            mistakes.append(f"{place}: wanted a list of {count} blocks")
            continue
        for at, written in enumerate(blocks):
            data = _bytes(mistakes, f"{place}[{at}]", written, classic.BLOCK_BYTES)
            if data and first + at == 0 and data[: len(chip.uid)] != chip.uid:
                mistakes.append(f"{place}[0]: begins with other bytes than uid")
            elif data:
                chip.store(first + at, data)
    chip.wear(_worn(mistakes, document, chip.blocks))
    return chip


def _ultralight(
    kind: str, uid: bytes, document: Mapping[str, Any], mistakes: list[str]
) -> UltralightChip:
    chip = UltralightChip(kind, uid)
    _know(mistakes, document, "kind", "uid", "worn", "failed_passwords", "counters", "pages")
    pages = ultralight_model.MODELS[chip.kind].pages
    for number, written in _numbered(mistakes, document, "pages", pages):
        data = _bytes(mistakes, f"pages.{number}", written, ultralight_model.PAGE_BYTES)
        if data and number < _UID_PAGES and data != chip.page(number):
            mistakes.append(f"pages.{number}: does not belong to uid")
        elif data:
            chip.store(number, data)
    for number, value in _numbered(mistakes, document, "counters", COUNTER_MAX):
        if number not in chip.counters:
            mistakes.append(f"counters.{number}: a {chip.kind} has no such counter")
        elif type(value) is not int or not 0 <= value <= COUNTER_MAX:
            mistakes.append(f"counters.{number}: {value!r}, wanted 0 to {COUNTER_MAX}")
        else:
            chip.counters[number].set(value)
    failed = document.get("failed_passwords", 0)
    if type(failed) is not int or not 0 <= failed <= ultralight_model.FAILURES_MAX:
        mistakes.append(
            f"failed_passwords: {failed!r}, wanted 0 to {ultralight_model.FAILURES_MAX}"
        )
    else:
        chip.failed_passwords = failed
    chip.wear(_worn(mistakes, document, pages))
    chip.leave_field()  # So that locks and settings from the file count.
    return chip


def _classic_lines(chip: ClassicChip) -> Iterator[str]:
    yield from _worn_line(chip, classic.BLOCK_BYTES)
    yield "\n[sectors]"
    for block in range(chip.blocks):
        sector = sector_of(block)
        if not block or sector_of(block - 1) != sector:
            yield f"{sector} = ["
        data = chip.block(block)
        if block == trailer_of(sector):
            keys = f"key A {data[:6].hex()}, access {data[6:10].hex()}, key B {data[10:].hex()}"
            yield f'  "{data.hex()}",  # {keys}'
            yield "]"
        else:
            yield f'  "{data.hex()}",  # block {block}'


def _ultralight_lines(chip: UltralightChip) -> Iterator[str]:
    yield from _worn_line(chip, ultralight_model.PAGE_BYTES)
    yield f"failed_passwords = {chip.failed_passwords}"
    if chip.counters:
        yield "\n[counters]"
    for address, counter in chip.counters.items():
        yield f"{address} = {counter.value}"
    yield "\n[pages]"
    for page in range(ultralight_model.MODELS[chip.kind].pages):
        yield f'{page} = "{chip.page(page).hex()}"'


def _worn_line(chip: FileChip, unit_bytes: int) -> Iterator[str]:
    worn = sorted({at // unit_bytes for at in chip.nvm.worn})
    if worn:
        yield f"worn = {worn}"


def _know(mistakes: list[str], document: Mapping[str, Any], *known: str) -> None:
    mistakes += [f"{key}: unknown" for key in document if key not in known]


def _numbered(
    mistakes: list[str], document: Mapping[str, Any], name: str, end: int
) -> Iterator[tuple[int, Any]]:
    """Yield the entries of a table whose keys are numbers below `end`."""
    table = document.get(name, {})
    if not isinstance(table, dict):
        mistakes.append(f"{name}: wanted a table")
        return
    for key, value in table.items():
        if len(key) < 20 and key.isdecimal() and int(key) < end:
            yield int(key), value
        else:
            mistakes.append(f"{name}.{key[:40]}: wanted a number from 0 to {end - 1}")


def _bytes(mistakes: list[str], place: str, written: object, *sizes: int) -> bytes:
    """Return the bytes that `written` says in hexadecimal; empty if that is a mistake."""
    wanted = f"wanted {' or '.join(map(str, sizes))} bytes in hexadecimal"
    try:
        data = bytes.fromhex(written) if isinstance(written, str) else b""
    except ValueError:
        data = b""
    if len(data) not in sizes:
        mistakes.append(f"{place}: {written!r}, {wanted}")
        return b""
    return data


def _worn(mistakes: list[str], document: Mapping[str, Any], end: int) -> list[int]:
    worn = document.get("worn", [])
    if not isinstance(worn, list) or not all(type(it) is int and 0 <= it < end for it in worn):
        mistakes.append(f"worn: {worn!r}, wanted a list of numbers from 0 to {end - 1}")
        return []
    return worn

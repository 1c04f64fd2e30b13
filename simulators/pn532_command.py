"""`revisit sim pn532`: a PN532 on a pseudo terminal until it is told to end.

SIGUSR1 takes the card away, or puts it back, and a line of output says so. A card with a FILE is
read from there whenever it comes, if the file is there, and written back whenever it leaves, at the
end too.
"""

import argparse
import asyncio
import random
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from simulators.chips import card_file, ultralight_model
from simulators.chips.card_file import CardFileError
from simulators.chips.chip import Chip
from simulators.chips.classic import ClassicChip, blank_chip, foreign_chip, written_chip
from simulators.chips.desfire import GENERATIONS, desfire_chip
from simulators.chips.ntag424 import ntag424_chip
from simulators.chips.other import OtherChip
from simulators.chips.ultralight import UltralightChip
from simulators.pn532_port import Pn532Port

_UID_7 = bytes.fromhex("04782e21801d80")
_SEED = 532

CARDS: dict[str, Callable[[], Chip] | None] = {
    "classic1k": written_chip,
    "classic1k-uid7": lambda: written_chip(_UID_7),
    "classic4k": lambda: written_chip(kind="classic4k"),
    "blank": blank_chip,
    "foreign": lambda: foreign_chip(bytes.fromhex("0badcafe"), random.Random(_SEED)),
    **{kind: partial(UltralightChip, kind) for kind in ultralight_model.MODELS},
    **{
        kind: partial(desfire_chip, generation=kind, rng=random.Random(_SEED))
        for kind in GENERATIONS
    },
    "ntag424": partial(ntag424_chip, rng=random.Random(_SEED)),
    "other": lambda: OtherChip(_UID_7),
    "none": None,
}


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; print the path of the port first."""
    parser = argparse.ArgumentParser(
        prog="revisit sim pn532",
        description=__doc__,
        epilog=f"KIND is one of {', '.join(CARDS)}; a FILE can hold {', '.join(card_file.KINDS)}.",
    )
    parser.add_argument("--link", type=Path, help="a symbolic link to make to the port")
    parser.add_argument(
        "--card", default="classic1k", metavar="KIND[:FILE]", help="what lies on it"
    )
    parser.add_argument("--timing", action="store_true", help="take as long as UART and air do")
    options = parser.parse_args(arguments)
    kind, _, file = options.card.partition(":")
    if kind not in CARDS:
        parser.error(f"card {kind!r}, wanted one of {', '.join(CARDS)}")
    if file and kind not in card_file.KINDS:
        parser.error(f"a {kind} in a file, wanted one of {', '.join(card_file.KINDS)}")
    if file and not Path(file).parent.is_dir():
        parser.error(f"card file {file}: no such folder, one that is there wanted")
    card = _Card(kind, Path(file) if file else None)
    try:
        asyncio.run(_serve(options.link, card, timing=options.timing))
    except CardFileError as error:
        _complain(error)
        return 1
    return 0


class _Card:
    """The card before the reader, and the file that it comes from."""

    def __init__(self, kind: str, file: Path | None) -> None:
        self._kind = kind
        self._file = file
        self._chip: Chip | None = None

    def come(self, port: Pn532Port) -> None:
        """Lay the card on the reader, as its file has it now."""
        make = CARDS[self._kind]
        if make is None:
            return
        if self._file is None:
            self._chip = self._chip or make()
        elif self._file.exists():
            self._chip = _read(self._file, self._kind)
        else:
            self._chip = _new(self._kind)
        port.place(self._chip)

    def leave(self, port: Pn532Port) -> None:
        """Take the card away and write its file."""
        port.remove()
        if self._file is not None and isinstance(self._chip, ClassicChip | UltralightChip):
            # A file half written would be no card any more.
            beside = self._file.with_suffix(".new")
            beside.write_text(card_file.render(self._chip))
            beside.replace(self._file)


def _read(file: Path, kind: str) -> Chip:
    chip = card_file.parse(file.read_text())
    if chip.kind != kind:
        raise CardFileError([f"kind: {chip.kind!r}, wanted {kind!r} as on the command line"])
    return chip


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _complain(error: CardFileError | OSError) -> None:
    if isinstance(error, CardFileError):
        mistakes = error.mistakes
    else:
        mistakes = [f"{error.filename}: {error.strerror}"]
    sys.stderr.writelines(f"card: {mistake}\n" for mistake in mistakes)


def _new(kind: str) -> Chip:
    return ClassicChip(kind=kind) if kind.startswith("classic") else UltralightChip(kind)


async def _serve(link: Path | None, card: _Card, *, timing: bool) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    port = Pn532Port(link=link, timing=timing)
    path = port.start()
    try:
        card.come(port)

        def come_or_leave() -> None:
            there = bool(port.chip.field.chips)
            try:
                (card.leave if there else card.come)(port)
                _say("card away" if there else "card back")
            except (CardFileError, OSError) as error:
                _complain(error)

        loop.add_signal_handler(signal.SIGUSR1, come_or_leave)
        _say(path)
        await ended.wait()
        if port.chip.field.chips:
            card.leave(port)
    finally:
        port.stop()

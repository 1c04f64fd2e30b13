"""`revisit sim pn532`: a PN532 on a pseudo terminal until it is told to end."""

import argparse
import asyncio
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from simulators.chips.chip import Chip
from simulators.chips.classic import blank_chip, foreign_chip, written_chip
from simulators.chips.other import OtherChip
from simulators.pn532_port import Pn532Port

_UID_7 = bytes.fromhex("04782e21801d80")

CARDS: dict[str, Callable[[], Chip] | None] = {
    "classic1k": written_chip,
    "classic1k-uid7": lambda: written_chip(_UID_7),
    "blank": blank_chip,
    "foreign": lambda: foreign_chip(bytes.fromhex("0badcafe"), random.Random(532)),
    "other": lambda: OtherChip(_UID_7),
    "none": None,
}


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; print the path of the port first."""
    parser = argparse.ArgumentParser(prog="revisit sim pn532", description=__doc__)
    parser.add_argument("--link", type=Path, help="a symbolic link to make to the port")
    parser.add_argument("--card", choices=CARDS, default="classic1k", help="what lies on it")
    parser.add_argument("--timing", action="store_true", help="take as long as UART and air do")
    options = parser.parse_args(arguments)
    asyncio.run(_serve(options.link, options.card, timing=options.timing))
    return 0


async def _serve(link: Path | None, card: str, *, timing: bool) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    port = Pn532Port(link=link, timing=timing)
    path = port.start()
    try:
        make = CARDS[card]
        if make is not None:
            port.place(make())
        sys.stdout.write(f"{path}\n")
        sys.stdout.flush()
        await ended.wait()
    finally:
        port.stop()

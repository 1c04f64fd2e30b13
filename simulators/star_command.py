"""`revisit sim star`: a Star TCP300II on a pseudo terminal until it is told to end."""

import argparse
import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

from simulators.plastic import PlasticCard
from simulators.star import StarSimulator
from simulators.star_port import StarPort


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; print the path of the port first."""
    parser = argparse.ArgumentParser(prog="revisit sim star", description=__doc__)
    parser.add_argument("--link", type=Path, help="a symbolic link to make to the port")
    parser.add_argument("--card", action="store_true", help="start with a new card in the slot")
    parser.add_argument("--save", type=Path, help="a PNG to write the face to after each rewrite")
    parser.add_argument("--baud", type=int, help="make bytes take as long as at this speed")
    options = parser.parse_args(arguments)
    if options.baud is not None and options.baud < 1:
        parser.error(f"--baud {options.baud}: at least 1 wanted")
    asyncio.run(_serve(options.link, options.save, baud=options.baud, card=options.card))
    return 0


async def _serve(link: Path | None, save: Path | None, *, baud: int | None, card: bool) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    printer = StarSimulator(on_printed=None if save is None else partial(_save_face, save))
    port = StarPort(printer, link=link, baud=baud)
    path = port.start()
    try:
        if card:
            port.insert(PlasticCard())
        sys.stdout.write(f"{path}\n")
        sys.stdout.flush()
        await ended.wait()
    finally:
        port.stop()


def _save_face(save: Path, card: PlasticCard) -> None:
    # A viewer that polls must never meet half a picture.
    part = save.with_name(save.name + ".part")
    card.seen().save(part, format="PNG")
    part.replace(save)

"""`revisit sim kiosk`: a kiosk's reader and printer around one card, until it is told to end.

What is typed is done by hand: insert, take, new, swap, jam, free, open, close, hot, cut, power,
mute, well; with --handheld also hold and away.
"""

import argparse
import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from simulators.antenna import show_to
from simulators.hand import Hand
from simulators.mechanism import Mechanism
from simulators.plastic import PlasticCard
from simulators.pn532_port import Pn532Port
from simulators.printer_command import PRINTERS, numbered_cards
from simulators.printer_port import PrinterPort
from simulators.typed_hand import end_signal, obey, picture_path, save_picture, say


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; print the paths of the ports first."""
    parser = argparse.ArgumentParser(prog="revisit sim kiosk", description=__doc__)
    parser.add_argument("--reader", type=Path, required=True, help="a link to the reader's port")
    parser.add_argument("--printer", type=Path, required=True, help="a link to the printer's port")
    parser.add_argument("--handheld", type=Path, help="a link to the reader of a handheld")
    parser.add_argument("--kind", choices=PRINTERS, default="star", help="which printer it is")
    parser.add_argument("--png", type=picture_path, help="a PNG of the nearest card")
    options = parser.parse_args(arguments)
    asyncio.run(_serve(options))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    ended = end_signal()
    reader = Pn532Port(link=options.reader)
    on_printed = None if options.png is None else partial(save_picture, options.png)
    printer = PRINTERS[options.kind][0](partial(show_to, reader), on_printed=on_printed)
    port = PrinterPort(printer, link=options.printer)
    with ExitStack() as running:
        paths = [_start(reader, running), _start(port, running)]
        hold: Callable[[PlasticCard | None], None] | None = None
        if options.handheld is not None:
            handheld = Pn532Port(link=options.handheld)
            paths.append(_start(handheld, running))
            hold = partial(show_to, handheld)
        hand = Hand(port, new_card=numbered_cards(options.kind), hold=hold)
        obey(hand, options.png)
        say("\n".join(paths))
        say(f"type: {', '.join(hand.words)}")
        await ended.wait()


def _start(port: Pn532Port | PrinterPort[Mechanism], running: ExitStack) -> str:
    running.callback(port.stop)
    return port.start()

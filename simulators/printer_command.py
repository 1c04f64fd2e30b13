"""`revisit sim star`, `revisit sim eps3`: a card printer until it is told to end.

What is typed is done to it: insert, take, new, swap, jam, free, open, close, hot, cut, power,
mute, well.
"""

import argparse
import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from simulators.chips.classic import blank_chip
from simulators.eps3 import HEIGHT_PX, WIDTH_PX, Eps3Simulator
from simulators.hand import Hand
from simulators.mechanism import Mechanism
from simulators.plastic import PlasticCard
from simulators.printer_port import PrinterPort, PrinterServer
from simulators.star import COLUMN_BYTES, COLUMNS, StarSimulator
from simulators.typed_hand import end_signal, obey, picture_path, save_picture, say

PRINTERS: dict[str, tuple[type[Mechanism], tuple[int, int]]] = {
    "star": (StarSimulator, (COLUMNS, COLUMN_BYTES * 8)),
    "eps3": (Eps3Simulator, (WIDTH_PX, HEIGHT_PX)),
}
FIRST_UID = 0xCA4D0001
TCP_PORT_MAX = 0xFFFF


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; print where the printer is first."""
    kind, *words = arguments
    parser = argparse.ArgumentParser(prog=f"revisit sim {kind}", description=__doc__)
    parser.add_argument("--link", type=Path, help="a symbolic link to make to the port")
    if kind == "eps3":
        parser.add_argument("--tcp", type=_tcp_port, help="listen on this port here instead")
    parser.add_argument("--card", action="store_true", help="start with a new card in the slot")
    parser.add_argument("--png", type=picture_path, help="a PNG of the nearest card")
    parser.add_argument("--baud", type=int, help="make bytes take as long as at this speed")
    options = parser.parse_args(words)
    if options.baud is not None and options.baud < 1:
        parser.error(f"--baud {options.baud}: at least 1 wanted")
    asyncio.run(_serve(kind, options))
    return 0


def _tcp_port(text: str) -> int:
    if not text.isdecimal() or int(text) > TCP_PORT_MAX:
        raise argparse.ArgumentTypeError(f"found {text!r}, wanted 0 to {TCP_PORT_MAX}")
    return int(text)


def numbered_cards(kind: str) -> Callable[[], PlasticCard]:
    """Return what makes new cards for a `kind` of printer, each with a blank chip of its own."""
    uids = iter(range(FIRST_UID, 1 << 32))
    size = PRINTERS[kind][1]
    return lambda: PlasticCard(blank_chip(next(uids).to_bytes(4, "big")), size=size)


async def _serve(kind: str, options: argparse.Namespace) -> None:
    ended = end_signal()
    on_printed = None if options.png is None else partial(save_picture, options.png)
    printer = PRINTERS[kind][0](on_printed=on_printed)
    new_card = numbered_cards(kind)
    tcp: int | None = getattr(options, "tcp", None)
    port: PrinterPort[Mechanism] | PrinterServer[Mechanism]
    if tcp is None:
        port = PrinterPort(printer, link=options.link, baud=options.baud)
        where = port.start()
    else:
        port = PrinterServer(printer)
        where = f"127.0.0.1:{await port.start(tcp)}"
    try:
        if options.card:
            port.insert(new_card())
        obey(Hand(port, new_card=new_card), options.png)
        say(where)
        await ended.wait()
    finally:
        if isinstance(port, PrinterServer):
            await port.stop()
        else:
            port.stop()

"""A simulated printer served until the end of the program, with a hand that obeys what is typed."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from simulators.hand import LINE_MAX_CHARACTERS, Hand
from simulators.plastic import PlasticCard

_READ_MAX_BYTES = 4096
_STDIN = 0


def end_signal() -> asyncio.Event:
    """Return what is set by SIGTERM or SIGINT from now on."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    return ended


def say(line: str) -> None:
    """Say something to whoever runs the program."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def picture_path(text: str) -> Path:
    """Return where pictures go, for the parser of a command line.

    Raises:
        argparse.ArgumentTypeError: there is no such folder.
    """
    path = Path(text)
    if not path.parent.is_dir() or path.is_dir():
        raise argparse.ArgumentTypeError(f"found {text!r}, wanted a file in a folder that is there")
    return path


def obey(hand: Hand, png: Path | None) -> None:
    """Have `hand` do what is typed from now on, if somebody can type here.

    What the nearest card looks like then is written to `png`.
    """
    if os.isatty(_STDIN) and os.tcgetpgrp(_STDIN) != os.getpgrp():
        return  # in the background of a shell, where reading would stop us
    pending = bytearray()
    loop = asyncio.get_running_loop()

    def take() -> None:
        data = os.read(_STDIN, _READ_MAX_BYTES)
        if not data:
            loop.remove_reader(_STDIN)
        pending.extend(data)
        while b"\n" in pending:
            line, _, rest = bytes(pending).partition(b"\n")
            pending[:] = rest
            say(hand.do(line.decode(errors="replace")))
            if png is not None and hand.nearest is not None:
                save_picture(png, hand.nearest)
        del pending[LINE_MAX_CHARACTERS:]

    try:
        loop.add_reader(_STDIN, take)
    except PermissionError:
        return  # /dev/null, or a file: nobody types there


def save_picture(path: Path, card: PlasticCard) -> None:
    """Write what `card` looks like to the PNG at `path`."""
    # A viewer that polls must never meet half a picture.
    part = path.with_name(path.name + ".part")
    card.seen().save(part, format="PNG")
    part.replace(path)

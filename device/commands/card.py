"""`revisit card`: personalise, read, verify, repair or wipe the card on a reader."""

import argparse
import asyncio
import sys
from pathlib import Path

from device.card_keys import read_card_keys
from device.commands.card_care import PULLED_AWAY, CardCare, Told
from device.errors import DeviceError
from device.nfc.cards.keys import CardKeys
from device.nfc.reader import CardGone, Reader
from device.nfc.readers.open_reader import make_reader
from device.nfc.readers.reader_url import parse_reader_url
from loyalty.card import COUNTER_MAX, is_member_token

WELL, NOT_WELL, MISTAKE = 0, 1, 2
WAIT_S, WAIT_MAX_S = 30.0, 86_400.0
DEEDS = ("personalise", "read", "verify", "repair", "wipe")


def main(arguments: list[str]) -> int:
    """Do one deed; return 0 if the card is as it should be then, 1 if not, 2 for a mistake."""
    options = _parser().parse_args(arguments)
    try:
        _check(options)
        keys = read_card_keys(options.keys)
        reader = make_reader(parse_reader_url(options.reader))
        told = asyncio.run(_serve(reader, keys, options))
    except CardGone:
        told = PULLED_AWAY
    except (DeviceError, ValueError) as error:
        sys.stderr.write(f"revisit card: {error}\n")
        return MISTAKE
    sys.stdout.write("\n".join(told.lines) + "\n")
    return WELL if told.is_well else NOT_WELL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="revisit card", description=__doc__)
    parser.add_argument("deed", choices=DEEDS, help="what to do with the card")
    parser.add_argument(
        "--reader", required=True, help="where the reader is: pn532+serial:///dev/ttyUSB0, …"
    )
    parser.add_argument("--keys", type=Path, required=True, help="the file card-keys.toml")
    parser.add_argument("--member", help="personalise: whose card it is to be")
    parser.add_argument(
        "--counter", type=int, help="personalise: the first number, above any the hub knows of it"
    )
    parser.add_argument("--yes", action="store_true", help="wipe: make it nobody's, really")
    parser.add_argument("--wait-s", type=float, default=WAIT_S, help="how long to wait for it")
    return parser


def _check(options: argparse.Namespace) -> None:
    if options.deed == "personalise" and not is_member_token(options.member or ""):
        raise ValueError("personalise wants --member, 1 to 16 of A-Z a-z 0-9 _ . : -")
    if options.counter is not None and not 1 <= options.counter <= COUNTER_MAX:
        raise ValueError(f"counter {options.counter}, wanted 1 to {COUNTER_MAX}")
    if not 0 < options.wait_s <= WAIT_MAX_S:
        raise ValueError(f"--wait-s {options.wait_s:g}, wanted more than 0, up to {WAIT_MAX_S:g}")


async def _serve(reader: Reader, keys: CardKeys, options: argparse.Namespace) -> Told:
    await reader.open()
    try:
        seen = await reader.wait_for_card(options.wait_s)
        if seen is None:
            return Told((f"No card came within {options.wait_s:g} s.",), is_well=False)
        care = CardCare(reader, keys)
        match options.deed:
            case "personalise":
                return await care.personalise(seen, member=options.member, counter=options.counter)
            case "read":
                return await care.read(seen)
            case "verify":
                return await care.verify(seen)
            case "repair":
                return await care.repair(seen)
            case _:
                return await care.wipe(seen, is_sure=options.yes)
    finally:
        await reader.close()

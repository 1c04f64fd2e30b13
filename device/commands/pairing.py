"""`revisit kiosk pair` and `rotate`, and the same of a handheld: who it is, and its next secret."""

import argparse
import secrets
import sys
from functools import partial
from pathlib import Path

import structlog

from device.config import LOCALES, DeviceConfig, read_config
from device.documents.catalogue import Catalogue
from device.documents.published import PROGRAMME, parse_programme
from device.errors import DeviceError
from device.links.lockfile import FileLock
from device.mqtt.credentials import Credentials
from device.mqtt.pinned_post import HubUnreached, post
from device.mqtt.provisioning import CREDENTIALS, pair
from device.mqtt.secret_change import Store, change_secret, is_due, store_at
from loyalty.clock import SystemClock
from loyalty.pairing import BadCode, from_text

COMMANDS = ("pair", "rotate")
MISTAKE = 2

_READER, _PRINTER = "pn532+serial:///dev/ttyAMA0", "star+serial:///dev/ttyUSB0?baud=9600"
_CATALOGUE = "catalogue.json"
_CONFIG = """\
# Made by `revisit {kind} pair`. Who this terminal is stands in credentials.json; the rest is yours.
locale = "{locale}"
credentials = "{folder}{credentials}"

[files]
journal = "{folder}journal.db"
catalogue = "{folder}{catalogue}"
card_keys = "{folder}card-keys.toml"    # the programme's, the same on every terminal

[reader]
url = "{reader}"
"""
_PRINTER_TABLE = """
[printer]
url = "{printer}"
"""


def main(arguments: list[str]) -> int:
    """Run `KIND pair` or `KIND rotate`; return the exit status.

    What a person can mend is told in a sentence on standard error, and 2 is returned.
    """
    kind, *words = arguments
    options = _parser(kind).parse_args(words, argparse.Namespace(kind=kind))
    try:
        if options.deed == "pair":
            _pair(options)
        else:
            _rotate(options)
    except (DeviceError, BadCode) as error:
        sys.stderr.write(f"revisit {options.kind} {options.deed}: {error}\n")
        return MISTAKE
    return 0


def end_change(config: DeviceConfig) -> bool:
    """Return whether secrets whose change was begun before, and not ended, are changed now."""
    if config.credentials is None:
        return False
    store = store_at(config.credentials)
    if store.read().following is None:
        return False
    try:
        _change(store)
    except DeviceError as error:
        structlog.get_logger().warning("secret_change_not_ended", error=str(error))
        return False
    return True


def _parser(kind: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"revisit {kind}", description=__doc__)
    deeds = parser.add_subparsers(dest="deed", required=True)
    pairing = deeds.add_parser("pair", help="become a device of the hub that showed a code")
    pairing.add_argument("code", help="the code; - reads it from standard input")
    pairing.add_argument("--to", type=Path, required=True, help="the folder for its files")
    pairing.add_argument("--config", type=Path, help="its configuration; left out: in that folder")
    pairing.add_argument("--locale", choices=LOCALES, default=LOCALES[0], help="its language")
    pairing.add_argument("--reader", default=_READER, help="the URL of its reader")
    pairing.add_argument("--printer", default=_PRINTER, help="the URL of a kiosk's printer")
    rotation = deeds.add_parser("rotate", help="replace the secret and the password")
    rotation.add_argument("config", type=Path, help="its configuration")
    rotation.add_argument(
        "--older-than", type=_days, default=0, metavar="DAYS", help="only if they are so old"
    )
    return parser


def _days(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"found {text!r}, wanted a number of days")
    return int(text)


def _pair(options: argparse.Namespace) -> None:
    text = sys.stdin.readline() if options.code == "-" else options.code
    folder, clock = options.to, SystemClock()
    paired = pair(
        from_text(text),
        options.kind,
        folder,
        send=partial(post, clock=clock),
        random_bytes=secrets.token_bytes,
        now_ms=clock.now_ms(),
    )
    if paired.programme:
        version = parse_programme(paired.programme, "the hub's programme").version
        Catalogue(folder / _CATALOGUE).put(PROGRAMME, version, paired.programme)
    config = options.config or folder / f"{options.kind}.toml"
    try:
        if not config.exists():
            config.write_text(_config(options, config))
    except OSError as error:
        raise DeviceError(f"{config}: {error.strerror}, wanted a file to write to") from error
    who = paired.credentials
    sys.stdout.write(f"This is {who.device} of {who.store} now: revisit {options.kind} {config}\n")


def _config(options: argparse.Namespace, config: Path) -> str:
    is_beside = config.resolve().parent == options.to.resolve()
    text = _CONFIG + (_PRINTER_TABLE if options.kind == "kiosk" else "")
    return text.format(
        kind=options.kind,
        locale=options.locale,
        credentials=CREDENTIALS,
        catalogue=_CATALOGUE,
        folder="" if is_beside else f"{options.to.resolve()}/",
        reader=options.reader,
        printer=options.printer,
    )


def _rotate(options: argparse.Namespace) -> None:
    config = read_config(options.config)
    if config.credentials is None:
        raise DeviceError(f"{options.config}: no credentials, only a paired terminal rotates")
    store = store_at(config.credentials)
    # A terminal that runs would go on with the password that ends here.
    lock = FileLock(config.journal)
    try:
        lock.take()
    except OSError as error:
        raise DeviceError(f"{config.journal}: {error.strerror}, wanted a place for it") from error
    try:
        now_ms, found = SystemClock().now_ms(), store.read()
        holds = f"{found.device} keeps the secret {found.keys.kid}"
        if not is_due(found, now_ms=now_ms, after_days=options.older_than):
            sys.stdout.write(f"{holds}, younger than {options.older_than} days.\n")
            return
        try:
            changed = _change(store)
        except HubUnreached as error:
            wanted = "until the hub is reached: the next start, or rotate, goes on"
            raise HubUnreached(f"{error}; {holds} {wanted}") from error
        sys.stdout.write(f"{changed.device} has the secret {changed.keys.kid} now.\n")
    finally:
        lock.release()


def _change(store: Store) -> Credentials:
    clock = SystemClock()
    return change_secret(
        store,
        send=partial(post, clock=clock),
        random_bytes=secrets.token_bytes,
        now_ms=clock.now_ms(),
    )

"""`revisit kiosk` and `revisit handheld`: run a terminal from its configuration."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from device.commands import handover as handover_command
from device.commands import pairing as pairing_command
from device.config import read_config
from device.errors import DeviceError
from device.terminal import run_terminal
from loyalty.logs import LEVELS, set_up_logs
from loyalty.long_lived import keeping_what_is_there
from loyalty.service_manager import ServiceManager

KINDS = ("kiosk", "handheld")
MISTAKE = 2

_OTHERS = "|".join((*pairing_command.COMMANDS, handover_command.COMMAND))


def main(arguments: list[str]) -> int:
    """Run the kind of terminal that the first argument names until SIGTERM or SIGINT.

    What a person can mend is told in a sentence on standard error, and 2 is returned.
    """
    if arguments[1:2] and arguments[1] in pairing_command.COMMANDS:
        return pairing_command.main(arguments)
    if arguments[1:2] == [handover_command.COMMAND]:
        return handover_command.main(arguments)
    kind, *words = arguments
    assert kind in KINDS
    parser = argparse.ArgumentParser(
        prog=f"revisit {kind}",
        description=f"Run a {kind} from its configuration, until SIGTERM or Ctrl-C.",
        epilog=f"revisit {kind} {_OTHERS}: each tells more with --help.",
    )
    parser.add_argument("config", type=Path, help=f"its configuration, {kind}.toml")
    parser.add_argument(
        "--programme", type=Path, help="put this programme into the catalogue first, if it is newer"
    )
    parser.add_argument("--log", choices=LEVELS, default="warning", help="what is logged")
    parser.add_argument(
        "--check", action="store_true", help="say what is wrong with the configuration, and end"
    )
    options = parser.parse_args(words)
    try:
        config = read_config(options.config)
        if options.check:
            sys.stdout.write(f"{options.config}: nothing is wrong with it\n")
            return 0
        set_up_logs(level=options.log)
        if pairing_command.end_change(config):
            config = read_config(options.config)
        working = run_terminal(
            kind,
            config,
            programme_file=options.programme,
            keyboard=sys.stdin.fileno(),
            screen=sys.stdout,
            manager=ServiceManager(os.environ),
        )
        with keeping_what_is_there():
            asyncio.run(working)
    except DeviceError as error:
        sys.stderr.write(f"revisit {kind}: {error}\n")
        return MISTAKE
    return 0

"""`revisit sim`: one simulator alone, for other programs to talk to."""

import importlib
import sys
from collections.abc import Callable

MODULES = {
    "pn532": "simulators.pn532_command",
    "star": "simulators.star_command",
}


def main(arguments: list[str]) -> int:
    """Run the simulator named by the first argument with the others; return its exit status."""
    if not arguments or arguments[0] not in MODULES:
        sys.stderr.write(f"usage: revisit sim {{{','.join(MODULES)}}} …\n")
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    run: Callable[[list[str]], int] = importlib.import_module(MODULES[arguments[0]]).main
    return run(arguments[1:])

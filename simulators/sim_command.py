"""`revisit sim`: simulated hardware alone, for other programs to talk to."""

import importlib
import sys
from collections.abc import Callable

# Name -> its module, and what that module is told before the other arguments.
SIMULATORS: dict[str, tuple[str, ...]] = {
    "eps3": ("simulators.printer_command", "eps3"),
    "kiosk": ("simulators.kiosk_command",),
    "pn532": ("simulators.pn532_command",),
    "star": ("simulators.printer_command", "star"),
}


def main(arguments: list[str]) -> int:
    """Run the simulator named by the first argument with the others; return its exit status."""
    if not arguments or arguments[0] not in SIMULATORS:
        sys.stderr.write(f"usage: revisit sim {{{','.join(SIMULATORS)}}} …\n")
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    module, *first = SIMULATORS[arguments[0]]
    run: Callable[[list[str]], int] = importlib.import_module(module).main
    return run([*first, *arguments[1:]])

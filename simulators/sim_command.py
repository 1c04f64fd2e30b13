"""`revisit sim`: simulated hardware alone, for other programs to talk to."""

import importlib
import sys
from collections.abc import Callable

# Name -> what it is, its module, and what that module is told before the other arguments.
SIMULATORS: dict[str, tuple[str, ...]] = {
    "eps3": ("an ANA-U EasyPrinter S3", "simulators.printer_command", "eps3"),
    "kiosk": ("a kiosk's reader and printer around one card", "simulators.kiosk_command"),
    "pn532": ("a PN532 card reader", "simulators.pn532_command"),
    "star": ("a Star TCP300II", "simulators.printer_command", "star"),
}
MISTAKE = 1


def main(arguments: list[str]) -> int:
    """Run the simulator named by the first argument with the others; return its exit status."""
    if arguments[:1] in (["-h"], ["--help"]):
        sys.stdout.write(_usage())
        return 0
    if not arguments or arguments[0] not in SIMULATORS:
        sys.stderr.write(_usage())
        return 2
    _, module, *first = SIMULATORS[arguments[0]]
    run: Callable[[list[str]], int] = importlib.import_module(module).main
    try:
        return run([*first, *arguments[1:]])
    except OSError as error:
        where = error.filename2 or error.filename
        about = f"{where}: " if where else ""
        sys.stderr.write(f"revisit sim {arguments[0]}: {about}{error.strerror}\n")
        return MISTAKE


def _usage() -> str:
    rows = "".join(f"  {name:<6} {what}\n" for name, (what, *_) in SIMULATORS.items())
    return f"usage: revisit sim NAME …\n\n{rows}\nrevisit sim NAME --help tells more.\n"

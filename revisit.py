"""The launcher: a table of sub-commands, each imported only when it is called.

A kiosk therefore needs no simulators and a hub no display. This is the one module that may know
every package.
"""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """Where a sub-command lives, what it is for, and which of its module's commands it is."""

    module: str
    summary: str
    first: tuple[str, ...] = ()


COMMANDS = {
    "card": Command("device.commands.card", "make cards a member's, verify and repair them"),
    "case": Command("hub.commands.case", "work on what needs a person"),
    "kiosk": Command("device.commands.terminal", "run a kiosk at the counter", ("kiosk",)),
    "handheld": Command("device.commands.terminal", "run floor staff's handheld", ("handheld",)),
    "face": Command("device.commands.face", "preview and check the faces of cards"),
    "hub": Command("hub.commands.hub", "run a hub, register its devices"),
    "ledger": Command("hub.commands.ledger", "verify a ledger, show balances and history"),
    "replay": Command("simulators.replay_command", "push real baskets through simulated devices"),
    "sim": Command("simulators.sim_command", "run one simulator for other programs to talk to"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the sub-command named by the first argument; return the exit status.

    Every module in the table has `main(arguments: list[str]) -> int`.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in ("-h", "--help"):
        sys.stdout.write(_usage())
        return 0 if words else 2
    command = COMMANDS.get(words[0])
    if command is None:
        sys.stderr.write(f"revisit: no command {words[0]!r}\n\n{_usage()}")
        return 2
    run: Callable[[list[str]], int] = importlib.import_module(command.module).main
    return run([*command.first, *words[1:]])


def _usage() -> str:
    width = max((len(name) for name in COMMANDS), default=0)
    rows = "".join(f"  {name:<{width}}  {it.summary}\n" for name, it in COMMANDS.items())
    return f"usage: revisit COMMAND …\n\n{rows}\nrevisit COMMAND --help tells more.\n"


if __name__ == "__main__":
    sys.exit(main())

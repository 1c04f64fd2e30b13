"""`revisit kiosk|handheld hand-over`: the lines that the hub does not have, in a file to carry.

For a terminal that was shut out, or that no network reaches any more. Its journal stays as it is.
"""

import argparse
import secrets
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from device.config import read_config
from device.errors import DeviceError
from device.mqtt.batches import Lines, next_batch
from device.mqtt.credentials import write_private
from device.mqtt.identity import Identity
from device.records.journal import Journal
from loyalty.carried import to_bytes

COMMAND = "hand-over"
MISTAKE = 2


def main(arguments: list[str]) -> int:
    """Run the command; return the exit status.

    What a person can mend is told in a sentence on standard error, and 2 is returned.
    """
    kind, _, *words = arguments
    parser = argparse.ArgumentParser(
        prog=f"revisit {kind} {COMMAND}",
        description="Write the lines that the hub does not have into a file, to carry it there.",
    )
    parser.add_argument("config", type=Path, help="its configuration")
    parser.add_argument("file", type=Path, help="where the lines go")
    options = parser.parse_args(words)
    try:
        _hand_over(options.config, options.file)
    except DeviceError as error:
        sys.stderr.write(f"revisit {kind} {COMMAND}: {error}\n")
        return MISTAKE
    return 0


def unsettled(
    identity: Identity, lines: Lines, *, settled_seq: int, last_seq: int
) -> Iterator[bytes]:
    """Yield the envelopes of the lines after `settled_seq` up to `last_seq`, oldest first."""
    while batch := next_batch(identity, lines, after_seq=settled_seq, last_seq=last_seq):
        yield batch.envelope
        settled_seq = batch.last_seq


def _hand_over(config_file: Path, target: Path) -> None:
    config = read_config(config_file)
    if not config.journal.exists():
        raise DeviceError(f"{config.journal}: there is no journal")
    with closing(Journal.open(config.journal, epoch_of_new=secrets.token_hex(8))) as journal:
        first, last = journal.settled_seq, journal.last_seq
        found = unsettled(config.identity, journal, settled_seq=first, last_seq=last)
        write_private(target, to_bytes(found))
    sys.stdout.write(f"{last - first} lines of {config.identity.device} are in {target}.\n")

"""Check-ins without a card: the smallest records that a journal can be filled with."""

from device.records.journal import Journal
from device.records.stamp import NO_CARD
from loyalty.records import CheckIn

NOON_MS = 1_790_000_000_000


def stated(at_ms: int = NOON_MS, op: str = "") -> dict[str, object]:
    """Return what any record says that was stated at `at_ms` without a card."""
    when = {"at_ms": at_ms, "mono_ms": 5, "boot": 1, "hub_ms": 0}
    return {**when, "staff": "", "store": "s1", "rules": 1, **NO_CARD, "op": op}


def check_in(at_ms: int = NOON_MS, op: str = "") -> CheckIn:
    """Return a check-in at `at_ms`, of operation `op` if it has one."""
    return CheckIn(**stated(at_ms, op))


def write(journal: Journal, lines: int) -> None:
    """Append that many check-ins to `journal`."""
    for _ in range(lines):
        journal.append(check_in())

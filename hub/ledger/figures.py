"""A ledger in figures, for those who watch it: as quick with a million lines as with one."""

from collections.abc import Mapping
from typing import NamedTuple

from hub.ledger.holds import IS_GRANT
from hub.ledger.ledger import Ledger
from hub.ledger.schema import HUB_DEVICE

DEVICES_MAX = 5_000  # the first by name


class DeviceFigures(NamedTuple):
    """How far one device's lines have come.

    `lines_apart` lie between its last line without a gap before it and the last that is here;
    `last_line_ms` is when a line last came.
    """

    store: str
    name: str
    is_revoked: bool
    lines_apart: int
    gap_since_ms: int | None
    last_line_ms: int | None


class LedgerFigures(NamedTuple):
    """What a ledger holds; `held_lines` and `open_cases` by code."""

    size_bytes: int
    devices: tuple[DeviceFigures, ...]
    held_lines: Mapping[str, int]
    open_cases: Mapping[str, int]
    open_holds: int
    points_on_hold: int

    @property
    def oldest_gap_ms(self) -> int | None:
        """Return since when a gap is waited for, None where there is none."""
        return min(
            (it.gap_since_ms for it in self.devices if it.gap_since_ms is not None), default=None
        )


def ledger_figures(ledger: Ledger, now_ms: int) -> LedgerFigures:
    """Return the figures of `ledger`; grants that are over by `now_ms` hold nothing.

    Raises:
        LedgerUnavailable: the database does not answer.
    """
    database = ledger.connection
    with ledger.engine.snapshot():
        rows = database.execute(_DEVICES, (HUB_DEVICE, DEVICES_MAX)).fetchall()
        holds, points = database.execute(_GRANTS, (now_ms,)).fetchone()
        return LedgerFigures(
            size_bytes=ledger.engine.size_bytes(),
            devices=tuple([_device(*it) for it in rows]),
            held_lines=dict(database.execute(_HELD_LINES).fetchall()),
            open_cases=dict(database.execute(_OPEN_CASES).fetchall()),
            open_holds=holds,
            points_on_hold=points,
        )


def _device(
    store: str,
    name: str,
    revoked_ms: int | None,
    lines_apart: int,
    gap_since_ms: int | None,
    last_line_ms: int | None,
) -> DeviceFigures:
    is_revoked = revoked_ms is not None
    return DeviceFigures(store, name, is_revoked, lines_apart, gap_since_ms, last_line_ms)


_DEVICES = """
SELECT device.store, device.name, device.revoked_ms,
    coalesce(sum(chain.kept_seq - chain.seq), 0), min(chain.gap_since_ms), max(inbox.received_ms)
FROM device
LEFT JOIN chain ON chain.device = device.id
LEFT JOIN inbox ON inbox.chain = chain.id AND inbox.seq = chain.kept_seq
WHERE device.name <> ?
GROUP BY device.id, device.store, device.name, device.revoked_ms
ORDER BY device.name LIMIT ?
"""
_HELD_LINES = "SELECT code, count(*) FROM inbox WHERE status = 'held' GROUP BY code ORDER BY code"
_OPEN_CASES = (
    "SELECT code, count(*) FROM case_file WHERE status = 'open' GROUP BY code ORDER BY code"
)
_GRANTS = f"""
SELECT count(*), coalesce(sum(points), 0) FROM hold
WHERE status = 'active' AND expires_ms > ? AND {IS_GRANT}
"""

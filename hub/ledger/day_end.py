"""What a store's devices still owe the hub before a business day can close."""

from typing import NamedTuple

from hub.ledger.ledger import Ledger
from hub.ledger.schema import HUB_DEVICE
from loyalty.hub_records import ChainEnd, EpochLost
from loyalty.records import DayClosed, from_kept_line


class Missing(NamedTuple):
    """Lines `first` to `last` of a device's epoch are wanted; `last` is 0 if nobody knows."""

    device: str
    epoch: str
    first: int
    last: int


def missing(ledger: Ledger, store: str, day: int, opens_ms: int) -> list[Missing]:
    """Return what is missing before `day` (yyyymmdd) of `store` can close.

    Each device has to have stated, without a gap, that the day is over or something of a later
    day. Revoked devices and epochs that were declared lost are not waited for.
    """
    lost = lost_epochs(ledger)
    found = []
    devices = ledger.connection.execute(
        "SELECT id, name FROM device WHERE store = ? AND revoked_ms IS NULL ORDER BY name", (store,)
    ).fetchall()
    for number, name in devices:
        chains = ledger.connection.execute(_CHAINS, (number,)).fetchall()
        gaps = [
            Missing(name, epoch, seq + 1, after - 1)
            for _, epoch, seq, after in chains
            if after is not None and lost.get((name, epoch), after) > seq + 1
        ]
        found += gaps
        waited_for = [it for it in chains if (name, it[1]) not in lost]
        if chains and not waited_for:
            continue
        if not gaps and not any(_is_over(ledger, it[0], it[2], day, opens_ms) for it in chains):
            epoch, seq = (chains[-1][1], chains[-1][2]) if chains else ("", 0)
            found.append(Missing(name, epoch, seq + 1, 0))
    return found


def chain_ends(ledger: Ledger, store: str) -> tuple[ChainEnd, ...]:
    """Return how far each chain of the store's devices has come without a gap."""
    rows = ledger.connection.execute(_ENDS, (store,))
    return tuple([ChainEnd(*row) for row in rows])


def lost_epochs(ledger: Ledger) -> dict[tuple[str, str], int]:
    """Return the first lost line of each epoch that was declared lost, by device and epoch."""
    found: dict[tuple[str, str], int] = {}
    for (line,) in ledger.connection.execute(_LOST, (HUB_DEVICE,)):
        lost = from_kept_line(line)
        assert isinstance(lost, EpochLost)
        key = (lost.device, lost.epoch)
        found[key] = min(found.get(key, lost.from_seq), lost.from_seq)
    return found


def _is_over(ledger: Ledger, chain: int, seq: int, day: int, opens_ms: int) -> bool:
    later = ledger.connection.execute(_LATER, (chain, seq, opens_ms)).fetchone()
    if later is not None:
        return True
    row = ledger.connection.execute(_LAST_CLOSED, (chain, seq)).fetchone()
    closed = None if row is None else from_kept_line(row[0])
    return isinstance(closed, DayClosed) and closed.day >= day


_CHAINS = """
SELECT id, epoch, seq, (SELECT min(inbox.seq) FROM inbox
    WHERE inbox.chain = chain.id AND inbox.seq > chain.seq)
FROM chain WHERE device = ? ORDER BY id
"""
_ENDS = """
SELECT name, epoch, seq FROM chain JOIN device ON device.id = chain.device
WHERE store = ? AND seq > 0 ORDER BY name, epoch
"""
_LATER = """
SELECT 1 FROM inbox WHERE chain = ? AND seq <= ? AND event_ms >= ? ORDER BY seq DESC LIMIT 1
"""
_LAST_CLOSED = """
SELECT line FROM inbox
WHERE chain = ? AND seq <= ? AND kind = 'day_closed' AND status = 'posted'
ORDER BY seq DESC LIMIT 1
"""
_LOST = """
SELECT line FROM inbox JOIN chain ON chain.id = chain JOIN device ON device.id = device
WHERE name = ? AND kind = 'epoch_lost' AND status = 'posted'
"""

"""Which lines people have declared lost."""

from hub.ledger.database import Database
from hub.ledger.schema import HUB_DEVICE
from loyalty.hub_records import EpochLost
from loyalty.records import from_kept_line


def lost_epochs(database: Database) -> dict[tuple[str, str], int]:
    """Return the first lost line of each epoch that was declared lost, by device and epoch."""
    found: dict[tuple[str, str], int] = {}
    for (line,) in database.execute(_LOST, (HUB_DEVICE,)):
        lost = from_kept_line(line)
        assert isinstance(lost, EpochLost)
        key = (lost.device, lost.epoch)
        found[key] = min(found.get(key, lost.from_seq), lost.from_seq)
    return found


_LOST = """
SELECT line FROM inbox JOIN chain ON chain.id = chain JOIN device ON device.id = device
WHERE name = ? AND kind = 'epoch_lost' AND status = 'posted'
"""

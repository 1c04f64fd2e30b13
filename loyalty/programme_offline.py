"""What a programme says about spending while the hub is out of reach (docs/offline.md)."""

from dataclasses import dataclass

from loyalty.fields import POINTS_MAX
from loyalty.programme_table import Table

HOURS_MAX = 24 * 366
WRITES_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineTerms:
    """Limits of what a terminal lets members spend without asking the hub; 0 points is nothing.

    A lease takes up to `lease_points` and may be spent for `lease_hours`. One redemption takes up
    to `transaction_points`; one device up to `device_points` between two talks with the hub, and
    not for longer than `device_hours` after the last. After `writes_lower` writes without the hub a
    card is sent online where that is possible, after `writes_upper` it spends no more: EMV's lower
    and upper consecutive offline limits (EMV 4.3 Book 3, §10.6). A card that is an identifier
    spends up to `identifier_points` at one device between two talks of it with the hub. A list of
    stopped cards that is older than `hotlist_hours` ends all of it.
    """

    lease_points: int
    lease_hours: int
    transaction_points: int
    device_points: int
    device_hours: int
    writes_lower: int
    writes_upper: int
    identifier_points: int
    hotlist_hours: int

    @property
    def offers_leases(self) -> bool:
        """Whether a card may carry anything."""
        return self.lease_points > 0


NOTHING_OFFLINE = OfflineTerms(
    lease_points=0,
    lease_hours=72,
    transaction_points=0,
    device_points=0,
    device_hours=24,
    writes_lower=5,
    writes_upper=10,
    identifier_points=0,
    hotlist_hours=24,
)


def read_offline(table: Table) -> OfflineTerms:
    """Return the terms of table `[offline]`; what is left out is as in `NOTHING_OFFLINE`."""
    points = {
        key: table.whole(key, 0, POINTS_MAX, default=getattr(NOTHING_OFFLINE, key))
        for key in ("lease_points", "transaction_points", "device_points", "identifier_points")
    }
    hours = {
        key: table.whole(key, 1, HOURS_MAX, default=getattr(NOTHING_OFFLINE, key))
        for key in ("lease_hours", "device_hours", "hotlist_hours")
    }
    writes = {
        key: table.whole(key, 1, WRITES_MAX, default=getattr(NOTHING_OFFLINE, key))
        for key in ("writes_lower", "writes_upper")
    }
    _check_order(table, points, "identifier_points", "device_points")
    _check_order(table, points, "transaction_points", "device_points")
    _check_order(table, writes, "writes_lower", "writes_upper")
    table.close()
    return OfflineTerms(**points, **hours, **writes)


def _check_order(table: Table, found: dict[str, int], lower: str, upper: str) -> None:
    if table.is_right(lower, upper) and found[lower] > found[upper]:
        table.wrong(lower, f"found {found[lower]}, wanted at most {upper}, {found[upper]}")

"""What one transaction opens, takes from and corrects of members' lots: one row for each lot."""

from dataclasses import dataclass, field

from hub.ledger.database import Row
from loyalty.differences import LotChange
from loyalty.state import Lot, LotUse

Key = tuple[int, str, str]  # member, op and leg


@dataclass(slots=True)
class Lots:
    """Lots that are not written yet, and changes to lots that are.

    However often a lot changes, only what comes of it is written, and only that is checked.
    """

    _opened: dict[Key, Lot] = field(default_factory=dict)
    _changed: dict[Key, LotChange] = field(default_factory=dict)
    _corrected: set[Key] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self._opened or self._changed)

    def clear(self) -> None:
        """Forget everything."""
        self._opened.clear()
        self._changed.clear()
        self._corrected.clear()

    def open(self, member: int, lot: Lot) -> None:
        """Open a lot that was never there."""
        key = (member, lot.op, lot.leg)
        assert key not in self._opened, f"lot {key} is open"
        self._opened[key] = lot

    def take(self, member: int, use: LotUse) -> None:
        """Take what an operation spends."""
        key = (member, use.op, use.leg)
        opened = self._opened.get(key)
        if opened is not None:
            left_points = opened.remaining_points - use.points
            self._opened[key] = opened._replace(remaining_points=left_points)
            return
        change = self._changed.get(key, LotChange(use.op, use.leg, 0, 0, 0, 0))
        left_points = change.remaining_points - use.points
        self._changed[key] = change._replace(remaining_points=left_points)

    def correct(self, member: int, change: LotChange) -> None:
        """Make a lot hold what it should; one that was never there is opened."""
        key = (member, change.op, change.leg)
        opened, before = self._opened.get(key), self._changed.get(key)
        if opened is not None:
            self._opened[key] = Lot(*_sum(opened, change))
            return
        self._changed[key] = change if before is None else LotChange(*_sum(before, change))
        self._corrected.add(key)

    def opened_rows(self) -> list[Row]:
        """Return the rows of table `lot` that are new."""
        return [(member, *lot) for (member, _, _), lot in self._opened.items()]

    def take_opened_rows(self) -> list[Row]:
        """Return the rows that are new, for good: what comes later changes rows that are there."""
        rows = self.opened_rows()
        self._opened.clear()
        return rows

    def perhaps_new_rows(self) -> list[Row]:
        """Return empty lots to add where they are missing, before `changed_rows`."""
        changed = ((key, self._changed[key]) for key in sorted(self._corrected))
        return [(*key, it.earned_ms, it.expires_ms, 0, 0) for key, it in changed]

    def changed_rows(self) -> list[Row]:
        """Return how lots change: times if they do, what to add to amount and remaining, key."""
        return [self._changed_row(key) for key in sorted(self._changed)]

    def _changed_row(self, key: Key) -> Row:
        it = self._changed[key]
        times = (it.earned_ms, it.expires_ms) if key in self._corrected else (None, None)
        return (*times, it.amount_points, it.remaining_points, *key)


def _sum(before: Lot | LotChange, change: LotChange) -> Row:
    amount_points = before.amount_points + change.amount_points
    return (*change[:4], amount_points, before.remaining_points + change.remaining_points)

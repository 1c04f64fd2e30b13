"""What a programme says about points that people give or take by hand (L28)."""

from dataclasses import dataclass

from loyalty.fields import POINTS_MAX
from loyalty.programme_table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustTerms:
    """Two people move up to `most_points` at once; none at 0.

    With `retro_credit` they may give what a receipt would have earned whose card was not shown.
    """

    most_points: int
    retro_credit: bool


NOTHING_BY_HAND = AdjustTerms(most_points=0, retro_credit=False)


def read_adjustments(table: Table) -> AdjustTerms:
    """Return the terms of table `[adjustments]`."""
    terms = AdjustTerms(
        most_points=table.whole("most_points", 1, POINTS_MAX),
        retro_credit=table.flag("retro_credit", default=False),
    )
    table.close()
    return terms

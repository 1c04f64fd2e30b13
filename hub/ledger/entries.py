"""Whether entries are what their rules gave: a new version of a programme changes no old one."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from hub.ledger.ledger import Ledger
from hub.ledger.rescore import facts_by_member
from hub.ledger.schema import ESCROW, MEMBER_POINTS
from loyalty.fold import fold, new_member
from loyalty.legs import leg_of
from loyalty.programme import Programme, in_force
from loyalty.state import Fact, Refused

Moved = dict[str, int]  # points by operation and leg


def entries_follow_rules(ledger: Ledger, programmes: Sequence[Programme]) -> bool:
    """Return whether all entries are what the programmes in force give.

    Each names the version that was in force when it happened, and those about one leg of an
    operation move together what that version gives for it.
    """
    for rules, *moments in ledger.connection.execute(_VERSIONS).fetchall():
        if any(in_force(programmes, it).version != rules for it in moments):
            return False
    booked = {
        member: {what: int(points) for _, what, points in rows}
        for member, rows in groupby(ledger.connection.execute(_BOOKED), itemgetter(0))
    }
    for member, facts in facts_by_member(ledger):
        if booked.pop(member, {}) != _moved(facts, programmes):
            return False
    return not booked


def _moved(facts: Sequence[Fact], programmes: Sequence[Programme]) -> Moved:
    moved: defaultdict[str, int] = defaultdict(int)
    state = new_member(in_force(programmes, facts[0].position.event_ms))
    for fact in facts:
        folded = fold(state, fact, in_force(programmes, fact.position.event_ms))
        if isinstance(folded, Refused):
            continue
        state, effects = folded
        for leg in filter(None, map(leg_of, effects)):
            moved[f"{fact.record.op}:{leg.name}"] += leg.points
    return {what: points for what, points in moved.items() if points}


# A version is in force without interruption, so its first and its last entry tell.
_VERSIONS = "SELECT rules, min(event_ms), max(event_ms) FROM transfer GROUP BY rules"
_BOOKED = f"""
SELECT token, what, sum(points) FROM (
    SELECT token,
        CASE WHEN leg LIKE 'adjust:%' THEN substr(leg, 8) ELSE inbox.op || ':' || leg END AS what,
        CASE WHEN target.kind = '{MEMBER_POINTS}' THEN amount
            WHEN source.kind = '{MEMBER_POINTS}' THEN -amount
            WHEN target.kind = '{ESCROW}' THEN amount ELSE -amount END AS points
    FROM transfer JOIN inbox ON inbox.id = transfer.line
    JOIN account AS source ON source.id = debit JOIN account AS target ON target.id = credit
    JOIN member ON member.id = transfer.member
) AS moves GROUP BY token, what HAVING sum(points) <> 0 ORDER BY token
"""

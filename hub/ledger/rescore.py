"""Every member folded from zero, beside what the ledger says."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from hub.ledger.ledger import Ledger
from hub.ledger.state_text import leases_text
from loyalty.fold import fold_all, new_member
from loyalty.programme import Programme, in_force
from loyalty.records import VALUE_KINDS, from_kept_line
from loyalty.state import Fact, Lot, MemberState, Position


class Discrepancy(NamedTuple):
    """Something that a member has in the ledger and should not, or the other way round."""

    member: str
    what: str
    booked: str
    folded: str


def count_facts(ledger: Ledger) -> int:
    """Return how many facts a rescore folds."""
    (count,) = ledger.connection.execute(f"SELECT count(*) {_POSTED_FACTS}").fetchone()
    return int(count)


def facts_by_member(ledger: Ledger) -> Iterator[tuple[str, list[Fact]]]:
    """Yield each member who has posted facts, and these in the order of their positions."""
    for token, rows in groupby(ledger.connection.execute(_FACTS), itemgetter(0)):
        yield token, [Fact(Position(*where), from_kept_line(line)) for _, line, *where in rows]


def rescore(
    ledger: Ledger,
    programmes: Sequence[Programme],
    done: Callable[[int], None] = lambda _facts: None,
) -> Iterator[Discrepancy]:
    """Yield where the ledger differs from the facts; `done` hears how many more were folded.

    Facts are taken in the order of their positions, so this does not depend on how they came.
    """
    booked = {token: row for token, *row in ledger.connection.execute(_MEMBERS)}
    lots = {
        token: [Lot(*row[1:]) for row in rows]
        for token, rows in groupby(ledger.connection.execute(_LOTS), itemgetter(0))
    }
    for token, facts in facts_by_member(ledger):
        state = fold_all(facts, programmes)
        yield from _compared(token, booked.pop(token), lots.pop(token, []), state)
        done(len(facts))
    nothing = new_member(in_force(programmes, 0))
    for token, row in booked.items():
        yield from _compared(token, row, lots.pop(token, []), nothing)


def _compared(
    token: str, booked: Sequence[object], lots: Sequence[Lot], state: MemberState
) -> Iterator[Discrepancy]:
    points = (state.qualifying_points, state.debt_points, state.version, state.balance_points)
    for what, ours, wanted in zip(_COLUMNS, booked[:-1], (state.tier, *points), strict=True):
        if ours != wanted:
            yield Discrepancy(token, what, str(ours), str(wanted))
    if booked[-1] != leases_text(state.leases):
        yield Discrepancy(token, "leases", str(booked[-1]), leases_text(state.leases))
    if list(lots) != list(state.lots):
        here, there = (", ".join(map(_lot_text, it)) for it in (lots, state.lots))
        yield Discrepancy(token, "lots", here, there)


def _lot_text(lot: Lot) -> str:
    return f"{lot.op} {lot.leg}: {lot.remaining_points} of {lot.amount_points}"


_COLUMNS = ("tier", "qualifying", "debt", "version", "balance")
_POSTED_FACTS = f"""
FROM inbox
JOIN member ON member.id = inbox.member
JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device
WHERE status = 'posted' AND kind IN ({", ".join(f"'{it}'" for it in sorted(VALUE_KINDS))})
"""
_FACTS = f"""
SELECT token, line, event_ms, device.name, epoch, inbox.seq {_POSTED_FACTS}
ORDER BY token, event_ms, device.name, epoch, inbox.seq
"""
_MEMBERS = """
SELECT token, tier, qualifying, debt, version, balance, leases
FROM member JOIN account ON account.id = member.account
"""
_LOTS = """
SELECT token, op, leg, earned_ms, expires_ms, amount, remaining
FROM lot JOIN member ON member.id = lot.member
WHERE remaining > 0 ORDER BY token, expires_ms, earned_ms, op, leg
"""

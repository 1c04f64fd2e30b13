"""What must always hold (docs/LEDGER-RULES.md), checked on a ledger as it stands."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

from hub.ledger.schema import MEMBER_POINTS, POINTS_ISSUED, POINTS_REDEEMED
from hub.ledger.sqlite import Ledger
from loyalty.chain import ZERO_HEAD, head_after
from loyalty.fold import fold_all
from loyalty.programme import Programme
from loyalty.records import VALUE_KINDS, from_line
from loyalty.state import Fact, MemberState, Position

Holds = bool | Literal["absent"]


def verify(ledger: Ledger, programmes: Sequence[Programme], now_ms: int) -> dict[str, Holds]:
    """Return each invariant by name: whether it holds, or "absent" where nothing can tell yet.

    Without `programmes` the fold cannot be repeated and is absent too.
    """
    return {
        "sums_zero": _is_empty(ledger, _SUMS),
        "balance_is_transfers": _is_empty(ledger, _BALANCES),
        "balance_is_lots": _is_empty(ledger, _BALANCE_OF_LOTS),
        "lot_is_its_uses": _is_empty(ledger, _LOTS_USED),
        "no_negative_lot": _is_empty(ledger, "SELECT 1 FROM lot WHERE remaining < 0"),
        "holds_within_available": _is_empty(ledger, _HOLDS, now_ms),
        "leases_within_escrow": "absent",
        "receipted_once": _is_empty(ledger, _GAPS),
        "posted_at_most_once": _is_empty(ledger, _POSTINGS),
        "heads_follow_lines": _heads_follow_lines(ledger),
        "references_exist": _is_empty(ledger, "PRAGMA foreign_key_check"),
        "any_order_same_state": "absent",
        "sale_and_return_is_nothing": "absent",
        "rules_leave_old_entries": "absent",
        "fold_from_zero": _fold_from_zero(ledger, programmes) if programmes else "absent",
        "faces_show_what_was_held": "absent",
        "power_cut_loses_nothing": "absent",
    }


def broken(invariants: dict[str, Holds]) -> list[str]:
    """Return the names of those that do not hold."""
    return [name for name, holds in invariants.items() if holds is False]


def _is_empty(ledger: Ledger, statement: str, *values: object) -> bool:
    return ledger.connection.execute(statement, values).fetchone() is None


def _heads_follow_lines(ledger: Ledger) -> bool:
    """Return whether the heads follow from the bytes, from the first line to the last."""
    ends = dict(ledger.connection.execute("SELECT id, head FROM chain").fetchall())
    for chain, rows in groupby(ledger.connection.execute(_LINES), itemgetter(0)):
        head = ZERO_HEAD
        for _, line, stated in rows:
            head = head_after(head, line)
            if head != stated:
                return False
        if head != ends[chain]:
            return False
    return True


def _fold_from_zero(ledger: Ledger, programmes: Sequence[Programme]) -> bool:
    """Return whether every member's facts, folded in the order of positions, give the ledger."""
    facts = groupby(_facts(ledger), itemgetter(0))
    stated = {token: state for token, *state in ledger.connection.execute(_MEMBERS)}
    lots = {
        token: [row[1:] for row in rows]
        for token, rows in groupby(ledger.connection.execute(_MEMBER_LOTS), itemgetter(0))
    }
    for token, rows in facts:
        state = fold_all([fact for _, fact in rows], programmes)
        if stated.pop(token) != _columns(state) or lots.get(token, []) != list(state.lots):
            return False
    # Members without a fact that moved value have nothing.
    return all(it[1:] == [0, 0, 0, 0] for it in stated.values())


def _facts(ledger: Ledger) -> Iterator[tuple[str, Fact]]:
    for token, line, *position in ledger.connection.execute(_FACTS):
        yield token, Fact(Position(*position), from_line(line))


def _columns(state: MemberState) -> list[Any]:
    points = [state.qualifying_points, state.debt_points, state.version]
    return [state.tier, *points, state.balance_points]


_SUMS = "SELECT unit FROM account GROUP BY unit HAVING sum(balance) <> 0"
_BALANCES = """
SELECT id FROM account LEFT JOIN (
    SELECT account, sum(points) AS moved FROM (
        SELECT credit AS account, amount AS points FROM transfer
        UNION ALL SELECT debit, -amount FROM transfer
    ) GROUP BY account
) ON account = id
WHERE balance <> coalesce(moved, 0)
"""
_BALANCE_OF_LOTS = """
SELECT member.id FROM member
JOIN account ON account.id = member.account
LEFT JOIN (SELECT member AS whose, sum(remaining) AS held FROM lot GROUP BY member)
    ON whose = member.id
WHERE balance <> coalesce(held, 0) - debt
"""
_LOTS_USED = """
SELECT 1 FROM lot
LEFT JOIN (
    SELECT member AS whose, op AS by_op, leg AS by_leg, sum(points) AS used
    FROM lot_use GROUP BY member, op, leg
) ON whose = member AND by_op = op AND by_leg = leg
WHERE remaining <> amount - coalesce(used, 0)
"""
# A fact that happened is never refused, so it may eat what is reserved: then a case tells.
_HOLDS = """
SELECT member.id FROM member
JOIN account ON account.id = member.account
JOIN (SELECT member AS whose, sum(points) AS reserved FROM hold
      WHERE status = 'active' AND expires_ms > ? AND auth NOT LIKE 'line-%' GROUP BY member)
    ON whose = member.id
WHERE reserved > max(balance, 0) AND NOT EXISTS (
    SELECT 1 FROM case_file WHERE code = 'holds_exceed_balance' AND subject = token)
"""
_GAPS = """
SELECT chain.id FROM chain LEFT JOIN inbox
    ON inbox.chain = chain.id AND inbox.seq BETWEEN 1 AND chain.seq
GROUP BY chain.id HAVING count(inbox.id) <> chain.seq
"""
# Only what posted moved points, or made way for an earlier line with its op, always between a
# member and a house; and one op posted once.
_POSTINGS = f"""
SELECT transfer.line FROM transfer
JOIN inbox ON inbox.id = transfer.line
JOIN account AS source ON source.id = debit
JOIN account AS target ON target.id = credit
WHERE (source.kind = '{MEMBER_POINTS}') = (target.kind = '{MEMBER_POINTS}')
    OR (leg NOT LIKE 'adjust:%'
        AND source.kind <> '{POINTS_ISSUED}' AND target.kind <> '{POINTS_REDEEMED}')
    OR (inbox.status <> 'posted' AND NOT EXISTS (SELECT 1 FROM inbox AS counts
        WHERE counts.op = inbox.op AND counts.op <> '' AND counts.status = 'posted'))
UNION ALL
SELECT min(id) FROM inbox WHERE op <> '' AND status = 'posted' GROUP BY op HAVING count(*) > 1
"""
_LINES = """
SELECT inbox.chain, line, inbox.head FROM inbox JOIN chain ON chain.id = inbox.chain
WHERE inbox.seq <= chain.seq ORDER BY inbox.chain, inbox.seq
"""
_FACTS = f"""
SELECT token, line, event_ms, device.name, epoch, inbox.seq
FROM inbox
JOIN member ON member.id = inbox.member
JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device
WHERE status = 'posted' AND kind IN ({", ".join(f"'{it}'" for it in sorted(VALUE_KINDS))})
ORDER BY token
"""
_MEMBERS = """
SELECT token, tier, qualifying, debt, version, balance
FROM member JOIN account ON account.id = member.account
"""
_MEMBER_LOTS = """
SELECT token, op, leg, earned_ms, expires_ms, amount, remaining
FROM lot JOIN member ON member.id = lot.member
WHERE remaining > 0 ORDER BY token, expires_ms, earned_ms, op, leg
"""

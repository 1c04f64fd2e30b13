"""What must always hold (docs/LEDGER-RULES.md), checked on a ledger as it stands."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Literal

from hub.ledger.entries import entries_follow_rules
from hub.ledger.escrow import leases_within_escrow
from hub.ledger.faces import faces_show_what_was_held
from hub.ledger.heads import heads_follow_lines
from hub.ledger.holds import IS_GRANT
from hub.ledger.ledger import Ledger
from hub.ledger.rescore import rescore
from hub.ledger.schema import ESCROW, MEMBER_POINTS, POINTS_ISSUED, POINTS_REDEEMED
from loyalty.fold import event_ms
from loyalty.programme import Programme
from loyalty.records import from_kept_line
from loyalty.state import Position

Holds = bool | Literal["absent"]


def verify(ledger: Ledger, programmes: Sequence[Programme], now_ms: int) -> dict[str, Holds]:
    """Return each invariant by name: whether it holds, or "absent" where nothing can tell yet.

    Without `programmes` the fold cannot be repeated and is absent too; so is all that lines tell
    where they are not what their heads stand for. All are checked on the ledger as it is at one
    moment; a hub may go on posting meanwhile.
    """
    with ledger.engine.snapshot():
        is_folded: Holds = "absent"
        is_entered: Holds = "absent"
        are_faces_true: Holds = "absent"
        are_lines_whole = heads_follow_lines(ledger)
        if are_lines_whole:
            are_faces_true = faces_show_what_was_held(ledger)
        if are_lines_whole and programmes:
            is_folded = next(rescore(ledger, programmes), None) is None
            is_entered = entries_follow_rules(ledger, programmes)
        is_ordered = _order_decides_nothing(ledger) if is_folded is True else is_folded
        return {
            "sums_zero": _is_empty(ledger, _SUMS),
            "balance_is_transfers": _is_empty(ledger, _BALANCES),
            "balance_is_lots": _is_empty(ledger, _BALANCE_OF_LOTS),
            "lot_is_its_uses": _is_empty(ledger, _LOTS_USED),
            "no_negative_lot": _is_empty(ledger, "SELECT 1 FROM lot WHERE remaining < 0"),
            "holds_within_available": _is_empty(ledger, _HOLDS, now_ms),
            "leases_within_escrow": leases_within_escrow(ledger),
            "receipted_once": _is_empty(ledger, _GAPS),
            "posted_at_most_once": _is_empty(ledger, _POSTINGS),
            "heads_follow_lines": are_lines_whole,
            "references_exist": not ledger.engine.has_dangling_references(),
            "any_order_same_state": is_ordered,
            "sale_and_return_is_nothing": "absent",
            "rules_leave_old_entries": is_entered,
            "fold_from_zero": is_folded,
            "faces_show_what_was_held": are_faces_true,
        }


def broken(invariants: dict[str, Holds]) -> list[str]:
    """Return the names of those that do not hold."""
    return [name for name, holds in invariants.items() if holds is False]


def _is_empty(ledger: Ledger, statement: str, *values: object) -> bool:
    return ledger.connection.execute(statement, values).fetchone() is None


def _order_decides_nothing(ledger: Ledger) -> bool:
    """Return whether of the lines with one op the one with the smallest position counts.

    With the fold from zero, which goes by positions too, this leaves nothing to the order in which
    lines came.
    """
    for _, rows in groupby(ledger.connection.execute(_SAME_OPS), itemgetter(0)):
        stated = [
            (Position(event_ms(from_kept_line(line)), *place), status)
            for _, status, line, *place in rows
        ]
        if min(stated)[1] != "posted":
            return False
    return True


_SUMS = "SELECT unit FROM account GROUP BY unit HAVING sum(balance) <> 0"
_BALANCES = """
SELECT id FROM account LEFT JOIN (
    SELECT account, sum(points) AS moved FROM (
        SELECT credit AS account, amount AS points FROM transfer
        UNION ALL SELECT debit, -amount FROM transfer
    ) AS legs GROUP BY account
) AS sums ON account = id
WHERE balance <> coalesce(moved, 0)
"""
_BALANCE_OF_LOTS = """
SELECT member.id FROM member
JOIN account ON account.id = member.account
LEFT JOIN (SELECT member AS whose, sum(remaining) AS held FROM lot GROUP BY member) AS lots
    ON whose = member.id
WHERE balance <> coalesce(held, 0) - debt
"""
_LOTS_USED = """
SELECT 1 FROM lot
LEFT JOIN (
    SELECT member AS whose, op AS by_op, leg AS by_leg, sum(points) AS used
    FROM lot_use GROUP BY member, op, leg
) AS uses ON whose = member AND by_op = op AND by_leg = leg
WHERE remaining <> amount - coalesce(used, 0)
"""
# A fact that happened is never refused, so it may eat what is reserved: then a case tells.
_HOLDS = f"""
SELECT member.id FROM member
JOIN account ON account.id = member.account
JOIN (SELECT member AS whose, sum(points) AS reserved FROM hold
      WHERE status = 'active' AND expires_ms > ? AND {IS_GRANT} GROUP BY member) AS kept
    ON whose = member.id
WHERE reserved > CASE WHEN balance > 0 THEN balance ELSE 0 END AND NOT EXISTS (
    SELECT 1 FROM case_file WHERE code = 'holds_exceed_balance' AND subject = token)
"""
_GAPS = """
SELECT chain.id FROM chain LEFT JOIN inbox
    ON inbox.chain = chain.id AND inbox.seq BETWEEN 1 AND chain.seq
GROUP BY chain.id HAVING count(inbox.id) <> chain.seq
UNION ALL
SELECT id FROM chain
WHERE kept_seq <> coalesce((SELECT max(seq) FROM inbox WHERE inbox.chain = chain.id), 0)
"""
_WAYS = ", ".join(
    f"'{source} {target}'"
    for source, target in (
        (POINTS_ISSUED, MEMBER_POINTS),
        (MEMBER_POINTS, POINTS_REDEEMED),
        (MEMBER_POINTS, ESCROW),
        (ESCROW, MEMBER_POINTS),
        (ESCROW, POINTS_REDEEMED),
    )
)
# Only what posted moved points, or made way for an earlier line with its op, and only between
# accounts that have to do with each other; and one op posted once.
_POSTINGS = f"""
SELECT transfer.line FROM transfer
JOIN inbox ON inbox.id = transfer.line
JOIN account AS source ON source.id = debit
JOIN account AS target ON target.id = credit
WHERE source.kind || ' ' || target.kind NOT IN ({_WAYS})
        AND (leg NOT LIKE 'adjust:%' OR target.kind || ' ' || source.kind NOT IN ({_WAYS}))
    OR (inbox.status <> 'posted' AND NOT EXISTS (SELECT 1 FROM inbox AS counts
        WHERE counts.op = inbox.op AND counts.op <> '' AND counts.status = 'posted'))
UNION ALL
SELECT min(id) FROM inbox WHERE op <> '' AND status = 'posted' GROUP BY op HAVING count(*) > 1
"""
_SAME_OPS = """
SELECT op, status, line, device.name, epoch, inbox.seq
FROM inbox JOIN chain ON chain.id = chain JOIN device ON device.id = device
WHERE (status IN ('posted', 'duplicate') OR code = 'op_conflict') AND op IN (
    SELECT op FROM inbox WHERE op <> '' AND status <> 'posted')
ORDER BY op
"""

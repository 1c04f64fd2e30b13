"""Reads what a group of lines needs from PostgreSQL in five statements, and locks it.

Locks are always taken in this order, so two bridges that want the same rows wait for each other
and never both.
"""

from collections import defaultdict

from hub.ledger.ahead import Ahead, Wanted
from hub.ledger.database import Row
from hub.ledger.postgres_writer import Arrays
from hub.ledger.rows import CardRow, PostedLine
from loyalty.state import Position


def read_ahead(database: Arrays, wanted: Wanted) -> Ahead:
    """Return what there is of `wanted`, its devices, cards and members locked."""
    ask = database.connection.execute
    ask(_DEVICES, (sorted(wanted.devices),))
    cards = [CardRow(*row) for row in ask(_CARDS, (sorted(wanted.cards),))]
    tokens = wanted.tokens | {it.member for it in cards}
    wanted = wanted._replace(tokens=frozenset(tokens))
    members = ask(_MEMBERS, (sorted(tokens),)).fetchall()
    lots: defaultdict[int, list[Row]] = defaultdict(list)
    for member, *lot in ask(_LOTS, ([it[0] for it in members],)):
        lots[member].append(tuple(lot))
    ops = {
        op: PostedLine(line_id, line, member, Position(*position))
        for op, line_id, line, member, *position in ask(_OPS, (sorted(wanted.ops),))
    }
    return Ahead(wanted, cards, members, lots, ops)


_DEVICES = "SELECT id FROM device WHERE name = ANY(%s) ORDER BY id FOR UPDATE"
_CARDS = (
    "SELECT uid, token, counter, seen_ms, status, kind FROM card"
    " JOIN member ON member.id = card.member WHERE uid = ANY(%s) ORDER BY uid FOR UPDATE OF card"
)
_MEMBERS = "SELECT * FROM member WHERE token = ANY(%s) ORDER BY token FOR UPDATE"
_LOTS = (
    "SELECT member, op, leg, earned_ms, expires_ms, amount, remaining FROM lot"
    " WHERE member = ANY(%s) AND remaining > 0 ORDER BY expires_ms, earned_ms, op, leg"
)
_OPS = (
    "SELECT op, inbox.id, line, member, event_ms, device.name, epoch, inbox.seq FROM inbox"
    " JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device"
    " WHERE op = ANY(%s) AND op <> '' AND status = 'posted'"
)

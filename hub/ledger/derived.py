"""What in a ledger follows from its lines: in which tables, and how two ledgers are compared.

Rows are told by business keys, for a fresh ledger gives other numbers to members and accounts.
Entries may have come in another order and so as other adjustments: of those the sums count.
"""

from collections.abc import Iterator
from typing import NamedTuple

from hub.ledger.database import Database, Row

PAGE_ROWS = 5_000
DIFFERENCES_MAX = 1_000  # of a table, that are told


class Derived(NamedTuple):
    """A table that follows from the lines.

    `pages` finds a page of rows behind a key, `before` being the one before all others: the first
    columns are a row's key, the others are copied under the names `columns`. `compared` is what has
    to be equal, of copies `{t}` and `{other}`, and names its rows by its first `named` columns.
    """

    name: str
    before: Row
    columns: tuple[str, ...]
    pages: str
    compared: str
    named: int


class Difference(NamedTuple):
    """A row that is not what the lines say: `found` in the ledger, `wanted` by them, or neither."""

    table: str
    name: str
    found: str
    wanted: str


def copy(source: Database, derived: Derived, to: Database, prefix: str) -> None:
    """Copy what `source` has into the new table `<prefix>_<name>` of `to`."""
    table = f"{prefix}_{derived.name}"
    to.execute(f"CREATE TABLE {table} ({', '.join(derived.columns)})")
    places = ", ".join("?" for _ in derived.columns)
    for page in _pages(source, derived):
        to.executemany(f"INSERT INTO {table} VALUES ({places})", page)


def differences(copies: Database, derived: Derived) -> list[Difference]:
    """Return where the copies `was_…` and `is_…` differ, `DIFFERENCES_MAX` rows at most."""
    was = derived.compared.format(t=f"was_{derived.name}", other=f"is_{derived.name}")
    now = derived.compared.format(t=f"is_{derived.name}", other=f"was_{derived.name}")
    found = _only(copies, was, now, derived.named)
    wanted = _only(copies, now, was, derived.named)
    return [
        Difference(derived.name, " ".join(map(str, key)), found.get(key, ""), wanted.get(key, ""))
        for key in sorted(found.keys() | wanted.keys(), key=str)
    ]


def _pages(source: Database, derived: Derived) -> Iterator[list[Row]]:
    key, keys = derived.before, len(derived.before)
    while True:
        page = source.execute(derived.pages, (*key, PAGE_ROWS)).fetchall()
        yield [row[keys:] for row in page]
        if len(page) < PAGE_ROWS:
            return
        key = page[-1][:keys]


def _only(copies: Database, mine: str, theirs: str, named: int) -> dict[Row, str]:
    statement = f"SELECT * FROM ({mine}) EXCEPT SELECT * FROM ({theirs}) LIMIT {DIFFERENCES_MAX}"
    return {row[:named]: ", ".join(map(_text, row[named:])) for row in copies.execute(statement)}


def _text(value: object) -> str:
    return "none" if value in ("", None) else str(value)


# An adjustment says which leg of which operation it adjusts.
_WHAT = "CASE WHEN leg LIKE 'adjust:%' THEN substr(leg, 8) ELSE op || ':' || leg END AS what"

LINES = Derived(
    "lines",
    (-1,),
    ("line", "place", "status", "code", "kind", "op", "member", "event_ms"),
    "SELECT inbox.id, inbox.id, name || ':' || epoch || ':' || inbox.seq, status, code, kind, op,"
    " token, event_ms FROM inbox JOIN chain ON chain.id = inbox.chain"
    " JOIN device ON device.id = chain.device LEFT JOIN member ON member.id = inbox.member"
    " WHERE inbox.id > ? ORDER BY inbox.id LIMIT ?",
    # Whether its member was known yet when a line was held is no matter, but to those with its op.
    "SELECT line, place, status, code, kind, op,"
    " CASE WHEN status = 'held' AND code <> 'op_conflict' THEN '' ELSE member END, event_ms"
    " FROM {t}",
    2,
)
BALANCES = Derived(
    "balances",
    (-1,),
    ("owner", "kind", "unit", "balance"),
    "SELECT id, owner, kind, unit, balance FROM account WHERE id > ? ORDER BY id LIMIT ?",
    "SELECT * FROM {t} WHERE balance <> 0",
    3,
)
MEMBERS = Derived(
    "members",
    (-1,),
    (
        *("token", "tier", "qualifying", "debt", "version"),
        *("last_event_ms", "last_device", "last_epoch", "last_seq", "leases"),
    ),
    "SELECT id, token, tier, qualifying, debt, version,"
    " last_event_ms, last_device, last_epoch, last_seq, leases"
    " FROM member WHERE id > ? ORDER BY id LIMIT ?",
    "SELECT * FROM {t}",
    1,
)
LOTS = Derived(
    "lots",
    (-1, "", ""),
    ("member", "op", "leg", "earned_ms", "expires_ms", "amount", "remaining"),
    "SELECT lot.member, op, leg, token, op, leg, earned_ms, expires_ms, amount, remaining FROM lot"
    " JOIN member ON member.id = lot.member WHERE (lot.member, op, leg) > (?, ?, ?)"
    " ORDER BY lot.member, op, leg LIMIT ?",
    # What a fact earned that made way for another is left as a lot of nothing.
    "SELECT * FROM {t} WHERE amount <> 0 OR remaining <> 0",
    3,
)
USES = Derived(
    "uses",
    (-1, "", -1, "", ""),
    ("line", "by_op", "member", "op", "leg", "points"),
    "SELECT line, by_op, lot_use.member, op, leg, line, by_op, token, op, leg, points FROM lot_use"
    " JOIN member ON member.id = lot_use.member"
    " WHERE (line, by_op, lot_use.member, op, leg) > (?, ?, ?, ?, ?)"
    " ORDER BY line, by_op, lot_use.member, op, leg LIMIT ?",
    "SELECT by_op, member, op, leg, sum(points) FROM {t} GROUP BY by_op, member, op, leg"
    " HAVING sum(points) <> 0",
    4,
)
TRANSFERS = Derived(
    "transfers",
    (-1, ""),
    (
        *("line", "op", "leg", "unit", "source", "source_kind", "target", "target_kind"),
        *("amount", "member", "event_ms", "booked_ms", "rules", "version"),
    ),
    "SELECT transfer.line, leg, transfer.line, inbox.op, leg, transfer.unit, source.owner,"
    " source.kind, target.owner, target.kind, amount, token, transfer.event_ms, booked_ms, rules,"
    " transfer.version FROM transfer JOIN inbox ON inbox.id = transfer.line"
    " JOIN account AS source ON source.id = debit JOIN account AS target ON target.id = credit"
    " JOIN member ON member.id = transfer.member WHERE (transfer.line, leg) > (?, ?)"
    " ORDER BY transfer.line, leg LIMIT ?",
    f"SELECT what, member, owner, kind, unit, sum(points) FROM ("
    f"SELECT {_WHAT}, member, target AS owner, target_kind AS kind, unit, amount AS points"
    f" FROM {{t}} UNION ALL SELECT {_WHAT}, member, source, source_kind, unit, -amount FROM {{t}}"
    ") AS entries GROUP BY what, member, owner, kind, unit HAVING sum(points) <> 0",
    4,
)
KEPT_STATES = Derived(
    "kept_states",
    (-1, -1),
    ("member", "version", "event_ms", "device", "epoch", "seq", "state"),
    "SELECT member, kept_state.version, token, kept_state.version, event_ms, device, epoch, seq,"
    " state FROM kept_state JOIN member ON member.id = kept_state.member"
    " WHERE (member, kept_state.version) > (?, ?) ORDER BY member, kept_state.version LIMIT ?",
    # Which of them are still kept depends on the order in which the lines came.
    "SELECT * FROM {t} WHERE (member, version) IN (SELECT member, version FROM {other})",
    2,
)
CARDS = Derived(
    "cards",
    ("",),
    ("uid", "member", "counter", "seen_ms", "status", "kind"),
    "SELECT uid, uid, token, counter, seen_ms, status, kind FROM card"
    " JOIN member ON member.id = card.member WHERE uid > ? ORDER BY uid LIMIT ?",
    "SELECT * FROM {t}",
    1,
)
CARD_WRITES = Derived(
    "card_writes",
    ("", -1, ""),
    ("card", "counter", "op", "touched_ms"),
    "SELECT card, counter, op, card, counter, op, touched_ms FROM card_write"
    " WHERE (card, counter, op) > (?, ?, ?) ORDER BY card, counter, op LIMIT ?",
    "SELECT * FROM {t}",
    3,
)
CLOSES = Derived(
    "closes",
    ("", -1, -1),
    ("store", "opens_ms", "line"),
    "SELECT store, opens_ms, line, store, opens_ms, line FROM day_close"
    " WHERE (store, opens_ms, line) > (?, ?, ?) ORDER BY store, opens_ms, line LIMIT ?",
    "SELECT * FROM {t}",
    3,
)
HOTLIST = Derived(
    "hotlist",
    (-1,),
    ("card", "reason", "at_ms"),
    "SELECT id, card, reason, at_ms FROM hotlist WHERE id > ? ORDER BY id LIMIT ?",
    "SELECT * FROM {t}",
    1,
)

DERIVED = (
    *(LINES, BALANCES, MEMBERS, LOTS, USES, TRANSFERS, KEPT_STATES),
    *(CARDS, CARD_WRITES, CLOSES, HOTLIST),
)

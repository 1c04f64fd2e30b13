"""What follows from the lines takes the place of what a ledger says, table by table.

Only a table in which something differs is written anew. Members and accounts keep the numbers that
they have; business keys find them.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from hub.ledger.database import Database, Row
from hub.ledger.derived import CARDS, LINES, LOTS, MEMBERS, USES
from hub.ledger.ledger import Ledger
from hub.ledger.schema import MEMBER_POINTS
from hub.ledger.sqlite import SqliteEngine


def replace(ledger: Ledger, copies: Database, differing: Collection[str]) -> None:
    """Write the tables named `differing` anew from `copies`, within the caller's transaction."""
    names = set(differing)
    if names & {LOTS.name, USES.name}:
        names |= {LOTS.name, USES.name}  # they refer to each other
    database = ledger.connection
    with _changing_transfers(ledger):
        _renew_accounts(ledger, copies)
        if MEMBERS.name in names:
            _renew_members(ledger, copies)
        for name, empty, _, _ in reversed(_WHOLE):
            if name in names:
                database.execute(empty)
        if LINES.name in names:
            _renew_lines(database, copies)
        if CARDS.name in names:
            database.executemany("DELETE FROM card WHERE uid = ?", _rows(copies, _STRANGE_CARDS))
            database.executemany(_SET_CARD, _rows(copies, _CHANGED_CARDS))
        for name, _, wanted, fill in _WHOLE:
            if name in names:
                database.executemany(fill, _rows(copies, wanted))
        if MEMBERS.name in names:
            _drop_strangers(database, copies)


def _renew_accounts(ledger: Ledger, copies: Database) -> None:
    missing = [(ledger.engine.next_number("account"), *it) for it in _rows(copies, _NEW_ACCOUNTS)]
    ledger.connection.executemany("INSERT INTO account VALUES (?, ?, ?, ?, 0)", missing)
    ledger.connection.executemany(_SET_BALANCE, _rows(copies, _CHANGED_BALANCES))
    ledger.connection.executemany(_SET_BALANCE, _rows(copies, _STRANGE_BALANCES))


def _renew_members(ledger: Ledger, copies: Database) -> None:
    missing = [
        (ledger.engine.next_number("member"), token, token, MEMBER_POINTS)
        for (token,) in _rows(copies, _NEW_MEMBERS)
    ]
    ledger.connection.executemany(_ADD_MEMBER, missing)
    ledger.connection.executemany(_SET_MEMBER, _rows(copies, _CHANGED_MEMBERS))


def _renew_lines(database: Database, copies: Database) -> None:
    changed = _rows(copies, _CHANGED_LINES)
    # One operation posts once, also while another line takes it over.
    database.executemany("UPDATE inbox SET op = '' WHERE id = ?", [row[-1:] for row in changed])
    database.executemany(_SET_LINE, changed)


def _drop_strangers(database: Database, copies: Database) -> None:
    strangers = _rows(copies, _STRANGERS)
    for table in ("hold", "lease"):
        whose = "(SELECT id FROM member WHERE token = ?)"
        database.executemany(f"DELETE FROM {table} WHERE member = {whose}", strangers)
    database.executemany("DELETE FROM member WHERE token = ?", strangers)


@contextmanager
def _changing_transfers(ledger: Ledger) -> Iterator[None]:
    """Have the database let transfers go while the block runs: never else."""
    database = ledger.connection
    if not isinstance(ledger.engine, SqliteEngine):
        database.execute("ALTER TABLE transfer DISABLE TRIGGER USER")
        yield
        database.execute("ALTER TABLE transfer ENABLE TRIGGER USER")
        return
    triggers = database.execute(_TRIGGERS).fetchall()
    for name, _ in triggers:
        database.execute(f"DROP TRIGGER {name}")
    yield
    for _, made_by in triggers:
        database.execute(made_by)


def _rows(copies: Database, statement: str) -> list[Row]:
    return copies.execute(statement).fetchall()


_TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'transfer'"

_ACCOUNT = "owner, kind, unit"
_NEW_ACCOUNTS = f"SELECT {_ACCOUNT} FROM is_balances EXCEPT SELECT {_ACCOUNT} FROM was_balances"
_CHANGED_BALANCES = (
    f"SELECT balance, {_ACCOUNT} FROM is_balances"
    f" EXCEPT SELECT balance, {_ACCOUNT} FROM was_balances"
)
_STRANGE_BALANCES = (
    f"SELECT 0, {_ACCOUNT} FROM was_balances EXCEPT SELECT 0, {_ACCOUNT} FROM is_balances"
)
_SET_BALANCE = "UPDATE account SET balance = ? WHERE owner = ? AND kind = ? AND unit = ?"

_STATE = "tier, qualifying, debt, version, last_event_ms, last_device, last_epoch, last_seq, leases"
_NEW_MEMBERS = "SELECT token FROM is_members EXCEPT SELECT token FROM was_members"
_STRANGERS = "SELECT token FROM was_members EXCEPT SELECT token FROM is_members"
_CHANGED_MEMBERS = (
    f"SELECT {_STATE}, token FROM is_members EXCEPT SELECT {_STATE}, token FROM was_members"
)
_ADD_MEMBER = (
    "INSERT INTO member (id, token, account, tier, qualifying, debt, version) VALUES"
    " (?, ?, (SELECT id FROM account WHERE owner = ? AND kind = ?), '', 0, 0, 0)"
)
_SET_MEMBER = f"UPDATE member SET {_STATE.replace(',', ' = ?,')} = ? WHERE token = ?"

_VERDICT = "status, code, kind, op, member, event_ms, line"
_CHANGED_LINES = f"SELECT {_VERDICT} FROM is_lines EXCEPT SELECT {_VERDICT} FROM was_lines"
_SET_LINE = (
    "UPDATE inbox SET status = ?, code = ?, kind = ?, op = ?,"
    " member = (SELECT id FROM member WHERE token = ?), event_ms = ? WHERE id = ?"
)

_STRANGE_CARDS = "SELECT uid FROM was_cards EXCEPT SELECT uid FROM is_cards"
_CHANGED_CARDS = "SELECT * FROM is_cards EXCEPT SELECT * FROM was_cards"
_SET_CARD = (
    "INSERT INTO card VALUES (?, (SELECT id FROM member WHERE token = ?), ?, ?, ?, ?)"
    " ON CONFLICT (uid) DO UPDATE SET member = excluded.member, counter = excluded.counter,"
    " seen_ms = excluded.seen_ms, status = excluded.status, kind = excluded.kind"
)

_MEMBER_ID = "(SELECT id FROM member WHERE token = ?)"
_ACCOUNT_ID = "(SELECT id FROM account WHERE owner = ? AND kind = ? AND unit = ?)"

# What is written as a whole, those first that others refer to: how it is emptied, what is wanted,
# and how a row of that is written.
_WHOLE = (
    (
        "lots",
        "DELETE FROM lot",
        "SELECT * FROM is_lots",
        f"INSERT INTO lot VALUES ({_MEMBER_ID}, ?, ?, ?, ?, ?, ?)",
    ),
    (
        "uses",
        "DELETE FROM lot_use",
        "SELECT * FROM is_uses",
        f"INSERT INTO lot_use VALUES (?, ?, {_MEMBER_ID}, ?, ?, ?)",
    ),
    (
        "transfers",
        "DELETE FROM transfer",
        "SELECT line, leg, unit, source, source_kind, unit, target, target_kind, unit, amount,"
        " member, event_ms, booked_ms, rules, version FROM is_transfers",
        f"INSERT INTO transfer VALUES (?, ?, ?, {_ACCOUNT_ID}, {_ACCOUNT_ID}, ?, {_MEMBER_ID},"
        " ?, ?, ?, ?)",
    ),
    (
        "kept_states",
        "DELETE FROM kept_state",
        "SELECT * FROM is_kept_states",
        f"INSERT INTO kept_state VALUES ({_MEMBER_ID}, ?, ?, ?, ?, ?, ?)",
    ),
    (
        "card_writes",
        "DELETE FROM card_write",
        "SELECT * FROM is_card_writes",
        "INSERT INTO card_write VALUES (?, ?, ?, ?)",
    ),
    (
        "closes",
        "DELETE FROM day_close",
        "SELECT * FROM is_closes",
        "INSERT INTO day_close VALUES (?, ?, ?)",
    ),
    (
        "hotlist",
        "DELETE FROM hotlist",
        "SELECT * FROM is_hotlist ORDER BY rowid",
        "INSERT INTO hotlist (card, reason, at_ms) VALUES (?, ?, ?)",
    ),
)

"""What people and programs ask of the ledger, apart from posting."""

from typing import NamedTuple

from hub.errors import NotFound
from hub.ledger.holds import SETS_ASIDE
from hub.ledger.ledger import Ledger
from hub.ledger.schema import HUB_DEVICE, MEMBER_POINTS, POINT
from hub.ledger.state_text import read_leases

HISTORY_MAX = 1_000
CARDS_MAX = 100  # of a member, that people are shown


class DeviceLogin(NamedTuple):
    """What a broker's door needs of a registered device that is not revoked."""

    store: str
    password_salt: bytes
    password_digest: bytes


class LotView(NamedTuple):
    """A lot with something left in it."""

    op: str
    leg: str
    earned_ms: int
    expires_ms: int
    remaining_points: int


class MemberView(NamedTuple):
    """What a member has.

    `reserved_points` are what grants, and lines beyond gaps, keep at the moment asked for.
    `leased_points` are on the member's cards, and not in the balance.
    """

    token: str
    tier: str
    balance_points: int
    qualifying_points: int
    debt_points: int
    reserved_points: int
    version: int
    leased_points: int
    lots: tuple[LotView, ...]


class CardView(NamedTuple):
    """A card of a member; `kind` is empty where no issue told it."""

    uid: str
    kind: str
    status: str


class Movement(NamedTuple):
    """One transfer of a member's points: positive in, negative out.

    What a card spends of a lease has left the member before, and is 0.
    """

    event_ms: int
    booked_ms: int
    device: str
    op: str
    leg: str
    points: int
    rules: int


def device_login(ledger: Ledger, name: str) -> DeviceLogin | None:
    """Return how device `name` may log in to the broker, or None if it may not.

    Raises:
        LedgerUnavailable: the database does not answer.
    """
    statement = (
        "SELECT store, password_salt, password_digest FROM device"
        " WHERE name = ? AND revoked_ms IS NULL"
    )
    with ledger.engine.asking():
        row = ledger.connection.execute(statement, (name,)).fetchone()
    return None if row is None else DeviceLogin(*row)


def device_logins(ledger: Ledger) -> dict[str, DeviceLogin]:
    """Return how every device logs in that may, by name and in the order of names.

    Raises:
        LedgerUnavailable: the database does not answer.
    """
    statement = (
        "SELECT name, store, password_salt, password_digest FROM device"
        " WHERE revoked_ms IS NULL AND name <> ? ORDER BY name"
    )
    with ledger.engine.asking():
        rows = ledger.connection.execute(statement, (HUB_DEVICE,)).fetchall()
    return {name: DeviceLogin(*rest) for name, *rest in rows}


def member_view(ledger: Ledger, token: str, now_ms: int) -> MemberView:
    """Return what the member with card token `token` has.

    Raises:
        NotFound: the ledger knows no such member.
    """
    row = ledger.connection.execute(_MEMBER, (now_ms, token)).fetchone()
    if row is None:
        raise NotFound(f"no member {token[:40]!r} in {ledger.place}")
    number, *rest, leases = row
    leased_points = sum(it.left_points for it in read_leases(leases))
    lots = ledger.connection.execute(_MEMBER_LOTS, (number,))
    return MemberView._make((token, *rest, leased_points, tuple([LotView(*it) for it in lots])))


def member_cards(ledger: Ledger, token: str) -> list[CardView]:
    """Return the cards of the member with card token `token`, the one read last first."""
    rows = ledger.connection.execute(_MEMBER_CARDS, (token, CARDS_MAX))
    return [CardView(*it) for it in rows]


def history(ledger: Ledger, token: str, limit: int = HISTORY_MAX) -> list[Movement]:
    """Return the newest movements of a member's points, newest booking first.

    Raises:
        NotFound: the ledger knows no such member.
    """
    row = ledger.connection.execute(
        "SELECT id, account FROM member WHERE token = ?", (token,)
    ).fetchone()
    if row is None:
        raise NotFound(f"no member {token[:40]!r} in {ledger.place}")
    number, account = row
    values = (account, number, number, number, number, min(limit, HISTORY_MAX))
    rows = ledger.connection.execute(_MOVEMENTS, values)
    return [Movement(*it) for it in rows]


def line_counts(ledger: Ledger) -> dict[str, int]:
    """Return how many lines the ledger keeps, by status."""
    rows = ledger.connection.execute("SELECT status, count(*) FROM inbox GROUP BY status")
    return dict(rows.fetchall())


def line_with_op(ledger: Ledger, op: str) -> str:
    """Return the name of a line with business key `op` and what became of it, empty for none."""
    row = ledger.connection.execute(_WITH_OP, (op, op)).fetchone()
    return "" if row is None else f"line {row[0]}:{row[1]}:{row[2]} ({row[3]})"


def house_points(ledger: Ledger, kind: str) -> int:
    """Return the balance of all accounts of `kind` (`schema.POINTS_ISSUED` is negative)."""
    row = ledger.connection.execute(
        "SELECT coalesce(sum(balance), 0) FROM account WHERE kind = ? AND unit = ?", (kind, POINT)
    ).fetchone()
    return int(row[0])


def open_cases(ledger: Ledger) -> list[tuple[str, str, str, int]]:
    """Return code, subject, detail and times seen of every open case, oldest first."""
    return ledger.connection.execute(
        "SELECT code, subject, detail, times FROM case_file WHERE status = 'open' ORDER BY id"
    ).fetchall()


_MEMBER = f"""
SELECT member.id, tier, balance, qualifying, debt,
    (SELECT coalesce(sum(points), 0) FROM hold
     WHERE hold.member = member.id AND {SETS_ASIDE}), version, leases
FROM member JOIN account ON account.id = member.account
WHERE token = ? AND kind = '{MEMBER_POINTS}'
"""
_MEMBER_LOTS = """
SELECT op, leg, earned_ms, expires_ms, remaining FROM lot
WHERE member = ? AND remaining > 0 ORDER BY expires_ms, earned_ms, op, leg
"""
_MEMBER_CARDS = """
SELECT uid, kind, card.status FROM card JOIN member ON member.id = card.member
WHERE token = ? ORDER BY seen_ms DESC, uid LIMIT ?
"""
# By lines of the member's own, or of whoever took one of their operations: lines are found by
# member and by op, among transfers all of them would have to be looked at.
_MOVEMENTS = """
SELECT transfer.event_ms, booked_ms, device.name, inbox.op, leg,
    CASE ? WHEN credit THEN amount WHEN debit THEN -amount ELSE 0 END, rules
FROM inbox
JOIN transfer ON transfer.line = inbox.id
JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device
WHERE transfer.member = ? AND inbox.id IN (
    SELECT id FROM inbox WHERE member = ?
    UNION SELECT other.id FROM inbox AS own JOIN inbox AS other
        ON other.op = own.op AND other.op <> '' AND other.status = 'posted'
        WHERE own.member = ? AND own.status <> 'posted'
    UNION SELECT other.id FROM inbox AS own JOIN inbox AS other
        ON other.op = own.op AND other.op <> '' AND other.status <> 'posted'
        WHERE own.member = ? AND own.status <> 'posted')
ORDER BY inbox.id DESC, leg LIMIT ?
"""
# Each half has an index of its own.
_WITH_OP = """
SELECT name, epoch, inbox.seq, status FROM inbox JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device
WHERE inbox.id IN (SELECT id FROM inbox WHERE op = ? AND op <> '' AND status = 'posted'
    UNION SELECT id FROM inbox WHERE op = ? AND op <> '' AND status <> 'posted')
ORDER BY inbox.id LIMIT 1
"""

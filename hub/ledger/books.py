"""The ledger's working set: what posting reads and writes within one transaction.

Members, cards, devices and chains stay in bounded caches between transactions; new rows gather in
lists and go out with `executemany`, house balances as one sum per account. Written by hand: an
object-relational mapper costs ten times as much for each line.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.ledger.rows import (
    CardRow,
    Case,
    ChainRow,
    DeviceRow,
    Filed,
    HoldRow,
    MemberRow,
    Transfer,
    Verdict,
)
from hub.ledger.schema import MEMBER_POINTS, POINT
from hub.ledger.sqlite import Ledger
from loyalty.chain import ZERO_HEAD
from loyalty.receipts import LineStatus
from loyalty.state import Earned, Effect, Lot, MemberState, Position, Spent

MEMBERS_MAX = 20_000  # in memory; about 1 kB each
CARDS_MAX = 40_000
CHAINS_MAX = 2_000

Row = tuple[Any, ...]


@dataclass(slots=True)
class _Unwritten:
    """Rows of this transaction that are not in the database yet."""

    inbox: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    deltas: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    transfers: list[Row] = field(default_factory=list)
    lots: list[Row] = field(default_factory=list)
    lot_uses: list[Row] = field(default_factory=list)
    lot_takings: list[Row] = field(default_factory=list)
    members: dict[str, MemberRow] = field(default_factory=dict)
    cards: dict[str, CardRow] = field(default_factory=dict)
    card_writes: dict[tuple[str, int], str] = field(default_factory=dict)
    cases: list[Row] = field(default_factory=list)
    chains: dict[int, ChainRow] = field(default_factory=dict)
    ops: dict[str, tuple[bytes, int | None]] = field(default_factory=dict)


class Books:
    """Reads through caches, writes through lists; `flush` before the commit, `forget` after a
    rollback or when another connection has written."""

    def __init__(self, ledger: Ledger) -> None:
        self._database = ledger.connection
        self.forget()

    def forget(self) -> None:
        """Drop everything that is not in the database, and everything read from it."""
        self._unwritten = _Unwritten()
        self._members: OrderedDict[str, MemberRow] = OrderedDict()
        self._cards: OrderedDict[str, CardRow] = OrderedDict()
        self._chains: OrderedDict[tuple[str, str], ChainRow] = OrderedDict()
        self._devices: dict[str, DeviceRow | None] = {}
        self._houses: dict[tuple[str, str], int] = {}
        self._next_id: dict[str, int] = {}

    def trim(self) -> None:
        """Give the oldest entries of full caches back; only between transactions."""
        for cache, most in (
            (self._members, MEMBERS_MAX),
            (self._cards, CARDS_MAX),
            (self._chains, CHAINS_MAX),
        ):
            while len(cache) > most:
                cache.popitem(last=False)
        if len(self._devices) > CHAINS_MAX:
            self._devices.clear()

    # Devices and chains

    def device(self, name: str) -> DeviceRow | None:
        """Return the device called `name`, or None if it was never registered."""
        if name in self._devices:
            return self._devices[name]
        found = self._one("SELECT id, store, revoked_ms FROM device WHERE name = ?", name)
        device = None
        if found is not None:
            rows = self._database.execute(
                "SELECT kid, secret FROM device_secret WHERE device = ? ORDER BY added",
                (found[0],),
            )
            device = DeviceRow(found[0], found[1], name, dict(rows), found[2] is not None)
        self._devices[name] = device
        return device

    def retire_other_secrets(self, device: DeviceRow, kid: str) -> None:
        """Keep only secret `kid` of `device`: the device has shown that it has it."""
        self._database.execute(
            "DELETE FROM device_secret WHERE device = ? AND kid <> ?", (device.id, kid)
        )
        device.secrets = {kid: device.secrets[kid]}

    def chain(self, device: DeviceRow, epoch: str) -> ChainRow:
        """Return the chain of `device` in `epoch`, a new one if none is there."""
        chain = self._chains.get((device.name, epoch))
        if chain is None:
            chain = self._load_chain(device, epoch)
            self._chains[(device.name, epoch)] = chain
        return chain

    def set_chain(self, chain: ChainRow) -> None:
        """Have `chain` written as it is now."""
        self._unwritten.chains[chain.id] = chain

    def chains_with_gap_since(self, before_ms: int) -> list[ChainRow]:
        """Return the chains that have had a gap since `before_ms` or longer, forked ones apart."""
        self.flush()
        rows = self._database.execute(_OLD_GAPS, (before_ms,)).fetchall()
        devices = [(self.device(name), epoch) for name, epoch in rows]
        return [self.chain(device, epoch) for device, epoch in devices if device is not None]

    # Lines that are kept; these look behind the lists, so they write them first

    def head_at(self, chain: ChainRow, seq: int) -> bytes | None:
        """Return the head after line `seq` of `chain`, or None if that line is not here."""
        if seq == 0:
            return ZERO_HEAD
        if seq == chain.seq:
            return chain.head
        if seq > chain.kept_seq:
            return None
        self.flush()
        found = self._one("SELECT head FROM inbox WHERE chain = ? AND seq = ?", chain.id, seq)
        return None if found is None else bytes(found[0])

    def exceptions(self, chain: ChainRow, first: int, last: int) -> list[LineStatus]:
        """Return those of the lines `first` to `last` that did not simply post."""
        if first > last:
            return []
        self.flush()
        rows = self._database.execute(_EXCEPTIONS, (chain.id, first, last))
        return [LineStatus(*row) for row in rows]

    def kept_after(self, chain: ChainRow, seq: int) -> int:
        """Return the number of the first line after `seq` that is here."""
        self.flush()
        found = self._one("SELECT min(seq) FROM inbox WHERE chain = ? AND seq > ?", chain.id, seq)
        assert found is not None
        return int(found[0])

    def line_at(self, chain: ChainRow, seq: int) -> tuple[Filed, str, str] | None:
        """Return line `seq` of `chain` with its status and code, if it is here."""
        self.flush()
        found = self._one(_LINES + " WHERE chain = ? AND seq = ?", chain.id, seq)
        return None if found is None else _kept_line(chain, found)

    def held_beyond_gap(self, chain: ChainRow, code: str) -> list[Filed]:
        """Return the lines of `chain` that are held with `code`, oldest first."""
        self.flush()
        where = " WHERE chain = ? AND seq > ? AND status = 'held' AND code = ? ORDER BY seq"
        rows = self._database.execute(_LINES + where, (chain.id, chain.seq, code)).fetchall()
        return [_kept_line(chain, row)[0] for row in rows]

    def is_fork(self, chain: ChainRow, seq: int, head: bytes) -> bool:
        """Return whether the line with that head is kept as a fork of `chain`."""
        found = self._one(
            "SELECT 1 FROM fork WHERE chain = ? AND seq = ? AND head = ?", chain.id, seq, head
        )
        return found is not None

    def keep_fork(self, filed: Filed) -> None:
        """Keep a line whose position is taken by another."""
        self._database.execute(
            "INSERT INTO fork VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (filed.chain.id, filed.seq, filed.head, filed.line, filed.received_ms),
        )

    def move_to_fork(self, chain: ChainRow, first: int, code: str) -> None:
        """Make forks of the lines from `first` on that are held with `code`."""
        self.flush()
        where = "FROM inbox WHERE chain = ? AND seq >= ? AND status = 'held' AND code = ?"
        self._database.execute(
            f"INSERT INTO fork SELECT chain, seq, head, line, received_ms {where}",
            (chain.id, first, code),
        )
        self._database.execute(f"DELETE {where}", (chain.id, first, code))

    # New lines

    def first_with_op(self, op: str) -> tuple[bytes, int | None] | None:
        """Return line and member id of the posted fact with business key `op`, if there is one."""
        known = self._unwritten.ops.get(op)
        if known is not None:
            return known
        return self._one(
            "SELECT line, member FROM inbox WHERE op = ? AND op <> '' AND status = 'posted'", op
        )

    def take_line_id(self) -> int:
        """Return the id of the next new line."""
        return self._take_id("inbox")

    def keep(self, filed: Filed, verdict: Verdict) -> None:
        """Keep a new line with its verdict, or change the verdict on one that was held."""
        if filed.is_kept:
            self._database.execute(_JUDGE, (*verdict, filed.id))
        else:
            row = (filed.id, filed.chain.id, *filed[2:6], *verdict)
            self._unwritten.inbox.append(row)
        if verdict.op and verdict.status == "posted":
            self._unwritten.ops[verdict.op] = (filed.line, verdict.member)

    def open_case(self, case: Case, line_id: int | None, now_ms: int) -> None:
        """Open a case, or count one more of those that are open."""
        self._unwritten.cases.append((*case, line_id, now_ms, now_ms))

    # Members and cards

    def card(self, uid: str) -> CardRow | None:
        """Return the card with chip number `uid`, if the ledger knows it."""
        card = self._cards.get(uid)
        if card is not None:
            return card
        found = self._one(
            "SELECT uid, token, counter, counter_ms, status"
            " FROM card JOIN member ON member.id = card.member WHERE uid = ?",
            uid,
        )
        if found is None:
            return None
        card = self._cards[uid] = CardRow(*found)
        return card

    def card_write(self, uid: str, counter: int) -> str | None:
        """Return the operation that `counter` of card `uid` stands for, if a write is known."""
        op = self._unwritten.card_writes.get((uid, counter))
        if op is not None:
            return op
        found = self._one("SELECT op FROM card_write WHERE card = ? AND counter = ?", uid, counter)
        return None if found is None else str(found[0])

    def set_card(self, card: CardRow) -> None:
        """Have `card` written as it is now."""
        self._cards[card.uid] = self._unwritten.cards[card.uid] = card

    def add_card_write(self, uid: str, counter: int, op: str) -> None:
        """Note that `counter` of card `uid` stands for `op`, unless it stands for another."""
        self._unwritten.card_writes.setdefault((uid, counter), op)

    def member(self, token: str) -> MemberRow | None:
        """Return the member with card token `token`, if the ledger knows one."""
        member = self._members.get(token)
        if member is not None:
            self._members.move_to_end(token)
            return member
        member = self._load_member(token)
        if member is not None:
            self._members[token] = member
        return member

    def set_member(self, token: str, state: MemberState) -> MemberRow:
        """Have `state` written as what the member has; a new member gets row and account."""
        member = self.member(token)
        if member is None:
            account = self._open_account(token, MEMBER_POINTS)
            member = MemberRow(self._take_id("member"), token, account, state)
            self._members[token] = member
        member.state = state
        self._unwritten.members[token] = member
        return member

    def token(self, member: int | None) -> str:
        """Return the card token of member number `member`, empty for None."""
        if member is None:
            return ""
        for row in self._unwritten.members.values():
            if row.id == member:
                return row.token
        found = self._one("SELECT token FROM member WHERE id = ?", member)
        assert found is not None
        return str(found[0])

    # Holds

    def reserved_points(self, member: MemberRow, now_ms: int, except_auth: str = "") -> int:
        """Return what active holds, apart from `except_auth`, keep of the member's points."""
        found = self._one(_RESERVED, member.id, now_ms, except_auth)
        assert found is not None
        return int(found[0])

    def hold(self, auth: str) -> HoldRow | None:
        """Return the hold named `auth`, if there is one."""
        found = self._one("SELECT * FROM hold WHERE auth = ?", auth)
        return None if found is None else HoldRow(*found)

    def hold_for(self, device: DeviceRow, ref: str) -> HoldRow | None:
        """Return the hold that `device` got for its question `ref`, if it got one."""
        found = self._one("SELECT * FROM hold WHERE device = ? AND ref = ?", device.id, ref)
        return None if found is None else HoldRow(*found)

    def active_holds(self, device: DeviceRow, now_ms: int) -> int:
        """Return how many holds of `device` are neither resolved nor expired."""
        found = self._one(_ACTIVE_HOLDS, device.id, now_ms)
        assert found is not None
        return int(found[0])

    def add_hold(self, hold: HoldRow) -> None:
        """Set points aside."""
        self._database.execute("INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", hold)

    def resolve_hold(self, auth: str, status: str) -> bool:
        """Resolve an active hold as `status`; return False if it was resolved before."""
        changed = self._database.execute(
            "UPDATE hold SET status = ? WHERE auth = ? AND status = 'active'", (status, auth)
        ).rowcount
        return changed == 1

    # Postings

    def house(self, store: str, kind: str) -> int:
        """Return the id of the account of `kind` that belongs to `store`."""
        account = self._houses.get((store, kind))
        if account is None:
            owner = f"store:{store}"
            found = self._one(
                "SELECT id FROM account WHERE owner = ? AND kind = ? AND unit = ?",
                owner,
                kind,
                POINT,
            )
            account = self._open_account(owner, kind) if found is None else int(found[0])
            self._houses[(store, kind)] = account
        return account

    def transfer(self, transfer: Transfer) -> None:
        """Move points from one account to another on behalf of a line."""
        self._unwritten.transfers.append(transfer)
        self._unwritten.deltas[transfer.debit] -= transfer.amount
        self._unwritten.deltas[transfer.credit] += transfer.amount

    def apply_lots(self, line_id: int, member: MemberRow, effect: Effect) -> None:
        """Open the lot of what was earned, or take from the lots what was spent."""
        if isinstance(effect, Earned):
            self._unwritten.lots.append((member.id, *effect.lot))
            if effect.debt_paid_points:
                paid = (member.id, effect.lot.op, effect.lot.leg, effect.debt_paid_points)
                self._unwritten.lot_uses.append((line_id, *paid))
        elif isinstance(effect, Spent):
            for use in effect.uses:
                self._unwritten.lot_uses.append((line_id, member.id, *use))
                self._unwritten.lot_takings.append((use.points, member.id, use.op, use.leg))

    # Writing

    def flush(self) -> None:
        """Write what has gathered; it becomes durable with the transaction's commit."""
        rows = self._unwritten
        self._unwritten = _Unwritten()
        self._write("INSERT INTO account VALUES (?, ?, ?, ?, 0)", rows.accounts)
        moved = [(points, account) for account, points in rows.deltas.items()]
        self._write("UPDATE account SET balance = balance + ? WHERE id = ?", moved)
        self._write(_SET_MEMBER, [_member_row(it) for it in rows.members.values()])
        self._write("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.inbox)
        self._write("INSERT INTO transfer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.transfers)
        self._write("INSERT INTO lot VALUES (?, ?, ?, ?, ?, ?, ?)", rows.lots)
        self._write(_TAKE_FROM_LOT, rows.lot_takings)
        self._write("INSERT INTO lot_use VALUES (?, ?, ?, ?, ?)", rows.lot_uses)
        self._write(_SET_CARD, list(rows.cards.values()))
        writes = [(*key, op) for key, op in rows.card_writes.items()]
        self._database.executemany(_ADD_CARD_WRITE, writes)
        self._write(_SET_CASE, rows.cases)
        self._write(_SET_CHAIN, [_chain_row(it) for it in rows.chains.values()])

    def _write(self, statement: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        changed = self._database.executemany(statement, rows).rowcount
        # A statement that silently changes fewer rows than it should is how money goes missing.
        assert changed == len(rows), f"{changed} rows changed, {len(rows)} wanted: {statement}"

    def _one(self, statement: str, *values: object) -> Row | None:
        row: Row | None = self._database.execute(statement, values).fetchone()
        return row

    def _take_id(self, table: str) -> int:
        following = self._next_id.get(table)
        if following is None:
            found = self._one(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")
            assert found is not None
            following = int(found[0])
        self._next_id[table] = following + 1
        return following

    def _open_account(self, owner: str, kind: str) -> int:
        account = self._take_id("account")
        self._unwritten.accounts.append((account, owner, kind, POINT))
        return account

    def _load_chain(self, device: DeviceRow, epoch: str) -> ChainRow:
        found = self._one(
            "SELECT id, seq, head, kept_seq, gap_since_ms, fork_seq FROM chain"
            " WHERE device = ? AND epoch = ?",
            device.id,
            epoch,
        )
        if found is None:
            return ChainRow(self._take_id("chain"), device, epoch)
        return ChainRow(found[0], device, epoch, *found[1:])

    def _load_member(self, token: str) -> MemberRow | None:
        found = self._one("SELECT * FROM member WHERE token = ?", token)
        if found is None:
            return None
        number, _, account, tier, qualifying, debt, version, *last = found
        lots = self._database.execute(_LOTS, (number,)).fetchall()
        state = MemberState(
            tier=tier,
            qualifying_points=qualifying,
            debt_points=debt,
            lots=tuple([Lot(*row) for row in lots]),
            version=version,
            last=None if last[0] is None else Position(*last),
        )
        return MemberRow(number, token, account, state)


_OLD_GAPS = (
    "SELECT name, epoch FROM chain JOIN device ON device.id = chain.device"
    " WHERE gap_since_ms <= ? AND fork_seq IS NULL"
)
_EXCEPTIONS = (
    "SELECT seq, status, code FROM inbox"
    " WHERE chain = ? AND seq BETWEEN ? AND ? AND status <> 'posted' ORDER BY seq"
)
_LINES = "SELECT id, seq, head, line, received_ms, status, code FROM inbox"
_LOTS = (
    "SELECT op, leg, earned_ms, expires_ms, amount, remaining FROM lot"
    " WHERE member = ? AND remaining > 0 ORDER BY expires_ms, earned_ms, op, leg"
)
_SET_MEMBER = (
    "INSERT INTO member VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " tier = excluded.tier, qualifying = excluded.qualifying, debt = excluded.debt,"
    " version = excluded.version, last_event_ms = excluded.last_event_ms,"
    " last_device = excluded.last_device, last_epoch = excluded.last_epoch,"
    " last_seq = excluded.last_seq"
)
_TAKE_FROM_LOT = "UPDATE lot SET remaining = remaining - ? WHERE member = ? AND op = ? AND leg = ?"
_RESERVED = (
    "SELECT coalesce(sum(points), 0) FROM hold"
    " WHERE member = ? AND status = 'active' AND expires_ms > ? AND auth <> ?"
)
_ACTIVE_HOLDS = (
    "SELECT count(*) FROM hold WHERE device = ? AND status = 'active' AND expires_ms > ?"
)
_SET_CARD = (
    "INSERT INTO card SELECT ?1, id, ?3, ?4, ?5 FROM member WHERE token = ?2"
    " ON CONFLICT (uid) DO UPDATE SET counter = excluded.counter,"
    " counter_ms = excluded.counter_ms, status = excluded.status"
)
_ADD_CARD_WRITE = "INSERT INTO card_write VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_JUDGE = (
    "UPDATE inbox SET status = ?, code = ?, kind = ?, op = ?, member = ?, event_ms = ? WHERE id = ?"
)
_SET_CASE = (
    "INSERT INTO case_file (code, subject, detail, line, opened_ms, last_ms, times, status)"
    " VALUES (?, ?, ?, ?, ?, ?, 1, 'open') ON CONFLICT (code, subject) DO UPDATE SET"
    " last_ms = excluded.last_ms, times = times + 1, status = 'open'"
)
_SET_CHAIN = (
    "INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " seq = excluded.seq, head = excluded.head, kept_seq = excluded.kept_seq,"
    " gap_since_ms = excluded.gap_since_ms, fork_seq = excluded.fork_seq"
)


def _member_row(member: MemberRow) -> Row:
    state = member.state
    last = state.last if state.last is not None else (None, None, None, None)
    return (
        member.id,
        member.token,
        member.account,
        state.tier,
        state.qualifying_points,
        state.debt_points,
        state.version,
        *last,
    )


def _chain_row(chain: ChainRow) -> Row:
    return (
        chain.id,
        chain.device.id,
        chain.epoch,
        chain.seq,
        chain.head,
        chain.kept_seq,
        chain.gap_since_ms,
        chain.fork_seq,
    )


def _kept_line(chain: ChainRow, row: Row) -> tuple[Filed, str, str]:
    number, seq, head, line, received_ms, status, code = row
    return Filed(number, chain, seq, head, line, received_ms, is_kept=True), status, code

"""The ledger's working set: what posting reads and writes within one transaction.

Members, cards, devices and chains stay in bounded caches between transactions; new rows gather in
lists and go out with `executemany`, house balances as one sum per account. Written by hand: an
object-relational mapper costs ten times as much for each line.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress

from hub.ledger.ahead import read_ahead, read_devices, wanted_by
from hub.ledger.cases import settle
from hub.ledger.closes import Closes
from hub.ledger.database import Row
from hub.ledger.histories import Histories, kept_state_row
from hub.ledger.holds import Holds
from hub.ledger.hotlist import Hotlist
from hub.ledger.inbox import Inbox
from hub.ledger.leases import Leases
from hub.ledger.ledger import Ledger
from hub.ledger.proofs import Proofs
from hub.ledger.rows import CardRow, Case, DeviceRow, MemberRow, Transfer, is_to_keep
from hub.ledger.schema import ESCROW, HUB_DEVICE, MEMBER_POINTS, POINT
from hub.ledger.state_text import read_leases
from hub.ledger.unwritten import Unwritten
from hub.ledger.watermarks import Watermarks
from loyalty.legs import uses_by
from loyalty.record import Record
from loyalty.records import from_line
from loyalty.state import Earned, Effect, Lot, LotUse, MemberState, Position
from loyalty.wire import WireError

DEVICES_MAX = 2_000  # in memory, as the others
MEMBERS_MAX = 20_000  # about 1 kB each
CARDS_MAX = 40_000
ACCOUNTS_MAX = 10_000  # of stores, and of cards that carry leases


class Books:
    """Reads through caches, writes through lists.

    `flush` before the commit; `forget` after a rollback, or when another connection has written.
    `inbox`, `histories`, `closes` and `holds` are the books' own parts for lines, for facts that
    come late, for business days and for reserved points.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._engine = ledger.engine
        self._database = ledger.connection
        self.holds = Holds(self._database)
        self.proofs = Proofs(self._database)
        self.leases = Leases(self._database)
        self.hotlist = Hotlist(self._database)
        self.watermarks = Watermarks(self._database)
        self.forget()

    def forget(self) -> None:
        """Drop everything that is not in the database, and everything read from it."""
        self._engine.forget_numbers()
        self._unwritten = Unwritten(self._engine)
        self.inbox = Inbox(self._database, self._unwritten)
        self.histories = Histories(self._database, self._unwritten)
        self.closes = Closes(self._database, self._unwritten)
        self._members: OrderedDict[str, MemberRow] = OrderedDict()
        self._cards: OrderedDict[str, CardRow] = OrderedDict()
        self._devices: dict[str, DeviceRow | None] = {}
        self._accounts: dict[tuple[str, str], int] = {}
        self.holds.expect(self._engine, ())
        self._read: dict[bytes, Record] = {}
        self._absent: set[str] = set()  # cards and members that were looked for ahead

    def expect_devices(self, names: Iterable[str]) -> None:
        """Get ready to be asked for devices."""
        unknown = [it for it in names if it not in self._devices]
        self._devices.update(dict.fromkeys(unknown))
        devices = read_devices(self._engine, unknown)
        self._devices.update({it.name: it for it in devices})
        self.inbox.expect_chains(self._engine, devices)

    def expect(self, lines: Iterable[bytes]) -> None:
        """Read `lines`, which are about to be posted, and what they will ask for, all at once.

        What is read ahead is right until the transaction ends.
        """
        self._read = {line: record for line in lines for record in _readable(line)}
        wanted = wanted_by(self._read.values())
        wanted.cards.difference_update([it for it in wanted.cards if it in self._cards])
        ahead = read_ahead(self._engine, wanted, known=self._members)
        self._cards.update({it.uid: it for it in ahead.cards})
        for row in ahead.members:
            self._members[row[1]] = _member(row, ahead.lots.get(row[0], []))
        strangers = {it for it in wanted.tokens if it not in self._members}
        self._absent = strangers | {it for it in wanted.cards if it not in self._cards}
        self.holds.expect(self._engine, [row[0] for row in ahead.members])
        self.inbox.expect(ahead.ops, wanted.ops)
        self.histories.expect(ahead.histories)
        self._engine.expect_numbers("inbox", len(self._read))
        for table in ("account", "member"):
            self._engine.expect_numbers(table, len(strangers))

    def record(self, line: bytes) -> Record:
        """Return what `line` states.

        Raises:
            UnknownLine: a kind or version this programme does not know.
            WireError: it is no record's line.
        """
        record = self._read.pop(line, None)
        return from_line(line) if record is None else record

    def trim(self) -> None:
        """Give the oldest entries of full caches back; only between transactions."""
        self.inbox.trim()
        while len(self._members) > MEMBERS_MAX:
            self._members.popitem(last=False)
        while len(self._cards) > CARDS_MAX:
            self._cards.popitem(last=False)
        if len(self._devices) > DEVICES_MAX:
            self._devices.clear()
        if len(self._accounts) > ACCOUNTS_MAX:
            self._accounts.clear()

    def flush(self) -> None:
        """Write what has gathered; it becomes durable with the transaction's commit."""
        self._unwritten.write()
        self._read.clear()
        self._absent.clear()
        self.inbox.expect({}, ())
        self.histories.expect({})
        self.holds.expect(self._engine, ())

    # Devices and cases

    def device(self, name: str) -> DeviceRow | None:
        """Return the device called `name`, or None if it was never registered."""
        if name not in self._devices:
            self.expect_devices([name])
        return self._devices[name]

    def hub_device(self) -> DeviceRow:
        """Return the device as which the hub states its own decisions; it has no secret."""
        self._database.execute(
            "INSERT INTO device (store, name, password_salt, password_digest, revoked_ms)"
            " VALUES (?, ?, ?, ?, 0) ON CONFLICT (name) DO NOTHING",
            (HUB_DEVICE, HUB_DEVICE, b"", b""),
        )
        self._devices.pop(HUB_DEVICE, None)
        device = self.device(HUB_DEVICE)
        assert device is not None
        return device

    def retire_other_secrets(self, device: DeviceRow, kid: str) -> None:
        """Keep only secret `kid` of `device`: the device has shown that it has it."""
        self._database.execute(
            "DELETE FROM device_secret WHERE device = ? AND kid <> ?", (device.id, kid)
        )
        device.secrets = {kid: device.secrets[kid]}

    def open_case(self, case: Case, line_id: int | None, now_ms: int) -> None:
        """Open a case, or count one more of those that are open."""
        self._unwritten.cases.append((*case, line_id, now_ms, now_ms))

    def close_case(self, code: str, subject: str, now_ms: int) -> None:
        """Close a case that has settled itself."""
        self._unwritten.write()
        settle(self._database, code, subject, now_ms)

    # Members and cards

    def card(self, uid: str) -> CardRow | None:
        """Return the card with chip number `uid`, if the ledger knows it."""
        card = self._cards.get(uid)
        if card is not None:
            return card
        found = None if uid in self._absent else self._one(_CARD + self._engine.lock, uid)
        if found is None:
            return None
        card = self._cards[uid] = CardRow(*found)
        return card

    def other_write(self, uid: str, counter: int, op: str) -> str | None:
        """Return an operation other than `op` that `counter` of card `uid` stands for, if any."""
        self._unwritten.write()
        found = self._one(
            "SELECT min(op) FROM card_write"
            " WHERE card = ? AND counter = ? AND op <> ? AND op <> ''",
            *(uid, counter, op),
        )
        return None if found is None or found[0] is None else str(found[0])

    def writes_after(self, uid: str, counter: int) -> dict[int, str]:
        """Return an operation for each number above `counter` that card `uid` was written as."""
        self._unwritten.write()
        statement = "SELECT counter, op FROM card_write WHERE card = ? AND counter > ?"
        return dict(self._database.execute(statement, (uid, counter)).fetchall())

    def counter_before(self, uid: str, touched_ms: int) -> int:
        """Return the highest counter written to card `uid` before `touched_ms`, -1 for none."""
        self._unwritten.write()
        found = self._one(
            "SELECT max(counter) FROM card_write WHERE card = ? AND touched_ms < ?",
            uid,
            touched_ms,
        )
        return -1 if found is None or found[0] is None else int(found[0])

    def set_card(self, card: CardRow) -> None:
        """Have `card` written as it is now."""
        self._cards[card.uid] = self._unwritten.cards[card.uid] = card

    def add_card_write(self, uid: str, counter: int, op: str, touched_ms: int) -> None:
        """Note that `counter` of card `uid` stands for `op`, written at `touched_ms`."""
        self._unwritten.card_writes.append((uid, counter, op, touched_ms))

    def member(self, token: str) -> MemberRow | None:
        """Return the member with card token `token`, if the ledger knows one."""
        member = self._members.get(token)
        if member is not None:
            self._members.move_to_end(token)
            return member
        member = None if token in self._absent else self._load_member(token)
        if member is not None:
            self._members[token] = member
        return member

    def set_member(self, token: str, state: MemberState) -> MemberRow:
        """Have `state` written as what the member has; a new member gets row and account."""
        member = self.member(token)
        if member is None:
            account = self._open_account(token, MEMBER_POINTS)
            member = MemberRow(self._engine.next_number("member"), token, account, state)
            self._members[token] = member
            self._unwritten.written[member.id] = None
            self.holds.expect_none(member.id)
        self._unwritten.written.setdefault(member.id, member.state)
        member.state = state
        self._unwritten.members[token] = member
        return member

    def add_fact(self, token: str, state: MemberState) -> MemberRow:
        """Have `state` written as what the member has after one more fact, the latest of all."""
        member = self.set_member(token, state)
        if is_to_keep(state):
            self._unwritten.kept_states.append(kept_state_row(member))
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

    # Postings

    def house(self, store: str, kind: str) -> int:
        """Return the id of the account of `kind` that belongs to `store`."""
        return self._account(f"store:{store}", kind)

    def escrow(self, card: str) -> int:
        """Return the id of the account of what leases of `card` hold."""
        return self._account(card, ESCROW)

    def transfer(self, transfer: Transfer) -> None:
        """Move points from one account to another on behalf of a line."""
        self._unwritten.transfers.append(transfer)
        self._unwritten.deltas[transfer.debit] -= transfer.amount
        self._unwritten.deltas[transfer.credit] += transfer.amount

    def apply_lots(
        self, line_id: int, op: str, member: MemberRow, effects: Iterable[Effect]
    ) -> None:
        """Open lots for what line `line_id` of `op` earned, and note what it took or gave back."""
        used: dict[tuple[str, str, str], int] = {}
        taken: dict[tuple[str, str], int] = {}
        for effect in effects:
            if isinstance(effect, Earned):
                self._unwritten.lots.open(member.id, effect.lot)
                if not effect.debt_paid_points:
                    continue  # nearly always, and that is quicker
            for by_op, (lot_op, leg, points) in uses_by(op, effect):
                used[by_op, lot_op, leg] = used.get((by_op, lot_op, leg), 0) + points
                if not isinstance(effect, Earned):  # its lot is opened without what it paid
                    taken[lot_op, leg] = taken.get((lot_op, leg), 0) + points
        for (by_op, *lot), points in used.items():
            self._unwritten.lot_uses.append((line_id, by_op, member.id, *lot, points))
        for (lot_op, leg), points in taken.items():
            if points:
                self._unwritten.lots.take(member.id, LotUse(lot_op, leg, points))

    def _one(self, statement: str, *values: object) -> Row | None:
        row: Row | None = self._database.execute(statement, values).fetchone()
        return row

    def _account(self, owner: str, kind: str) -> int:
        account = self._accounts.get((owner, kind))
        if account is None:
            found = self._one(
                "SELECT id FROM account WHERE owner = ? AND kind = ? AND unit = ?",
                *(owner, kind, POINT),
            )
            account = self._open_account(owner, kind) if found is None else int(found[0])
            self._accounts[owner, kind] = account
        return account

    def _open_account(self, owner: str, kind: str) -> int:
        account = self._engine.next_number("account")
        self._unwritten.accounts.append((account, owner, kind, POINT))
        return account

    def _load_member(self, token: str) -> MemberRow | None:
        found = self._one("SELECT * FROM member WHERE token = ?" + self._engine.lock, token)
        if found is None:
            return None
        return _member(found, self._database.execute(_LOTS, (found[0],)).fetchall())


def _readable(line: bytes) -> Iterator[Record]:
    with suppress(WireError):  # whoever posts it will find out
        yield from_line(line)


def _member(row: Row, lots: Iterable[Row]) -> MemberRow:
    number, token, account, tier, qualifying, debt, version, *last, leases = row
    state = MemberState(
        tier=tier,
        qualifying_points=qualifying,
        debt_points=debt,
        lots=tuple([Lot(*it) for it in lots]),
        leases=read_leases(leases),
        version=version,
        last=None if last[0] is None else Position(*last),
    )
    return MemberRow(number, token, account, state)


_CARD = (
    "SELECT uid, token, counter, seen_ms, status, kind FROM card"
    " JOIN member ON member.id = card.member WHERE uid = ?"
)
_LOTS = (
    "SELECT op, leg, earned_ms, expires_ms, amount, remaining FROM lot"
    " WHERE member = ? AND remaining > 0 ORDER BY expires_ms, earned_ms, op, leg"
)

"""What lines move: points between accounts, and lots that open or are taken from."""

from collections.abc import Iterable

from hub.ledger.database import Row
from hub.ledger.rows import MemberRow, Transfer
from hub.ledger.schema import ESCROW, POINT, house_of
from hub.ledger.unwritten import Unwritten
from loyalty.legs import uses_by
from loyalty.state import Earned, Effect, LotUse

ACCOUNTS_MAX = 10_000  # in memory, of stores, and of cards that carry leases


class Postings:
    """Gathers transfers and the lots behind them; accounts keep one sum for each transaction."""

    def __init__(self, unwritten: Unwritten) -> None:
        self._engine = unwritten.engine
        self._unwritten = unwritten
        self._accounts: dict[tuple[str, str], int] = {}

    def expect(self, accounts: Iterable[Row]) -> None:
        """Know accounts by owner, kind and id."""
        self._accounts.update({(owner, kind): account for owner, kind, account in accounts})

    def trim(self) -> None:
        """Forget the accounts if there are too many."""
        if len(self._accounts) > ACCOUNTS_MAX:
            self._accounts.clear()

    def house(self, store: str, kind: str) -> int:
        """Return the id of the account of `kind` that belongs to `store`."""
        return self._account(house_of(store), kind)

    def escrow(self, card: str) -> int:
        """Return the id of the account of what leases of `card` hold."""
        return self._account(card, ESCROW)

    def open_account(self, owner: str, kind: str) -> int:
        """Return the id of a new account, which is empty."""
        account = self._engine.next_number("account")
        self._unwritten.accounts.append((account, owner, kind, POINT))
        return account

    def transfer(self, transfer: Transfer) -> None:
        """Move points from one account to another on behalf of a line."""
        self._unwritten.transfers.append(transfer)
        deltas = self._unwritten.deltas
        deltas[transfer.debit] -= transfer.amount
        deltas[transfer.credit] += transfer.amount

    def apply_lots(
        self, line_id: int, op: str, member: MemberRow, effects: Iterable[Effect]
    ) -> None:
        """Open lots for what line `line_id` of `op` earned, and note what it took or gave back."""
        others = []
        for effect in effects:
            if isinstance(effect, Earned):
                self._unwritten.lots.open(member.id, effect.lot)
                if not effect.debt_paid_points:
                    continue  # nearly always, and that is quicker
            others.append(effect)
        if others:
            self._use_lots(line_id, op, member, others)

    def _use_lots(
        self, line_id: int, op: str, member: MemberRow, effects: Iterable[Effect]
    ) -> None:
        used: dict[tuple[str, str, str], int] = {}
        taken: dict[tuple[str, str], int] = {}
        for effect in effects:
            for by_op, (lot_op, leg, points) in uses_by(op, effect):
                used[by_op, lot_op, leg] = used.get((by_op, lot_op, leg), 0) + points
                if not isinstance(effect, Earned):  # its lot is opened without what it paid
                    taken[lot_op, leg] = taken.get((lot_op, leg), 0) + points
        for (by_op, *lot), points in used.items():
            self._unwritten.lot_uses.append((line_id, by_op, member.id, *lot, points))
        for (lot_op, leg), points in taken.items():
            if points:
                self._unwritten.lots.take(member.id, LotUse(lot_op, leg, points))

    def _account(self, owner: str, kind: str) -> int:
        account = self._accounts.get((owner, kind))
        if account is None:
            found = self._engine.database.execute(_ACCOUNT, (owner, kind, POINT)).fetchone()
            account = self.open_account(owner, kind) if found is None else int(found[0])
            self._accounts[owner, kind] = account
        return account


_ACCOUNT = "SELECT id FROM account WHERE owner = ? AND kind = ? AND unit = ?"

"""The members in memory: what each has, and what of that is to be written."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from hub.ledger.database import Row
from hub.ledger.histories import kept_state_row
from hub.ledger.holds import Holds
from hub.ledger.postings import Postings
from hub.ledger.rows import MemberRow, is_to_keep
from hub.ledger.schema import MEMBER_POINTS
from hub.ledger.state_text import read_leases
from hub.ledger.unwritten import Unwritten
from loyalty.state import Lot, MemberState, Position

MEMBERS_MAX = 20_000  # in memory, about 1 kB each without lots
LOTS_MAX = 100_000  # of theirs, about 400 bytes each: regulars have many


class Members:
    """Reads members through a cache; what changes is written with the transaction."""

    def __init__(self, unwritten: Unwritten, postings: Postings, holds: Holds) -> None:
        self._engine = unwritten.engine
        self._unwritten = unwritten
        self._postings = postings
        self._holds = holds
        self._rows: OrderedDict[str, MemberRow] = OrderedDict()
        self._absent: set[str] = set()
        self._lots = 0

    def __contains__(self, token: object) -> bool:
        return token in self._rows

    def expect(
        self, rows: Iterable[Row], lots: Mapping[int, list[Row]], wanted: Iterable[str]
    ) -> int:
        """Know that of the members `wanted` those of `rows`, or in memory, are all that there are.

        `lots` are theirs by member id. That is right until `forget_absent`. Return how many of
        those wanted are not there.
        """
        for row in rows:
            self._remember(_member(row, lots.get(row[0], ())))
        self._absent = {it for it in wanted if it not in self._rows}
        return len(self._absent)

    def forget_absent(self) -> None:
        """Look again for members who were not there."""
        self._absent = set()

    def trim(self) -> None:
        """Give the oldest back if there are too many, or too many lots of theirs."""
        while len(self._rows) > MEMBERS_MAX or self._lots > LOTS_MAX:
            _, member = self._rows.popitem(last=False)
            self._lots -= len(member.state.lots)

    def find(self, token: str) -> MemberRow | None:
        """Return the member with card token `token`, if the ledger knows one."""
        member = self._rows.get(token)
        if member is not None:
            self._rows.move_to_end(token)
        elif token not in self._absent:
            member = self._load(token)
        return member

    def set(self, token: str, state: MemberState) -> MemberRow:
        """Have `state` written as what the member has; a new member gets row and account."""
        member = self.find(token)
        if member is None:
            member = self._new(token, state)
            self._unwritten.written[member.id] = None
        else:
            self._unwritten.written.setdefault(member.id, member.state)
            self._lots += len(state.lots) - len(member.state.lots)
            member.state = state
        self._unwritten.members[token] = member
        return member

    def add_fact(self, token: str, state: MemberState) -> MemberRow:
        """Have `state` written as what the member has after one more fact, the latest of all."""
        member = self.set(token, state)
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
        statement = "SELECT token FROM member WHERE id = ?"
        (token,) = self._engine.database.execute(statement, (member,)).fetchone()
        return str(token)

    def _new(self, token: str, state: MemberState) -> MemberRow:
        account = self._postings.open_account(token, MEMBER_POINTS)
        member = MemberRow(self._engine.next_number("member"), token, account, state)
        self._holds.expect_none(member.id)
        return self._remember(member)

    def _load(self, token: str) -> MemberRow | None:
        database = self._engine.database
        found = database.execute(_MEMBER + self._engine.lock, (token,)).fetchone()
        if found is None:
            return None
        return self._remember(_member(found, database.execute(_LOTS, (found[0],))))

    def _remember(self, member: MemberRow) -> MemberRow:
        self._rows[member.token] = member
        self._lots += len(member.state.lots)
        return member


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


_MEMBER = "SELECT * FROM member WHERE token = ?"
_LOTS = (
    "SELECT op, leg, earned_ms, expires_ms, amount, remaining FROM lot"
    " WHERE member = ? AND remaining > 0 ORDER BY expires_ms, earned_ms, op, leg"
)

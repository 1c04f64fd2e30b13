"""Rows of one transaction that are not in the database yet."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple

from hub.ledger.database import Engine, Row, nothing
from hub.ledger.lots import Lots
from hub.ledger.rows import CardRow, ChainRow, Filed, MemberRow, Transfer, Verdict
from hub.ledger.state_text import leases_text
from loyalty.state import MemberState


class NewRows(NamedTuple):
    """Rows to add, by table; those first that others refer to."""

    account: Sequence[Row]
    member: Sequence[Row]
    card: Sequence[Row]
    inbox: Sequence[Row]
    transfer: Sequence[Row]
    lot: Sequence[Row]
    lot_use: Sequence[Row]


Judged = tuple[Filed, Verdict]


@dataclass(slots=True)
class Unwritten:
    """Lists that go out in bulk, the accounts' sums as one row for each account.

    For those who look back: `facts` are the new lines of facts by member, `written` what members
    had when they were last written, None for new ones. `new_cards` are the members of new cards,
    `added` what new members had when their rows were taken. Of a member's kept states, those that
    are written and later than version `stale_after` are of a past that is not so any more.
    """

    engine: Engine
    inbox: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    deltas: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    transfers: list[Transfer] = field(default_factory=list)
    lots: Lots = field(default_factory=Lots)
    lot_uses: list[Row] = field(default_factory=list)
    members: dict[str, MemberRow] = field(default_factory=dict)
    cards: dict[str, CardRow] = field(default_factory=dict)
    new_cards: dict[str, int] = field(default_factory=dict)
    card_writes: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    chains: dict[int, ChainRow] = field(default_factory=dict)
    ops: dict[str, Judged] = field(default_factory=dict)
    kept_states: list[Row] = field(default_factory=list)
    facts: defaultdict[int, list[Judged]] = field(default_factory=lambda: defaultdict(list))
    written: dict[int, MemberState | None] = field(default_factory=dict)
    stale_after: dict[int, int] = field(default_factory=dict)
    added: dict[int, MemberState] = field(default_factory=dict)
    writes: int = 0

    def take_new(self) -> NewRows:
        """Return the rows to add so far, which are the caller's to write now.

        What changes of them from now on is among what changes of others.
        """
        accounts = [(*it, self.deltas.pop(it[0], 0)) for it in self.accounts]
        members = [it for it in self.members.values() if self.is_new(it.id)]
        self.added.update([(it.id, it.state) for it in members])
        new = NewRows(
            account=accounts,
            member=[member_row(it) for it in members],
            card=[(uid, it, *self.cards.pop(uid)[2:]) for uid, it in self.new_cards.items()],
            inbox=self.inbox,
            transfer=self.transfers,
            lot=self.lots.take_opened_rows(),
            lot_use=self.lot_uses,
        )
        self.new_cards.clear()
        self.accounts, self.inbox, self.transfers, self.lot_uses = [], [], [], []
        return new

    def changed_members(self) -> list[MemberRow]:
        """Return the members that are not as they are in the database; ask `take_new` before."""
        found = self.members.values()
        return [it for it in found if self.added.get(it.id, self.written[it.id]) is not it.state]

    def hand_over(self) -> None:
        """Have a server begin with what is new, while others go on; called often."""
        self.engine.hand_over(self)

    def is_new(self, member: int) -> bool:
        """Return whether member number `member` has no row yet."""
        is_new = member in self.written and self.written[member] is None
        return is_new and member not in self.added

    def write(self, meanwhile: Callable[[], bool] = nothing) -> None:
        """Write everything and forget it; `writes` counts how often there was something.

        `meanwhile` is called while a server works on it.
        """
        gathered = [getattr(self, it) for it in _GATHERED]
        if any(gathered):
            self.engine.write(self, meanwhile)
            self.writes += 1
            for it in gathered:
                it.clear()


_GATHERED = [it.name for it in fields(Unwritten) if it.name not in ("engine", "writes")]


def must_change(changed: int, wanted: int, what: str) -> None:
    """Stop a transaction whose statement changed fewer rows than it should: so money goes missing.

    Raises:
        AssertionError: naming `what` was to change.
    """
    assert changed == wanted, f"{changed} rows changed, {wanted} wanted: {what}"


def opened_again(cases: Sequence[Row]) -> list[Row]:
    """Return when each of `cases` was first seen, its code and its subject, once for each case.

    Rows of `cases` begin with code and subject, and end with when they were seen.
    """
    seen_ms: dict[Row, int] = {}
    for code, subject, *_, at_ms in cases:
        seen_ms.setdefault((code, subject), at_ms)
    return [(at_ms, *case) for case, at_ms in seen_ms.items()]


def member_row(member: MemberRow) -> Row:
    """Return the row of table `member`."""
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
        leases_text(state.leases),
    )


def chain_row(chain: ChainRow) -> Row:
    """Return the row of table `chain`."""
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

"""Rows of one transaction that are not in the database yet."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from hub.ledger.database import Engine, Row
from hub.ledger.rows import CardRow, ChainRow, MemberRow, PostedLine, Transfer


@dataclass(slots=True)
class Unwritten:
    """Lists that go out in bulk, the accounts' sums as one row for each account."""

    engine: Engine
    inbox: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    deltas: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    transfers: list[Transfer] = field(default_factory=list)
    lots: list[Row] = field(default_factory=list)
    lot_uses: list[Row] = field(default_factory=list)
    lot_takings: list[Row] = field(default_factory=list)
    members: dict[str, MemberRow] = field(default_factory=dict)
    cards: dict[str, CardRow] = field(default_factory=dict)
    card_writes: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    chains: dict[int, ChainRow] = field(default_factory=dict)
    ops: dict[str, PostedLine] = field(default_factory=dict)
    kept_states: list[Row] = field(default_factory=list)

    def write(self) -> None:
        """Write everything and forget it."""
        self.engine.write(self)
        for it in fields(self):
            if it.name != "engine":
                getattr(self, it.name).clear()


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

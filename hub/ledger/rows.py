"""What rows of the ledger are in memory. Plain values: no database here."""

from dataclasses import dataclass
from typing import NamedTuple

from loyalty.chain import ZERO_HEAD
from loyalty.state import MemberState, Position

KEEP_EVERY = 64  # facts of a member between two states that are kept
STATES_SPAN = 16 * KEEP_EVERY  # how many facts back the oldest of them is


def is_to_keep(state: MemberState) -> bool:
    """Return whether `state` is one of those that are kept, so that a fold may begin there."""
    return state.version % KEEP_EVERY == 0 and state.version > 0


@dataclass(slots=True)
class DeviceRow:
    """A registered device; `secrets` by key id, oldest first."""

    id: int
    store: str
    name: str
    secrets: dict[str, bytes]
    revoked: bool


@dataclass(slots=True)
class ChainRow:
    """How far the lines of one device and epoch have come; see `tables.py`."""

    id: int
    device: DeviceRow
    epoch: str
    seq: int = 0
    head: bytes = ZERO_HEAD
    kept_seq: int = 0
    gap_since_ms: int | None = None
    fork_seq: int | None = None


@dataclass(slots=True)
class MemberRow:
    """A member and the account that holds the points."""

    id: int
    token: str
    account: int
    state: MemberState


class CardRow(NamedTuple):
    """A card: whose it is, its highest counter, when it was last read, and its kind if known.

    When it was read is by the account of who read it.
    """

    uid: str
    member: str
    counter: int
    seen_ms: int
    status: str
    kind: str = ""


class Case(NamedTuple):
    """Something a person should look at: one word, what it is about, and a sentence."""

    code: str
    subject: str
    detail: str


class Filed(NamedTuple):
    """A line as the inbox keeps it; `is_kept` tells whether it is there already."""

    id: int
    chain: ChainRow
    seq: int
    head: bytes
    line: bytes
    received_ms: int
    is_kept: bool = False

    @property
    def name(self) -> str:
        """How people find the line again."""
        return f"{self.chain.device.name}:{self.chain.epoch}:{self.seq}"


class Verdict(NamedTuple):
    """What was decided about a line; `op` only where the line moves value."""

    status: str
    code: str
    kind: str = ""
    op: str = ""
    member: int | None = None
    event_ms: int | None = None


class PostedLine(NamedTuple):
    """The line that counts for its business key; `position` is where its fact is folded."""

    id: int
    line: bytes
    member: int | None
    position: Position


def posted_line(filed: Filed, verdict: Verdict) -> PostedLine:
    """Return the line that `filed` is once it posted with `verdict`, which says when it counts."""
    assert verdict.event_ms is not None
    chain = filed.chain
    position = Position(verdict.event_ms, chain.device.name, chain.epoch, filed.seq)
    return PostedLine(filed.id, filed.line, verdict.member, position)


class Transfer(NamedTuple):
    """`amount` of `unit` moves from account `debit` to account `credit`; in column order."""

    line: int
    leg: str
    unit: str
    debit: int
    credit: int
    amount: int
    member: int
    event_ms: int
    booked_ms: int
    rules: int
    version: int


class HoldRow(NamedTuple):
    """Points set aside for a grant, or for a line (`hub.ledger.holds`); in column order."""

    auth: str
    member: int
    device: int
    ref: str
    offer: str
    points: int
    value_minor: int
    granted_ms: int
    expires_ms: int
    status: str

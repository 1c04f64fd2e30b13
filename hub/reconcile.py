"""A record and what the ledger knows about it -> what becomes of it. A core: no I/O, no clock.

A fact that happened is never refused (ledger-rules L30): a redemption that overdraws makes a debt
and a case. Held is what a person or a newer hub has to decide; rejected is what can never post.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.ledger.rows import CardRow, Case
from loyalty.fold import fold, new_member
from loyalty.programme import Programme, in_force
from loyalty.records import VALUE_KINDS, CardIssued, FacePrinted, FaceStarted, Record, Redemption
from loyalty.state import Effect, Fact, MemberState, Position, Refused, Spent
from loyalty.wire import names_of

FUTURE_MAX_MS = 5 * 60_000  # DESIGN §4; reference/ledger.md §5: clamp future > 5 min
CODE_MAX_CHARS = 64

POSTED, HELD, REJECTED, DUPLICATE = "posted", "held", "rejected", "duplicate"

# What every line carries says where and when it was stated, not what happened.
_CIRCUMSTANCES = frozenset(names_of("check_in")) | {"till_ms", "auth", "granted_ms"}
_CONTINUES_A_TOUCH = (FaceStarted.kind, FacePrinted.kind)


class First(NamedTuple):
    """The fact that was posted with this `op` before, and whose it was."""

    record: Record
    member: str


class Known(NamedTuple):
    """What the ledger knows when a record is looked at.

    `member` is the token that `whose` returned, `state` what that member has (None: a new one),
    `counter_op` what the card's counter of this record already stands for, and `reserved_points`
    what holds other than the record's own keep.
    """

    now_ms: int
    card: CardRow | None
    member: str
    state: MemberState | None
    first: First | None
    counter_op: str | None
    reserved_points: int


class Outcome(NamedTuple):
    """What becomes of a line: its status, and what the books must show if it posts."""

    status: str
    code: str = ""
    state: MemberState | None = None
    rules: int = 0
    effects: tuple[Effect, ...] = ()
    cases: tuple[Case, ...] = ()
    card: CardRow | None = None


def whose(record: Record, card: CardRow | None) -> str:
    """Return the token of the member that `record` is about, empty if there is none.

    The card table decides once it knows the card; before, what was read from the card does.
    """
    return card.member if card is not None else record.member


def reconcile(
    record: Record, position: Position, known: Known, programmes: Sequence[Programme]
) -> Outcome:
    """Return what becomes of `record`, which stands at `position`."""
    if position.event_ms > known.now_ms + FUTURE_MAX_MS:
        ahead_s = (position.event_ms - known.now_ms) // 1000
        return _held("future_clock", position.device, f"{ahead_s} s ahead of the hub")
    if record.card and not known.member:
        return _held("unknown_card", record.card, "no member is known for this card")
    if record.kind not in VALUE_KINDS:
        return _witness(record, position, known, programmes)
    if not record.op:
        return Outcome(REJECTED, "no_op")
    if known.first is not None:
        return _again(record, position, known, known.first, programmes)
    return _post(record, position, known, programmes)


def _post(
    record: Record, position: Position, known: Known, programmes: Sequence[Programme]
) -> Outcome:
    if not known.member:
        return _post_without_member(record)
    programme = in_force(programmes, position.event_ms)
    before = known.state if known.state is not None else new_member(programme)
    folded = fold(before, Fact(position, record), programme)
    if isinstance(folded, Refused):
        return _held(folded.reason, record.op, folded.detail)
    after, effects = folded
    cases = _overdrawn(record, after, effects, known)
    outcome = _witness(record, position, known, programmes)
    return outcome._replace(
        state=after, rules=programme.version, effects=effects, cases=outcome.cases + cases
    )


def _post_without_member(record: Record) -> Outcome:
    if record.kind == Redemption.kind:
        return Outcome(REJECTED, "no_member")
    return Outcome(POSTED)


def _again(
    record: Record,
    position: Position,
    known: Known,
    first: First,
    programmes: Sequence[Programme],
) -> Outcome:
    if known.member == first.member and _content(record) == _content(first.record):
        seen = _witness(record, position, known, programmes)
        return seen._replace(status=DUPLICATE, code=record.op[:CODE_MAX_CHARS])
    return _held("op_conflict", record.op, "this operation was posted with another content")


def _content(record: Record) -> tuple[object, ...]:
    kept = [it for it in names_of(record.kind) if it not in _CIRCUMSTANCES]
    return (record.kind, *[getattr(record, it) for it in kept])


def _overdrawn(
    record: Record, after: MemberState, effects: tuple[Effect, ...], known: Known
) -> tuple[Case, ...]:
    if record.kind != Redemption.kind:
        return ()
    missing = sum(it.debt_points for it in effects if isinstance(it, Spent))
    if missing:
        return (Case("overdrawn", record.op, f"{missing} points were not there"),)
    if known.reserved_points > max(after.balance_points, 0):
        detail = f"{known.reserved_points} points are reserved, {after.balance_points} are left"
        return (Case("holds_exceed_balance", known.member, detail),)
    return ()


def _witness(
    record: Record, position: Position, known: Known, programmes: Sequence[Programme]
) -> Outcome:
    """Post what `record` tells about its card; most records tell nothing new."""
    if not record.card:
        return Outcome(POSTED)
    card = known.card
    cases: list[Case] = []
    state = None
    if card is None:
        card = CardRow(record.card, known.member, -1, 0, "seen")
        if known.state is None:
            state = new_member(in_force(programmes, position.event_ms))
    elif record.member and record.member != card.member:
        detail = f"says member {record.member}, was {card.member}'s"
        cases.append(Case("card_member", card.uid, detail))
    cases += _counter_cases(record, position, card, known)
    after = _card_after(record, position, card, known)
    return Outcome(POSTED, state=state, cases=tuple(cases), card=after)


def _counter_cases(record: Record, position: Position, card: CardRow, known: Known) -> list[Case]:
    if known.counter_op is not None and known.counter_op != record.op:
        detail = f"counter {record.ctr_used} stands for {known.counter_op} and {record.op}"
        return [Case("clone", card.uid, detail)]
    # A touch goes on stating the counter that it began with, and a line may arrive late.
    late = position.event_ms <= card.counter_ms or record.kind in _CONTINUES_A_TOUCH
    if not late and 0 <= record.ctr_seen < card.counter:
        detail = f"counter {record.ctr_seen} was read, {card.counter} was written before"
        return [Case("counter_behind", card.uid, detail)]
    return []


def _card_after(record: Record, position: Position, card: CardRow, known: Known) -> CardRow | None:
    if record.touch == "done" and record.ctr_used > card.counter:
        card = card._replace(counter=record.ctr_used, counter_ms=position.event_ms)
    if record.kind == CardIssued.kind and card.status == "seen":
        card = card._replace(status="issued")
    return None if card == known.card else card


def _held(code: str, subject: str, detail: str) -> Outcome:
    code = code[:CODE_MAX_CHARS]
    return Outcome(HELD, code, cases=(Case(code, subject, detail),))

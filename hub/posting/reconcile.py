"""A record and what the ledger knows about it -> what becomes of it. A core: no I/O, no clock.

A fact that happened is never refused (docs/LEDGER-RULES.md, L30): a redemption that overdraws
makes a debt and a case. Held is what a person or a newer hub has to decide; rejected is what can
never post.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.ledger.rows import CardRow, Case, PostedLine, is_to_keep
from hub.posting import touches
from hub.posting.touches import Counters
from loyalty.card_kinds import PROFILES
from loyalty.card_numbers import kind_of
from loyalty.fold import fold, new_member, stated_ms
from loyalty.programme import Programme, in_force
from loyalty.record import Record
from loyalty.records import VALUE_KINDS, CardIssued, CardSuspected, Sale
from loyalty.refold import Difference, Lack, Tail, changed, lack_of, refold
from loyalty.state import Effect, Fact, MemberState, Position, Refused
from loyalty.wire import names_of

FUTURE_MAX_MS = 5 * 60_000  # docs/adr/0007: further ahead waits until it is not
CODE_MAX_CHARS = 64

POSTED, HELD, REJECTED, DUPLICATE = "posted", "held", "rejected", "duplicate"
EARLIER = "earlier"  # than the line that posted with this op, which has to make way
OP_CONFLICT = "op_conflict"
OVERDRAWN = "overdrawn"
OVERSPEND = "overspend"
UNKNOWN_CARD = "unknown_card"
FUTURE_CLOCK = "future_clock"

# What every line carries says where and when it was stated, not what happened.
_CIRCUMSTANCES = frozenset(names_of("check_in")) | {"till_ms", "auth", "granted_ms"}


class First(NamedTuple):
    """The fact that was posted with this `op`, whose it is, and where it stands by its own word."""

    record: Record
    member: str
    stated: Position
    posted: PostedLine


class Loser(NamedTuple):
    """A member whose fact makes way for another's with the same op: `position` is to go."""

    member: str
    position: Position
    state: MemberState
    reserved_points: int
    tail: Tail


class Known(NamedTuple):
    """What the ledger knows when a record is looked at.

    `member` is the token that `whose` returned, `state` what that member has (None: a new one),
    `counters` what other lines tell about the card's counter, and `reserved_points` what holds
    other than the record's own keep. `stated` is the record's place by its own word.
    For a record that comes late `tail` are the member's facts around it; `instead_of` is the one
    among them that makes way for it, `loser` the other member who loses it.
    """

    now_ms: int
    stated: Position
    card: CardRow | None
    member: str
    state: MemberState | None
    first: First | None
    counters: Counters
    reserved_points: int
    tail: Tail | None = None
    instead_of: Position | None = None
    loser: Loser | None = None


class Outcome(NamedTuple):
    """What becomes of a line: its status, and what the books must show if it posts.

    A line in its turn has `effects`; one that comes late has a `difference` from what is booked,
    and `lost` is that of another member whose fact made way.
    """

    status: str
    code: str = ""
    state: MemberState | None = None
    rules: int = 0
    effects: tuple[Effect, ...] = ()
    cases: tuple[Case, ...] = ()
    card: CardRow | None = None
    difference: Difference | None = None
    lost: Difference | None = None


def whose(record: Record, card: CardRow | None) -> str:
    """Return the token of the member that `record` is about, empty if there is none.

    The card table decides once it knows the card; before, what was read from the card does.
    """
    return card.member if card is not None else record.member


def reconcile(
    record: Record, position: Position, known: Known, programmes: Sequence[Programme]
) -> Outcome:
    """Return what becomes of `record`, which stands at `position`."""
    if known.stated.event_ms > known.now_ms + FUTURE_MAX_MS:
        ahead_s = (known.stated.event_ms - known.now_ms) // 1000
        return _held(FUTURE_CLOCK, position.device, f"{ahead_s} s ahead of the hub")
    if isinstance(record, CardSuspected):
        return Outcome(POSTED, cases=(_suspected(record, known),))
    if record.card and not known.member:
        return _held(UNKNOWN_CARD, record.card, "no member is known for this card")
    if record.kind not in VALUE_KINDS:
        return _witness(record, position, known, programmes)
    if not record.op:
        return Outcome(REJECTED, "no_op")
    if known.member:
        return _post(record, position, known, programmes)
    if record.kind != Sale.kind:
        return Outcome(REJECTED, "no_member")
    return _unless_known(record, position, known, programmes) or _with_lost(
        Outcome(POSTED), known, programmes
    )


def links(record: Record, known: Known, outcome: Outcome) -> bool:
    """Return whether `record` makes a member's what does not say whose it is by itself.

    That is who issues it; a number may be known before by what else is stated of it.
    """
    if known.card is None and outcome.card is not None and kind_of(record.card):
        return True
    profile = PROFILES.get(record.card_kind) if isinstance(record, CardIssued) else None
    return outcome.status == POSTED and profile is not None and not profile.keeps_record


def _suspected(record: CardSuspected, known: Known) -> Case:
    owner = f"{known.member}'s" if known.member else "nobody's that we know"
    return Case(record.sign, record.card, f"seen at {record.store}, the card is {owner}")


def again(record: Record, member: str, first: Record, first_member: str) -> Outcome:
    """Return what becomes of `record` beside `first`, which counts for the same op."""
    if member == first_member and _content(record) == _content(first):
        return Outcome(DUPLICATE, record.op[:CODE_MAX_CHARS])
    return _held(OP_CONFLICT, record.op, "this operation was posted with another content")


def _post(
    record: Record, position: Position, known: Known, programmes: Sequence[Programme]
) -> Outcome:
    programme = in_force(programmes, position.event_ms)
    fact = Fact(position, record)
    before = known.state if known.state and known.state.version else new_member(programme)
    folded = fold(before, fact, programme)
    if isinstance(folded, Refused):
        return _held(folded.reason, record.op, folded.detail)
    another = _unless_known(record, position, known, programmes)
    if another is not None:
        return another
    if known.tail is not None:
        return _with_lost(_post_late(fact, known, known.tail, programmes), known, programmes)
    after, effects = folded
    lack = lack_of(record, effects)
    cases: tuple[Case, ...] = () if lack is None else (lacking(lack),)
    seen = _witness(record, position, known, programmes)
    cases = seen.cases + cases + _reserved(known, after)
    posted = Outcome(POSTED, "", after, programme.version, effects, cases, seen.card)
    return _with_lost(posted, known, programmes)


def _post_late(fact: Fact, known: Known, tail: Tail, programmes: Sequence[Programme]) -> Outcome:
    assert known.state is not None
    drop = () if known.instead_of is None else (known.instead_of,)
    facts = changed(tail, add=(fact,), drop=drop)
    difference = refold(tail, facts, known.state, programmes, keeps=is_to_keep)
    refused = difference.refused.pop(fact.record.op, None)
    if refused is not None:
        return _held(refused.reason, fact.record.op, refused.detail)
    cases = difference_cases(difference) + _reserved(known, difference.state)
    outcome = _witness(fact.record, fact.position, known, programmes)
    return outcome._replace(
        state=difference.state, difference=difference, cases=outcome.cases + cases
    )


def _with_lost(outcome: Outcome, known: Known, programmes: Sequence[Programme]) -> Outcome:
    """Add what the member loses whose fact makes way for this one."""
    if known.loser is None or outcome.status != POSTED:
        return outcome
    loser = known.loser
    facts = changed(loser.tail, drop=(loser.position,))
    lost = refold(loser.tail, facts, loser.state, programmes, keeps=is_to_keep)
    cases = difference_cases(lost) + _reserved(loser, lost.state)
    return outcome._replace(lost=lost, cases=outcome.cases + cases)


def _unless_known(
    record: Record, position: Position, known: Known, programmes: Sequence[Programme]
) -> Outcome | None:
    """Return what becomes of a line whose op is known; None if it is the first of its op.

    The line with the smallest position counts, whichever comes first (docs/adr/0008).
    """
    first = known.first
    if first is None:
        return None
    if known.stated < first.stated:
        return Outcome(EARLIER)
    outcome = again(record, known.member, first.record, first.member)
    # Whichever of them counts, the card was there.
    seen = _witness(record, position, known, programmes)
    return seen._replace(status=outcome.status, code=outcome.code, cases=seen.cases + outcome.cases)


def _content(record: Record) -> tuple[object, ...]:
    kept = [it for it in names_of(record.kind) if it not in _CIRCUMSTANCES]
    return (record.kind, *[getattr(record, it) for it in kept])


def difference_cases(difference: Difference) -> tuple[Case, ...]:
    refused = [Case(why.reason, op, why.detail) for op, why in difference.refused.items()]
    return (*map(lacking, difference.lacking), *refused)


def lacking(lack: Lack) -> Case:
    """Return the case that tells of `lack`."""
    if lack.is_of_lease:
        return Case(OVERSPEND, lack.op, f"{lack.points} points were not on the lease")
    return Case(OVERDRAWN, lack.op, f"{lack.points} points were not there")


def _reserved(owner: Known | Loser, after: MemberState) -> tuple[Case, ...]:
    if owner.reserved_points and owner.reserved_points > max(after.balance_points, 0):
        detail = f"{owner.reserved_points} points are reserved, {after.balance_points} are left"
        return (Case("holds_exceed_balance", owner.member, detail),)
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
        card = CardRow(record.card, known.member, -1, 0, "seen", kind_of(record.card))
        if known.state is None:
            state = new_member(in_force(programmes, 0))
    elif record.member and record.member != card.member:
        detail = f"says member {record.member}, was {card.member}'s"
        cases.append(Case("card_member", card.uid, detail))
    cases += touches.cases(record, card, known.counters)
    after = _card_after(record, card, known)
    return Outcome(POSTED, state=state, cases=tuple(cases), card=after)


def _card_after(record: Record, card: CardRow, known: Known) -> CardRow | None:
    if not touches.is_silent(record):
        if touches.wrote(record) and record.ctr_used > card.counter:
            card = card._replace(counter=record.ctr_used)
        if touches.left(record) >= 0:
            card = card._replace(seen_ms=max(card.seen_ms, stated_ms(record)))
    if isinstance(record, CardIssued):
        status = "issued" if card.status == "seen" else card.status
        kind = record.card_kind if record.card_kind in PROFILES else card.kind
        card = card._replace(status=status, kind=kind)
    return None if card == known.card else card


def _held(code: str, subject: str, detail: str) -> Outcome:
    code = code[:CODE_MAX_CHARS]
    return Outcome(HELD, code, cases=(Case(code, subject, detail),))

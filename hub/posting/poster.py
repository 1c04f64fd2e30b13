"""One line's way through reconciliation into the books."""

from collections.abc import Sequence

from hub.ledger.books import Books
from hub.ledger.hotlist import ALLOWED
from hub.ledger.leases import LeaseDeed
from hub.ledger.rows import Case, Filed, MemberRow, Transfer, Verdict
from hub.ledger.schema import HUB_DEVICE, POINT
from hub.posting.hub_ops import is_hubs
from hub.posting.late import LateFacts
from hub.posting.legs import ends
from hub.posting.reconcile import (
    EARLIER,
    HELD,
    OP_CONFLICT,
    POSTED,
    REJECTED,
    First,
    Known,
    Outcome,
    links,
    reconcile,
    whose,
)
from hub.posting.touches import NOTHING_KNOWN, look_up, wrote
from hub.posting.waiting import UNKNOWN_KIND, Waiting
from loyalty.fold import event_ms, stated_ms
from loyalty.hub_records import CardAllowed, CardStopped, StoreDayClosed
from loyalty.lease_records import LeaseSpend
from loyalty.legs import leg_of
from loyalty.programme import Programme
from loyalty.record import Record
from loyalty.records import HUB_KINDS, VALUE_KINDS, Redemption, Sale, TouchUnknown, from_line
from loyalty.state import Position
from loyalty.wire import UnknownLine, WireError

DETAIL_MAX_CHARS = 300
GAP = "gap"  # the code of a line that waits for those before it

_WAITS = Verdict(HELD, GAP)


class Poster:
    """Decides about lines one by one and writes what follows into the books.

    While `fault` says what went wrong, lines are kept and nothing posts. `waiting` are the lines
    that post later by themselves.
    """

    def __init__(self, books: Books, programmes: Sequence[Programme]) -> None:
        self._books = books
        self._late = LateFacts(books)
        self._programmes = programmes
        self.waiting = Waiting(books, self.post)
        self.fault = ""

    def post(self, filed: Filed) -> Verdict:
        """Decide about a line whose turn it is, and keep it.

        A line that makes our own code fail is held for people, so that the next ones go on.
        """
        if filed.is_kept:
            self._books.holds.end_reservation(filed)
        if self.fault:
            return self.set_aside(filed, HELD, "fault", self.fault)
        try:
            record = self._books.record(filed.line)
        except UnknownLine as error:
            return self.set_aside(filed, HELD, UNKNOWN_KIND, str(error))
        except WireError as error:
            return self.set_aside(filed, REJECTED, "malformed", str(error))
        chain = filed.chain
        stated = Position(event_ms(record), chain.device.name, chain.epoch, filed.seq)
        if record.kind in HUB_KINDS:
            if stated.device != HUB_DEVICE:
                detail = f"{record.kind} is the hub's to say"
                return self.set_aside(filed, REJECTED, "hub_only", detail)
            if record.kind not in VALUE_KINDS:
                return self._post_decision(record, stated, filed)
        elif is_hubs(record.op):
            return self.set_aside(filed, REJECTED, "hub_only", f"{record.op} is the hub's to say")
        position = self._books.closes.position(chain.device.store, stated)
        known = self._look_up(record, stated, position, filed.received_ms)
        outcome = self._decide(record, position, known, filed)
        if outcome.status == EARLIER and known.first is not None:
            return self._post_instead(record, position, known, known.first, filed)
        return self._enter(record, position, outcome, known, filed)

    def post_early(self, filed: Filed) -> Verdict:
        """Post a held line before its turn if it earns; what spends goes on waiting."""
        try:
            record = self._books.record(filed.line)
        except WireError:
            return _WAITS  # it is judged in its turn
        if isinstance(record, Redemption):
            self.reserve(filed)  # its member may be known by now
        if isinstance(record, (Redemption, LeaseSpend)):
            return _WAITS
        return self.post(filed)

    def reserve(self, filed: Filed) -> None:
        """Set aside what a line spends that has to wait for those before it: once.

        The points of a lease are set aside already.
        """
        try:
            record = self._books.record(filed.line)
        except WireError:
            return  # it is judged in its turn
        if self.fault or not isinstance(record, Redemption):
            return
        card = self._books.cards.find(record.card) if record.card else None
        member = self._books.members.find(whose(record, card))
        if member is not None:
            self._books.holds.reserve(filed, record, member)

    def set_aside(self, filed: Filed, status: str, code: str, detail: str) -> Verdict:
        """Keep a line that does not post, and open a case for it."""
        verdict = Verdict(status, code)
        self._books.inbox.keep(filed, verdict)
        case = Case(code, filed.name, detail[:DETAIL_MAX_CHARS])
        self._books.open_case(case, filed.id, filed.received_ms)
        return verdict

    def _look_up(self, record: Record, stated: Position, position: Position, now_ms: int) -> Known:
        books = self._books
        card = books.cards.find(record.card) if record.card else None
        token = whose(record, card)
        member = books.members.find(token) if token else None
        first = tail = None
        reserved_points = 0
        if record.kind in VALUE_KINDS:
            first = self._first(record.op)
            if first is None:
                tail = self._late.tail(member, position)
            # A late fact takes points too, if it makes an earlier one smaller.
            takes = not isinstance(record, Sale) or first is not None or tail is not None
            if member is not None and takes:
                auth = record.auth if isinstance(record, Redemption) else ""
                reserved_points = books.holds.granted_points(member, now_ms, auth)
        state = None if member is None else member.state
        counters = NOTHING_KNOWN if card is None else look_up(books, record, card)
        return Known(now_ms, stated, card, token, state, first, counters, reserved_points, tail)

    def _first(self, op: str) -> First | None:
        posted = self._books.inbox.posted_with_op(op) if op else None
        if posted is None:
            return None
        record = from_line(posted.line)
        stated = posted.position._replace(event_ms=event_ms(record))
        return First(record, self._books.members.token(posted.member), stated, posted)

    def _decide(self, record: Record, position: Position, known: Known, filed: Filed) -> Outcome:
        try:
            return reconcile(record, position, known, self._programmes)
        # One line must not stop the bridge, whatever is wrong with our rules.
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"[:DETAIL_MAX_CHARS]
            return Outcome(HELD, "fault", cases=(Case("fault", filed.name, detail),))

    def _post_instead(
        self, record: Record, position: Position, known: Known, first: First, filed: Filed
    ) -> Verdict:
        """Post a line in the place of `first`, which is later and has the same op."""
        known = self._late.without_first(known, first, position)
        outcome = self._decide(record, position, known, filed)
        if outcome.status == POSTED:
            self._late.judge_others(record, known.member, filed)
        return self._enter(record, position, outcome, known, filed)

    def _post_decision(self, record: Record, stated: Position, filed: Filed) -> Verdict:
        """Post what the hub itself has decided, apart from what moves points."""
        verdict = Verdict(POSTED, "", record.kind, "", None, stated.event_ms)
        self._books.inbox.keep(filed, verdict)
        if isinstance(record, (CardStopped, CardAllowed)):
            self._stop_or_allow(record, filed.received_ms)
        if isinstance(record, StoreDayClosed):
            self._books.closes.add(record.store, record.opens_ms, filed.id)
            self._late.shift(record, filed, self._programmes)
        return verdict

    def _stop_or_allow(self, record: CardStopped | CardAllowed, now_ms: int) -> None:
        if isinstance(record, CardStopped):
            uid, reason, status = record.stopped, record.reason, "blocked"
        else:
            uid, reason, status = record.allowed, ALLOWED, "issued"
        self._books.hotlist.add(uid, reason, now_ms)
        card = self._books.cards.find(uid)
        if card is not None:
            self._books.cards.set(card._replace(status=status))

    def _enter(
        self, record: Record, position: Position, outcome: Outcome, known: Known, filed: Filed
    ) -> Verdict:
        books, token = self._books, known.member
        if outcome.difference is None and outcome.state is not None:
            member: MemberRow | None = books.members.add_fact(token, outcome.state)
        else:
            member = books.members.find(token) if token else None
        verdict = Verdict(
            outcome.status,
            outcome.code,
            record.kind,
            record.op if record.kind in VALUE_KINDS else "",
            None if member is None else member.id,
            position.event_ms,
        )
        books.inbox.keep(filed, verdict)
        if outcome.difference is not None or outcome.lost is not None:
            self._book_differences(record, outcome, known, filed)
        if outcome.card is not None and known.card is not None:
            books.cards.set(outcome.card)
        elif outcome.card is not None:
            assert member is not None
            books.cards.add(outcome.card, member.id)
        is_seen = outcome.status != HELD or outcome.code == OP_CONFLICT
        if is_seen and record.card and wrote(record):
            write = (record.card, record.ctr_used, record.op)
            books.cards.add_write(*write, stated_ms(record))
        for case in outcome.cases:
            books.open_case(case, filed.id, filed.received_ms)
        if member is not None and outcome.effects:
            self._move(record, position, outcome, member, filed)
        if member is not None and outcome.status == POSTED:
            if isinstance(record, Redemption):
                self._capture(record, member, filed)
            elif isinstance(record, LeaseDeed):
                books.leases.follow(record, member.state)
        if outcome.status == POSTED and isinstance(record, TouchUnknown):
            self._release(record, filed)
        if links(record, known, outcome):
            self.waiting.post_linked(record.card, filed.received_ms)
        return verdict

    def _book_differences(
        self, record: Record, outcome: Outcome, known: Known, filed: Filed
    ) -> None:
        """Book what a line that is kept changes about facts that posted before it."""
        members = self._books.members.find
        if outcome.lost is not None and known.loser is not None:
            loser = members(known.loser.member)
            assert loser is not None
            self._late.book(loser, known.loser.tail, outcome.lost, filed, record.op)
        if outcome.difference is not None:
            member = members(known.member)
            assert member is not None
            assert known.tail is not None
            self._late.book(member, known.tail, outcome.difference, filed, record.op)
        for difference in (outcome.lost, outcome.difference):
            if difference is not None:
                self._late.close_covered(difference, filed.received_ms)

    def _move(
        self,
        record: Record,
        position: Position,
        outcome: Outcome,
        member: MemberRow,
        filed: Filed,
    ) -> None:
        self._books.postings.apply_lots(filed.id, record.op, member, outcome.effects)
        at = (position.event_ms, filed.received_ms, outcome.rules, member.state.version)
        for effect in outcome.effects:
            leg = leg_of(effect)
            if leg is not None and leg.points:
                between = ends(self._books, member, leg, record.store)
                amount = (POINT, *between, abs(leg.points), member.id)
                self._books.postings.transfer(Transfer(filed.id, leg.name, *amount, *at))

    def _capture(self, redemption: Redemption, member: MemberRow, filed: Filed) -> None:
        """Resolve the hold that this redemption uses up; it has happened, whatever that says."""
        holds = self._books.holds
        if not redemption.auth:
            return
        hold = holds.find(redemption.auth)
        place = (member.id, filed.chain.device.id)
        if hold is None or (hold.member, hold.device) != place:
            detail = f"{redemption.op} names a grant that {member.token} never got there"
        elif not holds.resolve(hold.auth, "captured"):
            detail = f"{redemption.op} names a grant that was {hold.status} before"
        else:
            return
        case = Case("unknown_grant", redemption.auth, detail)
        self._books.open_case(case, filed.id, filed.received_ms)

    def _release(self, unknown: TouchUnknown, filed: Filed) -> None:
        """Free the points of a redemption that its device began and then never stated.

        The operation of a redemption names its grant, and a grant is spent by its own device only.
        """
        for auth in unknown.intended.split(":"):
            hold = self._books.holds.find(auth)
            if hold is not None and hold.device == filed.chain.device.id:
                self._books.holds.resolve(auth, "released")

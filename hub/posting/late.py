"""Facts that come late: what is looked up for them, and how what they change is booked.

Entries stay as they are. What moves another amount now is made good by further transfers, linked
by the late line that booked them and by the operation they adjust.
"""

from collections.abc import Sequence

from hub.ledger.books import Books
from hub.ledger.rows import Filed, MemberRow, Transfer, is_to_keep
from hub.ledger.schema import POINT
from hub.posting.legs import ends
from hub.posting.reconcile import OP_CONFLICT, First, Known, Loser, again, difference_cases, lacking
from loyalty.differences import Move
from loyalty.hub_records import StoreDayClosed
from loyalty.legs import Leg
from loyalty.programme import Programme
from loyalty.record import Record
from loyalty.records import from_kept_line
from loyalty.refold import Difference, Tail, changed, refold
from loyalty.state import Fact, Position


def adjusting_leg(op: str, leg: str) -> str:
    """Return the name of a leg that makes good what leg `leg` of `op` moved."""
    return f"adjust:{op}:{leg}"


class LateFacts:
    """Looks up the facts around a late one, and books the differences that it makes."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def tail(self, member: MemberRow | None, position: Position) -> Tail | None:
        """Return the member's facts around `position`, or None if it comes after all of them."""
        if member is None or member.state.last is None or position > member.state.last:
            return None
        return self._books.histories.tail(member, position)

    def without_first(self, known: Known, first: First, position: Position) -> Known:
        """Return what is known for a line at `position` that `first` has to make way for."""
        known = known._replace(first=None)
        holder = self._books.members.find(first.member) if first.member else None
        there = first.posted.position
        if holder is not None and holder.token == known.member:
            tail = self._books.histories.tail(holder, min(there, position))
            return known._replace(tail=tail, instead_of=there)
        member = self._books.members.find(known.member) if known.member else None
        if member is not None:
            # Even if it comes after all others: the member may have had this op before.
            known = known._replace(tail=self._books.histories.tail(member, position))
        if holder is None:
            return known
        tail = self._books.histories.tail(holder, there)
        reserved_points = self._books.holds.granted_points(holder, known.now_ms)
        loser = Loser(holder.token, there, holder.state, reserved_points, tail)
        return known._replace(loser=loser)

    def judge_others(self, record: Record, token: str, filed: Filed) -> None:
        """Judge the other lines of an op again: `record`, in line `filed`, counts from now on."""
        inbox = self._books.inbox
        for line_id, line, member in inbox.all_with_op(record.op, OP_CONFLICT):
            verdict = again(from_kept_line(line), self._books.members.token(member), record, token)
            inbox.judge_again(line_id, verdict.status, verdict.code)
            for case in verdict.cases:
                self._books.open_case(case, line_id, filed.received_ms)

    def book(
        self, member: MemberRow, tail: Tail, difference: Difference, filed: Filed, op: str
    ) -> None:
        """Book how `difference` differs from `tail`, on behalf of line `filed` of `op`.

        A leg of that `op` that moved nothing before is its own and adjusts none.
        """
        version = max(member.state.version, difference.state.version)
        for it in difference.moves:
            is_own = it.op == op and (it.op, it.leg, it.store) in difference.fresh
            leg = it.leg if is_own else adjusting_leg(it.op, it.leg)
            self._move(member, it, leg, version, filed)
        histories = self._books.histories
        histories.correct_lots(member, difference.lots)
        histories.correct_uses(filed.id, member, difference.uses)
        histories.keep_instead(member, tail.before, difference.passed)
        self._books.members.set(member.token, difference.state)

    def close_covered(self, difference: Difference, now_ms: int) -> None:
        """Close the cases of what was lacking before `difference`.

        That writes what has gathered: all that was booked has to be among it.
        """
        for covered in difference.covered:
            settled = lacking(covered)
            self._books.close_case(settled.code, settled.subject, now_ms)

    def shift(self, close: StoreDayClosed, filed: Filed, programmes: Sequence[Programme]) -> None:
        """Fold again what posted before its turn and was not seen by the close of its day.

        Raises:
            FoldDiffers: nobody knows what to adjust; nothing may be written.
        """
        books = self._books
        ends = {(it.device, it.epoch): it.seq for it in close.ends}
        since_ms = books.closes.opened_before(close.store, close.opens_ms)
        unseen = books.inbox.unseen(close.store, since_ms, close.opens_ms, ends)
        places = {it.position: books.closes.position(close.store, it.position) for it, _ in unseen}
        moved = [it for it, is_fact in unseen if is_fact and it.member is not None]
        for token in sorted({books.members.token(it.member) for it in moved}):
            member = books.members.find(token)
            assert member is not None
            theirs = [it for it in moved if it.member == member.id]
            facts = [Fact(places[it.position], from_kept_line(it.line)) for it in theirs]
            tail = books.histories.tail(member, min(it.position for it in theirs))
            after = changed(tail, add=facts, drop={it.position for it in theirs})
            difference = refold(tail, after, member.state, programmes, keeps=is_to_keep)
            self.book(member, tail, difference, filed, "")
            self.close_covered(difference, filed.received_ms)
            for case in difference_cases(difference):
                books.open_case(case, filed.id, filed.received_ms)
        for line, _ in unseen:
            books.inbox.move(line.id, places[line.position].event_ms)

    def _move(self, member: MemberRow, move: Move, leg: str, version: int, filed: Filed) -> None:
        moved = Leg(move.leg, move.points, move.card)
        between = ends(self._books, member, moved, move.store)
        amount = (POINT, *between, abs(move.points), member.id)
        at = (move.event_ms, filed.received_ms, move.rules, version)
        self._books.postings.transfer(Transfer(filed.id, leg, *amount, *at))

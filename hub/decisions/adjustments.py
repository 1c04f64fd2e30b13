"""Points by hand: one person proposes, another agrees, and then the hub states it (L28)."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from hub.errors import HubError, NotFound
from hub.ledger.books import Books
from hub.ledger.day_end import stores
from hub.ledger.ledger import Ledger, insistently
from hub.ledger.proposals import Proposal, decide, propose, standing
from hub.ledger.queries import line_with_op
from hub.ledger.schema import HUB_DEVICE
from hub.posting import own_chain
from hub.posting.custody import Custody
from hub.posting.hub_ops import adjustment
from hub.posting.poster import Poster
from loyalty.hub_records import PointsAdjusted
from loyalty.programme import Programme, in_force
from loyalty.programme_table import is_id
from loyalty.records import sale_key

KIND = "adjust"
RETRO_CREDIT = "retro_credit"
REASONS = ("goodwill", RETRO_CREDIT, "wrong_amount", "wrong_member", "fraud")


class Terms(NamedTuple):
    """What is to be done: `points`, and the receipt of `store` that they make good, if any."""

    points: int
    receipt: str
    store: str = ""


def terms_of(proposal: Proposal) -> Terms:
    """Return what `proposal` wants."""
    return Terms(*json.loads(proposal.terms))


class Adjustments:
    """Proposes and decides, with a connection of its own."""

    def __init__(self, ledger: Ledger, programmes: Sequence[Programme]) -> None:
        self._ledger = ledger
        self._programmes = programmes

    def propose(self, proposal: Proposal) -> None:
        """Keep a proposal about the member who is its subject.

        Raises:
            HubError: the programme does not allow it, the ledger knows no such member, or the
                receipt earned, or was made good, before.
        """
        self._check(proposal)
        with self._ledger.transaction() as database:
            propose(database, proposal)

    def decide(self, number: str, checker: str, now_ms: int, *, agrees: bool) -> Proposal:
        """Return the proposal as `checker` has decided; one that is agreed to counts at once.

        Raises:
            HubError: `checker` made it, it was decided before, or it is not allowed any more.
        """
        return insistently(lambda: self._decide(number, checker, now_ms, agrees=agrees))

    def _decide(self, number: str, checker: str, now_ms: int, *, agrees: bool) -> Proposal:
        with self._ledger.transaction() as database:
            books = Books(self._ledger)
            books.hub_device()  # locked before any member, as whoever states something does
            decided = decide(database, number, KIND, checker, now_ms, agrees=agrees)
            if agrees:
                self._check(decided)
                self._state(books, decided, now_ms)
        return decided

    def _state(self, books: Books, proposal: Proposal, now_ms: int) -> None:
        terms = terms_of(proposal)
        programme = in_force(self._programmes, now_ms)
        stamp = own_chain.stamp(now_ms, store=terms.store or HUB_DEVICE, staff=proposal.maker)
        stamp |= {"member": proposal.subject, "op": adjustment(proposal.id)}
        adjusted = PointsAdjusted(
            **{**stamp, "rules": programme.version},
            points=terms.points,
            reason=proposal.reason,
            receipt=terms.receipt,
            proposal=proposal.id,
            checker=proposal.checker,
        )
        custody = Custody(books, Poster(books, self._programmes))
        own_chain.state(adjusted, books, custody, self._ledger.incarnation, now_ms)
        books.flush()

    def _check(self, proposal: Proposal) -> None:
        points, receipt, store = terms_of(proposal)
        terms = in_force(self._programmes, proposal.decided_ms or proposal.made_ms).adjustments
        if terms.most_points == 0:
            raise HubError("the programme lets nobody give points by hand, [adjustments] wanted")
        if points == 0 or abs(points) > terms.most_points:
            raise HubError(f"{points} points, 1 to {terms.most_points} either way wanted")
        if proposal.reason not in REASONS:
            raise HubError(f"reason {proposal.reason[:40]!r}, one of {', '.join(REASONS)} wanted")
        if Books(self._ledger).members.find(proposal.subject) is None:
            raise NotFound(f"no member {proposal.subject[:40]!r} in {self._ledger.place}")
        is_retro = proposal.reason == RETRO_CREDIT
        if (bool(receipt), bool(store)) != (is_retro, is_retro):
            wanted = "both" if is_retro else "neither"
            told = f"receipt {receipt[:40]!r} of store {store[:40]!r}"
            raise HubError(f"{told}, {wanted} wanted with {proposal.reason}")
        if is_retro:
            self._check_receipt(proposal, store, receipt, allowed=terms.retro_credit)

    def _check_receipt(
        self, proposal: Proposal, store: str, receipt: str, *, allowed: bool
    ) -> None:
        if not is_id(receipt):
            raise HubError(f"receipt {receipt[:40]!r}, 1 to 64 of A-Z a-z 0-9 _ - . : / + = wanted")
        if not allowed:
            raise HubError("the programme gives no points for receipts of the past")
        there = stores(self._ledger)
        if store not in there:
            raise NotFound(f"no store {store[:40]!r}, one of {', '.join(there) or 'none'} wanted")
        line = line_with_op(self._ledger, sale_key(store, receipt))
        if line:
            wanted = "one that no terminal stated wanted"
            raise HubError(f"receipt {receipt} of store {store!r} is here as {line}, {wanted}")
        for it in standing(self._ledger.connection, KIND, RETRO_CREDIT):
            of_it = terms_of(it)
            is_same = of_it.receipt == receipt and of_it.store in ("", store)
            if it.id != proposal.id and is_same:
                raise HubError(f"receipt {receipt} is made good by {it.id}, another one wanted")

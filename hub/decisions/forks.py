"""What two people decide about a forked chain: which of its branches count.

The branch that came first goes on posting where it stopped. The lines of another are taken under
an epoch of their own (`adopted_epoch`), so that a place keeps naming one line for ever; they post
as any lines that come late, and an operation that both branches state counts once. The forked
epoch itself is over: what comes in it later waits for people again.
"""

from collections.abc import Mapping, Sequence

from hub.errors import HubError
from hub.ledger.books import Books
from hub.ledger.branches import (
    FORK,
    Branch,
    BranchLine,
    ForkedChain,
    adopted_epoch,
    branches,
    forked_chain,
)
from hub.ledger.database import Database
from hub.ledger.ledger import Ledger, insistently
from hub.ledger.proposals import Proposal, decide, propose
from hub.posting import own_chain
from hub.posting.custody import Batch, Custody
from hub.posting.poster import Poster
from loyalty.hub_records import FORK_BRANCHES_MAX, AdoptedBranch, ForkAdopted
from loyalty.programme import Programme

KIND = "fork"  # of the proposals
ADOPTED_LINES_MAX = 20_000  # of a branch by one proposal; a journal holds no more unsettled ones


def propose_adoption(
    ledger: Ledger, device: str, epoch: str, names: Sequence[str], proposal: Proposal
) -> Proposal:
    """Keep the proposal that the branches `names` count, as far as they are here now.

    Of `proposal`, what it is about is filled in here.

    Raises:
        HubError: a branch cannot be adopted, or there is none of that name.
    """
    with ledger.transaction() as database:
        chain = forked_chain(database, device, epoch)
        chosen = [AdoptedBranch(it.name, upto) for it, upto in _wanted(database, chain, names)]
        terms = " ".join(f"{it.branch}:{it.upto_seq}" for it in chosen)
        whole = proposal._replace(kind=KIND, subject=chain.name, terms=terms, reason=FORK)
        propose(database, whole)
    return whole


def refuse_adoption(ledger: Ledger, number: str, checker: str, now_ms: int) -> None:
    """Have `checker` say no to proposal `number`.

    Raises:
        HubError: it is not theirs to decide, or was decided before.
    """
    with ledger.transaction() as database:
        decide(database, number, KIND, checker, now_ms, agrees=False)


def agree_to_adoption(
    ledger: Ledger, programmes: Sequence[Programme], number: str, checker: str, now_ms: int
) -> int:
    """Have `checker` say yes to proposal `number`, and its lines post; return how many lines.

    The connection has to be its own: a hub that runs learns from that to look again.

    Raises:
        HubError: it is not theirs to decide, or was decided before.
    """
    return insistently(lambda: _adopt(ledger, programmes, number, checker, now_ms))


def _adopt(
    ledger: Ledger, programmes: Sequence[Programme], number: str, checker: str, now_ms: int
) -> int:
    with ledger.transaction() as database:
        proposal = decide(database, number, KIND, checker, now_ms, agrees=True)
        device, _, epoch = proposal.subject.partition(":")
        chain = forked_chain(database, device, epoch)
        adoption = _Adoption(ledger, programmes, chain, now_ms)
        chosen = tuple([_term(it) for it in proposal.terms.split(" ")])
        there = {it.name: it for it in branches(database, chain)}
        adoption.state(chosen, proposal)  # locks the hub's own chain, as others do before any card
        lines = sum(adoption.take(_named(it.branch, there), it.upto_seq) for it in chosen)
        adoption.finish()
    return lines


class _Adoption:
    """One adoption, within its transaction."""

    def __init__(
        self, ledger: Ledger, programmes: Sequence[Programme], chain: ForkedChain, now_ms: int
    ) -> None:
        self._ledger = ledger
        self._books = Books(ledger)
        self._poster = Poster(self._books, programmes)
        self._custody = Custody(self._books, self._poster)
        self._chain = chain
        self._now_ms = now_ms
        device = self._books.device(chain.device)  # locked: whoever posts its lines waits
        assert device is not None
        self._device = device

    def state(self, chosen: tuple[AdoptedBranch, ...], proposal: Proposal) -> None:
        """State the decision in the hub's own chain."""
        adopted = ForkAdopted(
            **own_chain.stamp(self._now_ms, staff=proposal.maker),
            device=self._chain.device,
            epoch=self._chain.epoch,
            branches=chosen,
            proposal=proposal.id,
            checker=proposal.checker,
        )
        where = (self._books, self._custody, self._ledger.incarnation)
        own_chain.state(adopted, *where, self._now_ms)

    def take(self, branch: Branch, upto_seq: int) -> int:
        """Have the lines of `branch` up to `upto_seq` post that wait; return how many did wait."""
        lines = [it for it in branch.waiting if it.seq <= upto_seq]
        if branch.came_first:
            self._go_on(lines, upto_seq)
        else:
            self._take_beside(branch, lines)
        return len(lines)

    def finish(self) -> None:
        """Close the case, and write what has gathered."""
        self._books.close_case(FORK, self._chain.name, self._now_ms)
        self._books.flush()

    def _go_on(self, lines: Sequence[BranchLine], upto_seq: int) -> None:
        inbox = self._books.inbox
        row = inbox.chain(self._device, self._chain.epoch)
        # What is adopted is no part of the fork any more; lines of it that wait for something else
        # post when that comes, or now if it came in the meantime.
        row.fork_seq = upto_seq + 1
        inbox.set_chain(row)
        for it in lines:
            found = inbox.line_at(row, it.seq)
            assert found is not None
            self._poster.post(found[0]._replace(received_ms=self._now_ms))

    def _take_beside(self, branch: Branch, lines: Sequence[BranchLine]) -> None:
        beside = self._books.inbox.chain(
            self._device, adopted_epoch(self._chain.epoch, branch.name)
        )
        batch = Batch(beside, beside.seq + 1, beside.head, [it.line for it in lines])
        self._custody.take(batch, self._now_ms)


def _wanted(
    database: Database, chain: ForkedChain, names: Sequence[str]
) -> list[tuple[Branch, int]]:
    """Return the branches called `names`, and the last line of each that would be adopted."""
    if not 1 <= len(names) <= FORK_BRANCHES_MAX or len(set(names)) != len(names):
        raise HubError(f"{len(names)} branches, 1 to {FORK_BRANCHES_MAX} different ones wanted")
    there = {it.name: it for it in branches(database, chain)}
    found = []
    for name in names:
        branch = _named(name, there)
        first = branch.lines[0].seq
        if not branch.is_rooted:
            raise HubError(f"branch {name} begins at line {first}: the one before it is not here")
        if not branch.waiting:
            raise HubError(f"branch {name} has no line that waits for people")
        found.append((branch, branch.waiting[:ADOPTED_LINES_MAX][-1].seq))
    return found


def _named(name: str, there: Mapping[str, Branch]) -> Branch:
    if name not in there:
        raise HubError(f"no branch {name!r}, one of {', '.join(there)} wanted")
    return there[name]


def _term(text: str) -> AdoptedBranch:
    branch, _, upto_seq = text.partition(":")
    return AdoptedBranch(branch, int(upto_seq))

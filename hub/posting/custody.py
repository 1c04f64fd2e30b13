"""Where the lines of a batch go: behind those that are here, beyond a gap, or into a fork.

A head vouches for every line before it, so one comparison settles a whole overlap.
"""

from collections.abc import Iterator
from typing import NamedTuple

from hub.ledger.books import Books
from hub.ledger.branches import FORK
from hub.ledger.rows import Case, ChainRow, Filed, Verdict
from hub.posting.poster import GAP, Poster
from hub.posting.reconcile import HELD, POSTED
from loyalty.chain import head_after, heads_after
from loyalty.receipts import LineStatus

HAND_OVER_EVERY = 25  # lines, about a millisecond of posting
GAP_PATIENCE_MS = 15 * 60_000  # how long a gap keeps what follows from posting


class Batch(NamedTuple):
    """Lines of one chain as they were sent, oldest first, and the head before them."""

    chain: ChainRow
    first: int
    prev: bytes
    lines: list[bytes]


class Custody:
    """Takes lines into the inbox and has those post whose turn it is."""

    def __init__(self, books: Books, poster: Poster) -> None:
        self._books = books
        self._poster = poster

    def take(self, batch: Batch, now_ms: int) -> tuple[LineStatus, ...]:
        """Keep every line of `batch`; return those that are not simply posted."""
        chain = batch.chain
        arrived = list(_arrived(self._books, batch, now_ms))
        here = min(chain.seq + 1 - batch.first, len(arrived))
        if here < 0 or chain.kept_seq > chain.seq or not self._continues(batch, arrived, here):
            return self._take_apart(batch, arrived)
        exceptions = self._books.inbox.exceptions(chain, batch.first, batch.first + here - 1)
        for count, filed in enumerate(arrived[here:], 1):
            exceptions += self._post_next(filed)
            if count % HAND_OVER_EVERY == 0:
                self._books.hand_over()
        self._books.inbox.set_chain(chain)
        return tuple(exceptions)

    def missing(self, chain: ChainRow) -> tuple[int, int]:
        """Return the first and the last line of the first gap of `chain`; zeros if it has none."""
        if chain.kept_seq <= chain.seq or self._is_cut(chain):
            return 0, 0
        return chain.seq + 1, self._books.inbox.kept_after(chain, chain.seq) - 1

    def stop(self, chain: ChainRow, seq: int) -> None:
        """Have nothing of `chain` from line `seq` on post before people decide what counts.

        Nobody can tell when they do, so nothing stays set aside for what waits beyond a gap of it.
        """
        chain.fork_seq = seq
        for it in self._books.inbox.held_beyond_gap(chain, GAP):
            self._books.holds.end_reservation(it)

    def post_beyond_old_gaps(self, now_ms: int) -> int:
        """Post what earns beyond gaps that nobody filled in time; return how many lines did.

        What takes value out stays held, and its points set aside, until its turn comes: with the
        lines that are missing, or once people have declared those lost.
        """
        posted = 0
        lost = self._books.inbox.lost_epochs()
        for chain in self._chains_with_gap_since(now_ms - GAP_PATIENCE_MS):
            lost_from = lost.get((chain.device.name, chain.epoch), chain.kept_seq)
            is_lost = lost_from <= chain.seq + 1
            post = self._poster.post if is_lost else self._poster.post_early
            for filed in self._books.inbox.held_beyond_gap(chain, GAP):
                verdict = post(filed._replace(received_ms=now_ms))
                posted += verdict.status == POSTED
        return posted

    def _chains_with_gap_since(self, before_ms: int) -> Iterator[ChainRow]:
        for name, epoch in self._books.inbox.chains_with_gap_since(before_ms):
            device = self._books.device(name)
            assert device is not None
            chain = self._books.inbox.chain(device, epoch)
            if chain.fork_seq is None:  # the device is locked only now
                yield chain

    def _continues(self, batch: Batch, arrived: list[Filed], here: int) -> bool:
        """Return whether `batch`, `here` lines of which are known, is the chain that is here."""
        if here == 0:
            return batch.prev == batch.chain.head
        last = arrived[here - 1]
        return last.head == self._books.inbox.head_at(batch.chain, last.seq)

    def _post_next(self, filed: Filed) -> list[LineStatus]:
        chain = filed.chain
        chain.seq, chain.head = filed.seq, filed.head
        chain.kept_seq = max(chain.kept_seq, filed.seq)
        if chain.fork_seq is not None and filed.seq >= chain.fork_seq:
            self._open_case(chain, filed.received_ms)
            return [self._keep(filed, FORK)]
        verdict = self._poster.post(filed)
        if verdict.status == POSTED:
            return []
        return [LineStatus(filed.seq, verdict.status, verdict.code)]

    def _keep(self, filed: Filed, code: str) -> LineStatus:
        self._books.inbox.keep(filed, Verdict(HELD, code))
        return LineStatus(filed.seq, HELD, code)

    def _take_apart(self, batch: Batch, arrived: list[Filed]) -> tuple[LineStatus, ...]:
        """Keep a batch line by line: parts of it are here, beyond a gap, or another chain's."""
        chain, prev = batch.chain, batch.prev
        is_cut = self._is_cut(chain)
        exceptions: list[LineStatus] = []
        for filed in arrived:
            there = self._books.inbox.head_at(chain, filed.seq)
            if there == filed.head:
                exceptions += self._books.inbox.exceptions(chain, filed.seq, filed.seq)
            elif is_cut or there is not None or self._is_of_fork(filed, prev):
                exceptions.append(self._keep_fork(filed))
            elif filed.seq == chain.seq + 1:
                exceptions += self._post_next(filed)
            else:
                exceptions.append(self._keep_beyond_gap(filed))
            prev = filed.head
        if arrived and not is_cut:
            self._drain(chain, arrived[0].received_ms)
        self._books.inbox.set_chain(chain)
        return tuple(exceptions)

    def _is_of_fork(self, filed: Filed, prev: bytes) -> bool:
        before = self._books.inbox.head_at(filed.chain, filed.seq - 1)
        if before is not None:
            return before != prev
        return self._books.inbox.is_fork(filed.chain, filed.seq - 1, prev)

    def _keep_fork(self, filed: Filed) -> LineStatus:
        if self._books.inbox.keep_fork(filed):
            self._mark_fork(filed)
        return LineStatus(filed.seq, HELD, FORK)

    def _mark_fork(self, filed: Filed) -> None:
        chain = filed.chain
        if chain.fork_seq is None:
            self.stop(chain, filed.seq)
        self._open_case(chain, filed.received_ms)

    def _open_case(self, chain: ChainRow, now_ms: int) -> None:
        """Have people look at a fork: again, if they had looked before these lines came."""
        came = "by hand" if chain.device.revoked else "in two versions"
        detail = f"lines came {came}; nothing from line {chain.fork_seq} on posts"
        self._books.open_case(
            Case(FORK, f"{chain.device.name}:{chain.epoch}", detail), None, now_ms
        )

    def _keep_beyond_gap(self, filed: Filed) -> LineStatus:
        chain = filed.chain
        chain.kept_seq = max(chain.kept_seq, filed.seq)
        if chain.gap_since_ms is None:
            chain.gap_since_ms = filed.received_ms
        status = self._keep(filed, GAP)
        if chain.fork_seq is None:
            self._poster.reserve(filed)
        return status

    def _drain(self, chain: ChainRow, now_ms: int) -> None:
        """Post what waited beyond a gap that is filled now."""
        while chain.kept_seq > chain.seq:
            waiting = self._books.inbox.line_at(chain, chain.seq + 1)
            if waiting is None:
                return
            filed, status, code = waiting
            if filed.head != head_after(chain.head, filed.line):
                self._cut(filed)
                return
            if (status, code) == (HELD, GAP):
                self._post_next(filed._replace(received_ms=now_ms))
            else:
                chain.seq, chain.head = filed.seq, filed.head
        chain.gap_since_ms = None

    def _cut(self, follower: Filed) -> None:
        """Make forks of what waited from `follower` on: it does not follow what filled the gap.

        What posted early keeps its place, and so nothing can follow in this chain any more.
        """
        chain, inbox = follower.chain, self._books.inbox
        if chain.fork_seq is not None:
            chain.fork_seq = min(chain.fork_seq, follower.seq)
        self._mark_fork(follower)
        inbox.move_to_fork(chain, follower.seq, GAP)
        chain.kept_seq = max(chain.seq, inbox.last_seq(chain))
        chain.gap_since_ms = None

    def _is_cut(self, chain: ChainRow) -> bool:
        """Return whether what stands next in `chain` is a line that does not follow."""
        if chain.kept_seq <= chain.seq:
            return False
        return self._books.inbox.head_at(chain, chain.seq + 1) is not None


def _arrived(books: Books, batch: Batch, now_ms: int) -> Iterator[Filed]:
    heads = heads_after(batch.prev, batch.lines)
    for seq, (head, line) in enumerate(zip(heads, batch.lines, strict=True), batch.first):
        yield Filed(books.inbox.take_line_id(), batch.chain, seq, head, line, now_ms)

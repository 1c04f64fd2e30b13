"""The branches of a forked chain: which versions of its lines there are, and what became of them.

A branch is a run of lines that nothing parts. The one that came first stands in the inbox, the
others beside it as forks; heads say which line follows which.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from hub.errors import NotFound
from hub.ledger.database import Database, Row
from loyalty.chain import ZERO_HEAD, head_after

FORK = "fork"  # the code of a line that waits for people
NAME_DIGITS = 16
EPOCH_MAX_CHARS = 64


class ForkedChain(NamedTuple):
    """A chain from whose line `fork_seq` on nothing posts by itself."""

    id: int
    store: str
    device: str
    epoch: str
    fork_seq: int

    @property
    def name(self) -> str:
        """What cases call it."""
        return f"{self.device}:{self.epoch}"


class BranchLine(NamedTuple):
    """A line of a branch; `waits` while nobody has adopted it."""

    seq: int
    head: bytes
    line: bytes
    received_ms: int
    waits: bool


class Branch(NamedTuple):
    """Lines that follow each other; `came_first` says that those before them are its own chain's.

    Unless it `is_rooted`, the line before its first is not here, and it cannot be adopted yet.
    """

    lines: tuple[BranchLine, ...]
    came_first: bool
    is_rooted: bool

    @property
    def name(self) -> str:
        """What people call it: the beginning of the head after its first line."""
        return self.lines[0].head.hex()[:NAME_DIGITS]

    @property
    def waiting(self) -> list[BranchLine]:
        """The lines that nobody has adopted."""
        return [it for it in self.lines if it.waits]


def adopted_epoch(epoch: str, branch: str) -> str:
    """Return the epoch under which the lines of `branch` count once they are adopted.

    No device can say it: what it may call its epoch has no "+".
    """
    return f"{epoch[: EPOCH_MAX_CHARS - NAME_DIGITS - 1]}+{branch}"


def forked_chains(database: Database) -> list[ForkedChain]:
    """Return the chains that are forked, by store and device."""
    rows = database.execute(_CHAINS + " ORDER BY store, name, epoch").fetchall()
    return [ForkedChain(*row) for row in rows]


def forked_chain(database: Database, device: str, epoch: str) -> ForkedChain:
    """Return the forked chain of `device` in `epoch`.

    Raises:
        NotFound: there is none, or it is not forked.
    """
    row = database.execute(_CHAINS + " AND name = ? AND epoch = ?", (device, epoch)).fetchone()
    if row is None:
        raise NotFound(f"no forked chain of device {device[:40]!r} in epoch {epoch[:40]!r}")
    return ForkedChain(*row)


def branches(database: Database, chain: ForkedChain) -> list[Branch]:
    """Return the branches of `chain`, that which came first before the others."""
    found = []
    rows = database.execute(_FIRST, (chain.id, chain.fork_seq)).fetchall()
    # What is held for another reason may have been kept from posting by the fork since then.
    first = [_line(row, waits=row[4] == "held") for row in rows]
    if first:
        found.append(Branch(tuple(first), came_first=True, is_rooted=True))
    others = [_line(row, waits=True) for row in database.execute(_FORKS, (chain.id,))]
    known = {(0, ZERO_HEAD)} | set(database.execute(_HEADS, (chain.id, chain.id)).fetchall())
    for run, is_rooted in runs(others, known):
        branch = Branch(run, came_first=False, is_rooted=is_rooted)
        found.append(_as_adopted(database, chain, branch))
    return found


def runs(
    lines: Iterable[BranchLine], known: Iterable[tuple[int, bytes]]
) -> Iterator[tuple[tuple[BranchLine, ...], bool]]:
    """Yield the runs that `lines` make, and whether the line before each is here.

    `known` are numbers and heads of lines that are not among them.
    """
    ordered = sorted(lines, key=lambda it: (it.seq, it.received_ms, it.head))
    heads: dict[int, list[bytes]] = {}
    for seq, head in [*known, *[(it.seq, it.head) for it in ordered]]:
        heads.setdefault(seq, []).append(head)
    before = {it.head: _before(it, heads.get(it.seq - 1, ())) for it in ordered}
    following: Counter[bytes | None] = Counter(before.values())
    run_of: dict[bytes, list[BranchLine]] = {}
    found: list[list[BranchLine]] = []
    for it in ordered:
        run = _continued(before[it.head], run_of, following)
        if run is None:
            run = []
            found.append(run)
        run.append(it)
        run_of[it.head] = run
    for run in found:
        yield tuple(run), before[run[0].head] is not None


def _line(row: Row, *, waits: bool) -> BranchLine:
    seq, head, line, received_ms = row[:4]
    return BranchLine(seq, head, line, received_ms, waits)


def _before(line: BranchLine, heads: Iterable[bytes]) -> bytes | None:
    return next((it for it in heads if head_after(it, line.line) == line.head), None)


def _continued(
    before: bytes | None,
    run_of: Mapping[bytes, list[BranchLine]],
    following: Mapping[bytes | None, int],
) -> list[BranchLine] | None:
    """Return the run that goes on after `before`, unless it parts there."""
    if before is None or following[before] > 1:
        return None
    return run_of.get(before)


def _as_adopted(database: Database, chain: ForkedChain, branch: Branch) -> Branch:
    epoch = adopted_epoch(chain.epoch, branch.name)
    found = database.execute(_ADOPTED, (chain.device, epoch)).fetchone()
    count = 0 if found is None else int(found[0])
    lines = [it._replace(waits=place >= count) for place, it in enumerate(branch.lines)]
    return branch._replace(lines=tuple(lines))


_CHAINS = (
    "SELECT chain.id, store, name, epoch, fork_seq FROM chain"
    " JOIN device ON device.id = chain.device WHERE fork_seq IS NOT NULL"
)
_FIRST = (
    "SELECT inbox.seq, inbox.head, line, received_ms, status FROM inbox"
    " JOIN chain ON chain.id = inbox.chain"
    " WHERE chain.id = ? AND inbox.seq >= ? AND inbox.seq <= chain.seq ORDER BY inbox.seq"
)
_FORKS = "SELECT seq, head, line, received_ms FROM fork WHERE chain = ?"
# Only lines that a forked one may follow.
_HEADS = (
    "SELECT seq, head FROM inbox WHERE chain = ?"
    " AND seq IN (SELECT seq - 1 FROM fork WHERE chain = ?)"
)
_ADOPTED = (
    "SELECT chain.seq FROM chain JOIN device ON device.id = chain.device"
    " WHERE name = ? AND epoch = ?"
)

"""What a hub should make of what devices send, as plain dicts, for the programme of `hub_world`.

It knows nothing of batches, heads, transactions or arrival: a line is there or not, its turn comes
when all before it are there, and of all lines with one operation the earliest counts. A point for
each whole 1.00 of a sale, gold from 1000 points ever earned.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import NamedTuple

GOLD_POINTS = 1000


class Fact(NamedTuple):
    """What a line states: a kind, when, whose it is, what was paid or how many points spent."""

    kind: str
    minute: int = 0
    member: str = ""
    op: str = ""
    amount: int = 0

    def says_the_same_as(self, other: "Fact") -> bool:
        return self._replace(minute=0) == other._replace(minute=0)


@dataclass
class PlainChain:
    """What a device stated, which lines the hub has, and whose turn has come, by number."""

    facts: list[Fact] = field(default_factory=list)
    here: set[int] = field(default_factory=set)
    judged: set[int] = field(default_factory=set)
    forked: set[int] = field(default_factory=set)
    is_forked: bool = False

    @property
    def seq(self) -> int:
        """The last line up to which all are there."""
        seq = 0
        while seq + 1 in self.here:
            seq += 1
        return seq


class PlainHub:
    """The chains by device; all else follows from them."""

    def __init__(self, devices: tuple[str, ...]) -> None:
        self.chains = {it: PlainChain() for it in devices}

    def copy(self) -> "PlainHub":
        return deepcopy(self)

    def take(self, device: str, first: int, last: int) -> None:
        """Take lines `first` to `last` of `device`."""
        chain = self.chains[device]
        chain.here |= {*range(first, last + 1)}
        turns = {*range(1, chain.seq + 1)} - chain.judged - chain.forked
        (chain.forked if chain.is_forked else chain.judged).update(turns)

    def fork(self, device: str) -> None:
        """Take another version of some line that is here."""
        self.chains[device].is_forked = True

    def lose_patience(self) -> None:
        """Judge what earns beyond gaps that nobody filled."""
        for chain in self.chains.values():
            if not chain.is_forked:
                earning = {it for it in chain.here if chain.facts[it - 1].kind in ("sale", "visit")}
                chain.judged |= earning

    def statuses(self, device: str) -> dict[int, str]:
        """Return the status of each line of `device` that is here."""
        chain = self.chains[device]
        counting = self._counting()
        found = dict.fromkeys(chain.here, "held")
        for seq in chain.judged:
            fact = chain.facts[seq - 1]
            if not fact.op:
                found[seq] = "posted" if fact.kind == "visit" else "rejected"
            elif counting[fact.op][1:] == (device, seq, fact):
                found[seq] = "posted"
            elif fact.says_the_same_as(counting[fact.op][-1]):
                found[seq] = "duplicate"
        return found

    def has(self, member: str) -> tuple[int, str]:
        """Return balance, which a debt makes negative, and tier."""
        facts = [fact for *_, fact in self._counting().values() if fact.member == member]
        earned = sum(it.amount // 100 for it in facts if it.kind == "sale")
        spent = sum(it.amount for it in facts if it.kind == "redemption")
        return earned - spent, "gold" if earned >= GOLD_POINTS else "basic"

    def _counting(self) -> dict[str, tuple[int, str, int, Fact]]:
        """Return the line that counts, by operation, as minute, device, number and fact."""
        found: dict[str, tuple[int, str, int, Fact]] = {}
        for device, chain in self.chains.items():
            for seq in chain.judged:
                fact = chain.facts[seq - 1]
                if fact.op:
                    line = (fact.minute, device, seq, fact)
                    found[fact.op] = min(line, found.get(fact.op, line))
        return found

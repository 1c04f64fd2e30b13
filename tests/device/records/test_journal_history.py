"""Any history of a journal agrees with a plain list of lines, also across reopening."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from device.behaviour.intent import Intent
from device.records.journal import OUTCOMES_KEPT, Journal, JournalFull
from device.records.settlement import Mismatch, Reopened, Settled
from loyalty.chain import ZERO_HEAD, heads_after
from loyalty.clock import DAY_MS
from loyalty.lines import to_line
from loyalty.receipts import Receipt
from tests.campaign import size
from tests.device.records.check_ins import check_in

LINES_MAX = OUTCOMES_KEPT + 6


class JournalHistory(RuleBasedStateMachine):
    """The model: every line ever stored, how many are settled and pruned, the open intents."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.lines: list[bytes] = []
        self.settled = 0
        self.pruned = 0
        self.intents: list[str] = []
        self.incarnations: list[str] = []
        self.begun = 0
        self.boots = 0
        self.open()

    def open(self) -> None:
        self.boots += 1
        self.journal = Journal.open(
            Path(self.directory.name) / "journal.db",
            epoch_of_new=f"e{self.boots}",
            lines_max=LINES_MAX,
            retention_ms=DAY_MS,
        )

    def teardown(self) -> None:
        self.journal.close()
        self.directory.cleanup()

    def head(self, seq: int) -> str:
        return [ZERO_HEAD, *heads_after(ZERO_HEAD, self.lines)][seq].hex()

    def is_full(self) -> bool:
        taken = len(self.lines) - self.settled + len(self.intents)
        return taken >= LINES_MAX - OUTCOMES_KEPT

    @rule(day=st.integers(0, 9))
    def append(self, day: int) -> None:
        record = check_in(day * DAY_MS)
        was_full = self.is_full()
        try:
            seq = self.journal.append(record)
        except JournalFull:
            assert was_full
        else:
            assert not was_full
            self.lines.append(to_line(record))
            assert seq == len(self.lines)

    @rule()
    def begin(self) -> None:
        self.begun += 1
        op = f"op-{self.begun}"
        was_full = self.is_full()
        try:
            self.journal.begin(
                Intent(
                    op=op,
                    card="c",
                    member="m",
                    kind="check_in",
                    counter_before=0,
                    counter_after=1,
                    begun_ms=self.begun,
                )
            )
        except JournalFull:
            assert was_full
        else:
            assert not was_full
            self.intents.append(op)

    @precondition(lambda self: self.intents)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        op = data.draw(st.sampled_from(self.intents))
        record = check_in(0, op)

        self.journal.finish(op, record)

        self.intents.remove(op)
        self.lines.append(to_line(record))

    @rule(data=st.data(), is_true=st.booleans(), is_our_epoch=st.booleans())
    def settle(self, data: st.DataObject, is_true: bool, is_our_epoch: bool) -> None:
        seq = data.draw(st.integers(self.pruned, len(self.lines) + 1))
        incarnation = data.draw(st.sampled_from(["a", "b", "c"]))
        is_true = is_true and seq <= len(self.lines)
        receipt = Receipt(
            incarnation=incarnation,
            upto_seq=seq,
            head=self.head(seq) if is_true else "f" * 64,
            hub_ms=0,
            want_first=0,
            want_last=0,
            exceptions=(),
        )

        settlement = self.journal.settle(receipt, epoch="e1" if is_our_epoch else "e2")

        if not (is_true and is_our_epoch) or incarnation in self.incarnations[:-1]:
            assert isinstance(settlement, Mismatch)
        elif [incarnation] != self.incarnations[-1:]:
            self.incarnations.append(incarnation)
            assert isinstance(settlement, Reopened) == (seq < self.settled)
            self.settled = seq
        else:
            assert settlement == Settled(max(0, seq - self.settled))
            self.settled = max(self.settled, seq)

    @rule(day=st.integers(0, 20))
    def prune(self, day: int) -> None:
        forgotten = self.journal.prune(day * DAY_MS)

        self.pruned += forgotten
        assert self.pruned <= self.settled

    @rule()
    def reopen(self) -> None:
        self.journal.close()
        self.open()

    @invariant()
    def the_journal_is_the_model(self) -> None:
        journal = self.journal
        assert (journal.epoch, journal.boot) == ("e1", self.boots)
        assert (journal.last_seq, journal.settled_seq) == (len(self.lines), self.settled)
        kept = [(seq, self.lines[seq - 1]) for seq in range(self.pruned + 1, len(self.lines) + 1)]
        assert journal.pending(0, 1_000) == kept
        assert sorted(it.op for it in journal.open_intents()) == sorted(self.intents)
        for seq in range(self.pruned, len(self.lines) + 1):
            assert journal.head_at(seq).hex() == self.head(seq)
        assert [journal.incarnation] == (self.incarnations[-1:] or [""])


JournalHistory.TestCase.settings = settings(
    max_examples=size(60, 2_000), stateful_step_count=30, deadline=None
)
TestJournalHistory = pytest.mark.campaign(JournalHistory.TestCase)

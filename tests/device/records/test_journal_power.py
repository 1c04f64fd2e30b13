"""Power cuts: whatever part of a write reached the disk, what was told to be stored is there.

Between two checkpoints SQLite only appends to its write-ahead log, and a method of the journal
returns once the log is flushed. So a cut during the next write is the log cut at any byte beyond.
"""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.behaviour.intent import Intent
from device.records.journal import Journal
from loyalty.receipts import Receipt
from tests.device.records.check_ins import check_in

STEPS = ("append", "begin", "finish", "settle")


class Told(NamedTuple):
    """What a journal tells its caller."""

    epoch: str
    lines: list[tuple[int, bytes]]
    head: bytes
    settled_seq: int
    intents: list[str]


def told_by(journal: Journal) -> Told:
    return Told(
        journal.epoch,
        journal.pending(0, 1_000),
        journal.head_at(journal.last_seq),
        journal.settled_seq,
        [it.op for it in journal.open_intents()],
    )


def take(journal: Journal, step: str, number: int) -> None:
    intents = journal.open_intents()
    if step == "begin":
        journal.begin(
            Intent(
                op=f"op-{number}",
                card="c",
                member="m",
                kind="check_in",
                counter_before=0,
                counter_after=1,
                begun_ms=number,
            )
        )
    elif step == "finish" and intents:
        journal.finish(intents[0].op, check_in(op=intents[0].op))
    elif step == "settle":
        receipt = Receipt(
            incarnation="hub-1",
            upto_seq=journal.last_seq,
            head=journal.head_at(journal.last_seq).hex(),
            hub_ms=0,
            want_first=0,
            want_last=0,
            exceptions=(),
        )
        journal.settle(receipt, epoch="e1")
    else:
        journal.append(check_in())


@given(
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=12),
    cuts=st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
@settings(max_examples=40, deadline=None)
def test_a_power_cut_at_any_byte_loses_nothing_told_and_invents_nothing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], cuts: list[float]
) -> None:
    directory = tmp_path_factory.mktemp("power")
    path, log = directory / "journal.db", directory / "journal.db-wal"
    journal = Journal.open(path, epoch_of_new="e1")
    told = {log.stat().st_size: told_by(journal)}
    for number, step in enumerate(steps):
        take(journal, step, number)
        told[log.stat().st_size] = told_by(journal)
    written = log.read_bytes()
    base = path.read_bytes()
    journal.close()

    for cut in cuts:
        length = min(told) + int(cut * (len(written) - min(told)))
        after = directory / f"cut-{length}.db"
        after.write_bytes(base)
        after.with_name(after.name + "-wal").write_bytes(written[:length])
        reopened = Journal.open(after, epoch_of_new="e2")
        known = told_by(reopened)
        reopened.close()

        assert known == told[max(size for size in told if size <= length)]

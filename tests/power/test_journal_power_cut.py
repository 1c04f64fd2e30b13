"""A power cut at every write and every flush of the journal, on a disk that loses and tears."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from device.behaviour.intent import Intent
from device.records.journal import Journal
from loyalty.chain import ZERO_HEAD, heads_after
from loyalty.clock import DAY_MS
from loyalty.receipts import Receipt
from simulators.power_cut import images_after_cuts
from simulators.power_recorder import Recorder, lay_out
from tests.campaign import size
from tests.device.records.check_ins import check_in

SEEDS = range(size(4, 40))
STEPS = size(60, 300)
IMAGES_OF_EACH_CUT = size(2, 6)
CHECKPOINT_PAGES = 12  # a checkpoint every few lines


class Told(NamedTuple):
    """What a journal tells its caller."""

    epoch: str
    incarnation: str
    lines: list[tuple[int, bytes]]
    head: bytes
    settled_seq: int
    intents: list[Intent]


NOTHING = Told("", "", [], ZERO_HEAD, 0, [])


def told_by(journal: Journal) -> Told:
    return Told(
        journal.epoch,
        journal.incarnation,
        journal.pending(0, 10_000),
        journal.head_at(journal.last_seq),
        journal.settled_seq,
        journal.open_intents(),
    )


class History(NamedTuple):
    """What happened to the disk, and what the journal told after how much of it."""

    recorder: Recorder
    told: list[tuple[int, int, Told]]  # happenings so far, boot, what was told

    def before(self, position: int) -> tuple[int, Told]:
        """Return boot and what had been told when `position` things had happened."""
        *_, (_, boot, told) = [it for it in self.told if it[0] <= position]
        return boot, told

    def under_way(self, position: int) -> Told:
        """Return what was about to be told then."""
        return next((told for at, _, told in self.told if at > position), self.told[-1][2])


def record_history(folder: Path, seed: int, **pragmas: str | int) -> History:
    """Live through random steps of a journal on a recorded disk."""
    chance = random.Random(seed)
    recorder = Recorder(f"journal-{seed}", {"wal_autocheckpoint": CHECKPOINT_PAGES, **pragmas})
    history = History(recorder, [(0, 0, NOTHING)])
    journal = open_journal(folder, recorder.connect)
    note(history, journal)
    for number in range(STEPS):
        if chance.random() < 0.05:
            journal.close()
            journal = open_journal(folder, recorder.connect)
        else:
            chance.choice([append, append, append, begin, finish, settle, prune])(journal, number)
        note(history, journal)
    journal.close()
    recorder.close()
    return history


def open_journal(folder: Path, connect: Callable) -> Journal:
    return Journal.open(folder / "j.db", epoch_of_new="e1", retention_ms=DAY_MS, connect=connect)


def note(history: History, journal: Journal) -> None:
    history.told.append((len(history.recorder.happenings), journal.boot, told_by(journal)))


def append(journal: Journal, number: int) -> None:
    journal.append(check_in(number * DAY_MS))


def begin(journal: Journal, number: int) -> None:
    changes = {"counter_before": 0, "counter_after": 1, "begun_ms": number}
    journal.begin(Intent(op=f"op-{number}", card="c", member="m", kind="check_in", **changes))


def finish(journal: Journal, number: int) -> None:
    for intent in journal.open_intents()[:1]:
        journal.finish(intent.op, check_in(number * DAY_MS, intent.op))


def settle(journal: Journal, number: int) -> None:
    seq = journal.settled_seq + (journal.last_seq - journal.settled_seq + 1) // 2
    receipt = Receipt(
        incarnation=f"hub-{number // 20}",
        upto_seq=seq,
        head=journal.head_at(seq).hex(),
        hub_ms=0,
        want_first=0,
        want_last=0,
        exceptions=(),
    )
    journal.settle(receipt, epoch=journal.epoch)


def prune(journal: Journal, number: int) -> None:
    journal.prune((number - 10) * DAY_MS)


def harms(history: History, folder: Path, seed: int) -> Iterator[str]:
    """Yield what a journal forgot or invented after a cut, for each cut after which it did."""
    cuts = images_after_cuts(
        history.recorder.happenings, random.Random(seed), each=IMAGES_OF_EACH_CUT
    )
    for position, image in cuts:
        lay_out(image, folder)
        boot, told = history.before(position)
        journal = open_journal(folder, sqlite3.connect)
        found = told_by(journal)
        if journal.boot <= boot:
            yield f"cut {position}: boot {journal.boot} after {boot}"
        if found._replace(epoch=told.epoch) not in (told, history.under_way(position)):
            yield f"cut {position}: {found}, told before was {told}"
        append(journal, STEPS)
        last = told_by(journal)
        journal.close()
        heads = heads_after(found.head, [line for _, line in last.lines[len(found.lines) :]])
        if last.head != heads[-1]:
            yield f"cut {position}: the chain does not go on from {found.head.hex()}"


@pytest.mark.campaign
@pytest.mark.parametrize("seed", SEEDS)
def test_a_cut_anywhere_loses_nothing_told_and_invents_nothing(folder: Path, seed: int) -> None:
    history = record_history(folder, seed)

    found = list(harms(history, folder, seed))

    assert found == []


def test_the_cuts_see_a_journal_that_does_not_flush(folder: Path) -> None:
    history = record_history(folder, 0, synchronous="NORMAL")

    found = list(harms(history, folder, 0))

    assert found != []

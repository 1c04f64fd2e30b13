"""A power cut at every write and every flush of the hub's ledger: what was receipted is there."""

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from hub.ledger.digest import digest
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.verify import broken, verify
from hub.posting.intake import Arrival, Intake
from loyalty.asks import AskRedeem
from loyalty.programme import parse
from loyalty.receipts import Answer, Receipt, RedeemGranted
from simulators.power_cut import images_after_cuts
from simulators.power_recorder import Recorder, lay_out
from tests.campaign import size
from tests.hub.hub_world import (
    FACE_KEY,
    PROGRAMME,
    SECRET,
    START_MS,
    Till,
    check_in,
    opened,
    redemption,
    sale,
)

SEEDS = range(size(2, 16))
STEPS = size(10, 16)
IMAGES_OF_EACH_CUT = size(1, 2)
CHECKPOINT_PAGES = 40  # a checkpoint every few messages
DEVICES = ("h1", "h2")
MEMBERS = ("anna", "ben", "cleo")
RULES = [parse(PROGRAMME, source="tests")]


class Promise(NamedTuple):
    """What the hub told the device of `till` when so many things had happened to the disk."""

    position: int
    till: Till
    answer: Answer


class History(NamedTuple):
    """What arrived at a hub, in groups, what happened to its disk, and what it promised."""

    recorder: Recorder
    arrivals: list[list[Arrival]]
    tills: Sequence[Till]
    promises: list[Promise]
    digest: str


def record_history(folder: Path, seed: int, **pragmas: str | int) -> History:
    """Run a hub through messages that come late, twice and in any order, on a recorded disk."""
    chance = random.Random(seed)
    recorder = Recorder(f"ledger-{seed}", {"wal_autocheckpoint": CHECKPOINT_PAGES, **pragmas})
    tills = [Till(it) for it in DEVICES]
    arrivals = list(messages(tills, chance))
    promises = []
    with closing(open_hub(folder, recorder.connect)) as ledger:
        intake = intake_of(ledger, "before")
        for group in arrivals:
            for reply in intake.take(group):
                till = next(it for it in tills if f"/{it.name}/" in reply.topic)
                promises.append(Promise(len(recorder.happenings), till, opened(reply)))
        ends_with = digest(ledger)
    recorder.close()
    return History(recorder, arrivals, tills, promises, ends_with)


def messages(tills: Sequence[Till], chance: random.Random) -> Iterator[list[Arrival]]:
    late: list[Arrival] = []
    for number in range(STEPS):
        till = chance.choice(tills)
        sent = len(till.lines)
        till.add(*[record(f"op-{number}-{it}", chance) for it in range(chance.randint(1, 4))])
        group = [till.batch(sent + 1)]
        if chance.random() < 0.3:
            late, group = group, late
        if chance.random() < 0.3:
            group.append(till.batch(chance.randint(1, len(till.lines))))
        if chance.random() < 0.3:
            member = chance.choice(MEMBERS)
            ask = AskRedeem(
                ref=f"q-{number}", card=f"04{member}", member=member, ctr_seen=-1, offer="mug"
            )
            group.append(till.ask(ask))
        yield group
    yield [it.batch() for it in tills]


def record(op: str, chance: random.Random) -> object:
    member = chance.choice(MEMBERS)
    whose = {"card": f"04{member}", "member": member}
    return chance.choice(
        [
            sale(op, chance.randrange(20_000), **whose),
            sale(f"op-{chance.randrange(5)}-0", chance.randrange(20_000), **whose),
            redemption(op, **whose),
            check_in(**whose),
            b"rubbish",
        ]
    )


def open_hub(folder: Path, connect: Callable) -> Ledger:
    ledger = open_ledger(folder / "l.db", create=True, new_id=lambda: "hub", connect=connect)
    for name in DEVICES:
        ledger.add_device("s1", name, "k1", SECRET, f"password-of-{name}")
    return ledger


def intake_of(ledger: Ledger, boot: str) -> Intake:
    numbers = iter(range(1_000_000))
    return Intake(
        ledger,
        RULES,
        now_ms=lambda: START_MS,
        face_key=FACE_KEY,
        new_id=lambda: f"{boot}-{next(numbers)}",
    )


def harms(history: History, folder: Path, seed: int) -> Iterator[str]:
    """Yield what a hub forgot or invented after a cut, for each cut after which it did."""
    cuts = images_after_cuts(
        history.recorder.happenings, random.Random(seed), each=IMAGES_OF_EACH_CUT
    )
    for position, image in cuts:
        lay_out(image, folder)
        with closing(open_hub(folder, sqlite3.connect)) as ledger:
            found = [
                *broken_promises(history, ledger, position),
                *invented(history, ledger),
                *broken(verify(ledger, RULES, START_MS)),
            ]
            intake = intake_of(ledger, "after")
            for group in history.arrivals:
                intake.take(group)
            if digest(ledger) != history.digest:
                found.append("another digest in the end")
            found += broken(verify(ledger, RULES, START_MS))
        yield from (f"cut {position}: {it}" for it in found)


def broken_promises(history: History, ledger: Ledger, position: int) -> Iterator[str]:
    for promise in history.promises:
        if promise.position > position:
            break
        match promise.answer:
            case Receipt(upto_seq=upto_seq):
                place = (promise.till.name, promise.till.epoch)
                lines = ledger.connection.execute(LINES, (*place, upto_seq)).fetchall()
                if [line for (line,) in lines] != promise.till.lines[:upto_seq]:
                    yield f"{place} has {len(lines)} lines, a receipt said {upto_seq}"
            case RedeemGranted(auth=auth):
                if not ledger.connection.execute(HOLDS, (auth,)).fetchone():
                    yield f"grant {auth} is gone"


def invented(history: History, ledger: Ledger) -> Iterator[str]:
    for till in history.tills:
        lines = ledger.connection.execute(LINES, (till.name, till.epoch, len(till.lines)))
        if {line for (line,) in lines} - set(till.lines):
            yield f"{till.name} never said some of its lines"


LINES = """
SELECT line FROM inbox JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device
WHERE device.name = ? AND chain.epoch = ? AND inbox.seq <= ? ORDER BY inbox.seq
"""
HOLDS = "SELECT 1 FROM hold WHERE auth = ?"


@pytest.mark.campaign
@pytest.mark.parametrize("seed", SEEDS)
def test_a_cut_anywhere_loses_nothing_receipted_and_invents_nothing(
    folder: Path, seed: int
) -> None:
    history = record_history(folder, seed)

    found = list(harms(history, folder, seed))

    assert found == []


def test_the_cuts_see_a_ledger_that_does_not_flush(folder: Path) -> None:
    history = record_history(folder, 0, synchronous="NORMAL")

    found = list(harms(history, folder, 0))

    assert any("a receipt said" in it for it in found)

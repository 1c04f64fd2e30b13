"""Which chains a close names, and when a fact counts that it does not: as if it named all."""

import random
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from hub.decisions.decisions import Decisions
from hub.ledger.closed_days import closed_days
from hub.ledger.day_end import last_close
from hub.ledger.ledger import open_ledger
from hub.ledger.verify import broken, verify
from hub.posting.rebuild import rebuild
from loyalty.clock import DAY_MS
from loyalty.hub_records import CLOSE_CHAINS_MAX
from loyalty.records import CardIssued, DayClosed, FacePrinted
from tests.hub.hub_world import START_MS, Till, World, check_in, sale

DAY = 20170301
OPENS_MS = 1_488_427_200_000  # 2017-03-02T04:00:00Z: the cut-off hour is four
MEMBERS = ("anna", "ben", "cleo")


def of(member: str) -> dict[str, str]:
    return {"card": f"04{member}", "member": member}


def common(**changes: object) -> dict[str, object]:
    visit = check_in(**changes)
    return {it.name: getattr(visit, it.name) for it in fields(visit)}


def day_over(day: int, at_ms: int) -> DayClosed:
    return DayClosed(**common(card="", member="", at_ms=at_ms), day=day)


def close(world: World, day: int) -> set[tuple[str, str]]:
    """Close `day`, and return the journals that the close names."""
    with closing(open_ledger(world.path)) as ledger:
        owed = Decisions(ledger, [world.programme]).close_day("s1", day, world.clock.now_ms())
    assert owed == []
    made = last_close(world.ledger, "s1")
    assert made is not None
    assert made.day == day
    return {(it.device, it.epoch) for it in made.ends}


def counted(world: World) -> dict[str, int]:
    rows = world.ledger.connection.execute("SELECT op, event_ms FROM inbox WHERE op <> ''")
    return dict(rows.fetchall())


def is_sound(world: World) -> bool:
    return broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []


def one_day_of(world: World, till: Till, number: int, *receipts: str) -> None:
    """Have `till` sell on the day `number` days after the first, end it, and be heard."""
    one_day_of_all(world, [till], number, *receipts)


def one_day_of_all(world: World, tills: Sequence[Till], number: int, *receipts: str) -> None:
    at_ms = START_MS + number * DAY_MS
    batches = []
    for till in tills:
        first = len(till.lines) + 1
        till.add(*[sale(it, at_ms=at_ms, till_ms=at_ms) for it in receipts])
        till.add(day_over(DAY + number, at_ms))
        batches.append(till.batch(first))
    world.clock.at_ms = OPENS_MS + number * DAY_MS + 60_000
    world.take(*batches)


def test_a_journal_that_is_over_is_named_no_more(world: World) -> None:
    old = world.till("h1", epoch="e1")
    new = Till("h1", epoch="e2")
    one_day_of(world, old, 0, "r1")
    first = close(world, DAY)
    one_day_of(world, new, 1, "r2")
    second = close(world, DAY + 1)

    one_day_of(world, new, 2, "r3")
    third = close(world, DAY + 2)

    assert (first, second, third) == ({("h1", "e1")}, {("h1", "e2")}, {("h1", "e2")})
    assert is_sound(world)


def test_a_store_closes_its_days_however_often_its_terminals_were_made_anew(world: World) -> None:
    journals = [
        world.till("h1", epoch="e1"),
        *[Till("h1", epoch=f"e{number}") for number in range(2, CLOSE_CHAINS_MAX + 30)],
    ]
    one_day_of(world, journals[0], 0, "first")
    one_day_of_all(world, journals[1:-1], 0)
    one_day_of(world, journals[-1], 0, "last")
    first = close(world, DAY)
    one_day_of(world, journals[-1], 1)
    second = close(world, DAY + 1)
    one_day_of(world, journals[-1], 2)

    third = close(world, DAY + 2)

    newest = ("h1", journals[-1].epoch)
    oldest = {("h1", it.epoch) for it in journals[:-CLOSE_CHAINS_MAX]}
    at_ms = counted(world)
    assert len(first) == CLOSE_CHAINS_MAX
    assert second == oldest | {newest}
    assert third == {newest}
    assert at_ms == {"first": OPENS_MS, "last": START_MS}
    assert is_sound(world)


def test_each_device_has_its_present_journal_named_before_anybodys_old_ones(world: World) -> None:
    shop = world.till("zz")
    flood = [world.till("h1"), *[Till("h1", epoch=f"e{it}") for it in range(2, 250)]]
    one_day_of(world, shop, 0, "r1")
    one_day_of_all(world, flood, 0)

    named = close(world, DAY)

    assert ("zz", "e1") in named
    assert counted(world)["r1"] == START_MS


def test_what_is_late_in_a_journal_that_was_over_counts_from_the_open_day_for_good(
    world: World,
) -> None:
    old, new = world.till("h1", epoch="e1"), world.till("h2")
    for number in range(3):
        one_day_of(world, new, number, f"new{number}")
        if number == 0:
            one_day_of(world, old, 0, "r1")
            with closing(open_ledger(world.path)) as ledger:
                Decisions(ledger, []).declare_lost("h1", "e1", 3, world.clock.now_ms())
        close(world, DAY + number)
    old.add(sale("late", till_ms=START_MS + 5))
    world.take(old.batch(3))
    one_day_of(world, new, 3)
    with_late = close(world, DAY + 3)
    one_day_of(world, new, 4)
    without = close(world, DAY + 4)

    at_ms = counted(world)
    assert with_late == {("h1", "e1"), ("h2", "e1")}
    assert without == {("h2", "e1")}
    assert (at_ms["r1"], at_ms["late"]) == (START_MS, OPENS_MS + 2 * DAY_MS)
    assert is_sound(world)


def test_a_journal_is_named_on_the_day_of_what_the_hub_heard_early(world: World) -> None:
    early, other = world.till("h1"), world.till("h2")
    next_ms = OPENS_MS + 1000
    early.add(
        sale("r1", till_ms=next_ms), sale("r2", till_ms=START_MS), day_over(DAY + 9, START_MS)
    )
    world.clock.at_ms = OPENS_MS + 60_000
    world.take(early.batch())
    one_day_of(world, other, 0)
    close(world, DAY)
    one_day_of(world, other, 1)

    second = close(world, DAY + 1)

    assert ("h1", "e1") in second
    assert counted(world) == {"r1": next_ms, "r2": START_MS}


def test_what_waited_for_its_card_counts_on_its_day_once_that_day_was_closed_with_it(
    world: World,
) -> None:
    waits, other = world.till("h1"), world.till("h2")
    number = "phone:" + "5f" * 16
    waits.add(sale("r1", card=number, member=""))
    waits.add(day_over(DAY + 1, START_MS))
    world.take(waits.batch())
    for day in (0, 1):
        one_day_of(world, other, day)
        close(world, DAY + day)

    other.add(CardIssued(**common(card=number, op="link"), card_kind="phone"))
    world.take(other.batch(len(other.lines)))

    assert world.balance("anna") == 10
    assert counted(world)["r1"] == START_MS


def test_a_journal_that_a_close_had_no_room_for_is_named_by_the_next(world: World) -> None:
    early = world.till("h1", epoch="e0")
    next_ms = OPENS_MS + 1000
    early.add(sale("r1", till_ms=next_ms), sale("r2", till_ms=START_MS))
    world.clock.at_ms = OPENS_MS + 60_000
    world.take(early.batch())
    newest = Till("h1", epoch="e1")
    one_day_of(world, newest, 0)
    first = close(world, DAY)
    world.clock.at_ms += 1
    flood = [Till("h1", epoch=f"e{number}") for number in range(2, CLOSE_CHAINS_MAX + 2)]
    one_day_of_all(world, flood, 1)
    second = close(world, DAY + 1)
    one_day_of(world, Till("h1", epoch="e999"), 2)

    third = close(world, DAY + 2)

    counts = counted(world)["r1"]
    assert ("h1", "e0") in first - second
    assert third == {("h1", "e0"), ("h1", "e999")}
    assert counts == OPENS_MS + DAY_MS


def test_a_close_takes_no_longer_for_journals_that_are_over(tmp_path: Path) -> None:
    steps = {}
    for lines in (1, 400):
        folder = tmp_path / str(lines)
        folder.mkdir()
        world = World(folder)
        one_day_of(world, world.till("h1", epoch="e1"), 0)
        old = Till("h1", epoch="e2")
        old.add(*[check_in()] * lines)
        for first in range(1, lines, 100):
            world.take(old.batch(first, first + 99))
        live = Till("h1", epoch="e3")
        for number in range(3):
            one_day_of(world, live, number)
            steps[lines] = steps_of_close(world, DAY + number)
        world.ledger.close()

    assert steps[400] < 2 * steps[1]


def steps_of_close(world: World, day: int) -> int:
    steps: list[int] = []
    with closing(open_ledger(world.path)) as ledger:
        ledger.connection.set_progress_handler(lambda: steps.append(1), 1)
        Decisions(ledger, [world.programme]).close_day("s1", day, world.clock.now_ms())
    return len(steps)


def test_a_face_is_looked_at_on_one_day_only(world: World) -> None:
    till, other = world.till("h1"), world.till("h2")
    till.add(
        FacePrinted(
            **common(), face="ab" * 32, outcome="printed", account_version=1, shown_points=77,
            pending_points=0, as_of_ms=START_MS,
        )
    )  # fmt: skip
    world.take(till.batch())
    till.add(day_over(DAY + 1, START_MS))
    one_day_of(world, other, 0)
    world.take(till.batch(2))
    close(world, DAY)
    one_day_of(world, other, 1)
    close(world, DAY + 1)
    one_day_of(world, other, 2)
    one_day_of(world, till, 2, "r1")

    close(world, DAY + 2)

    assert world.cases() == ["face_differs"]
    assert world.value("SELECT times FROM case_file") == 1


@pytest.mark.parametrize("seed", range(12))
def test_a_fact_counts_from_its_time_or_from_the_last_close_before_it_came(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    world = World(tmp_path)
    wanted: dict[str, int] = {}
    opens_ms = 0
    journals = [world.till(f"h{it}", epoch=f"e{it}") for it in range(4)]
    journals[0].add(check_in())
    world.take(journals[0].batch())
    world.clock.at_ms = START_MS + 20 * DAY_MS
    for day in range(12):
        for number in range(chance.randrange(8)):
            journal = chance.choice(journals)
            at_ms = START_MS + chance.randrange(14) * DAY_MS + chance.randrange(DAY_MS)
            op = f"{day}-{number}"
            add_and_send(world, journal, at_ms, op, chance.choice)
            wanted[op] = max(at_ms, opens_ms)
        if chance.random() < 0.6:
            for journal in journals:
                if chance.random() < 0.5:
                    journal.add(day_over(20170401, START_MS))
                    world.take(journal.batch(len(journal.lines)))
            if state_close(world, DAY + day):
                opens_ms = OPENS_MS + day * DAY_MS

    with closing(open_ledger(world.path)) as ledger, ledger.engine.snapshot():
        anew = rebuild(ledger, [world.programme], tmp_path / "fresh.db", world.clock.at_ms)

    assert counted(world) == wanted
    assert is_sound(world)
    assert {name for name, rows in anew.items() if rows} == set()
    world.ledger.close()


def add_and_send(
    world: World, journal: Till, at_ms: int, op: str, choice: Callable[[tuple[str, ...]], str]
) -> None:
    journal.add(sale(op, till_ms=at_ms, **of(choice(MEMBERS))))
    world.take(journal.batch(len(journal.lines)))


def state_close(world: World, day: int) -> bool:
    with closing(open_ledger(world.path)) as ledger:
        decisions = Decisions(ledger, [world.programme])
        return decisions.close_day("s1", day, world.clock.at_ms) == []


def test_a_day_shows_the_journals_that_its_close_names(world: World) -> None:
    old, new = world.till("h1", epoch="e1"), Till("h1", epoch="e2")
    one_day_of(world, old, 0, "r1", "r2")
    close(world, DAY)
    one_day_of(world, new, 1, "r3")
    close(world, DAY + 1)

    found = [(it.day, it.lines) for it in closed_days(world.ledger, "s1", 10)]

    assert found == [(DAY + 1, 2), (DAY, 3)]

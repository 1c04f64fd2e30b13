"""Business days that close: what is late counts from the open day, in any order of delivery."""

from contextlib import closing
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hub.commands import ledger as ledger_command
from hub.decisions.decisions import Decisions
from hub.errors import HubError
from hub.ledger.closed_days import closed_days
from hub.ledger.day_end import Missing
from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.verify import broken, verify
from loyalty.clock import DAY_MS
from loyalty.hub_records import StoreDayClosed
from loyalty.receipts import LineStatus
from tests.hub.hub_world import (
    DAY,
    OPENS_MS,
    PROGRAMME,
    START_MS,
    Till,
    World,
    check_in,
    common,
    day_over,
    sale,
)


@pytest.fixture
def world(ledger_url):
    found = World(ledger_url)
    found.clock.at_ms = OPENS_MS + 3_600_000
    yield found
    found.ledger.close()


def close(world: World, day: int = DAY) -> list[Missing]:
    with closing(open_ledger(world.path)) as ledger:
        decisions = Decisions(ledger, [world.programme])
        return decisions.close_day("s1", day, world.clock.now_ms())


def declare_lost(world: World, from_seq: int) -> None:
    with closing(open_ledger(world.path)) as ledger:
        Decisions(ledger, []).declare_lost("h1", "e1", from_seq, world.clock.now_ms())


def events(world: World) -> dict[str, int]:
    rows = world.ledger.connection.execute("SELECT op, event_ms FROM inbox WHERE op <> ''")
    return dict(rows.fetchall())


def is_sound(world: World) -> bool:
    return broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []


def test_a_day_closes_once_every_device_has_said_that_it_is_over(world):
    first, second = world.till("h1"), world.till("h2")
    first.add(sale("r1"), day_over())
    second.add(sale("r2"), check_in(at_ms=OPENS_MS + 1))

    nothing = close(world)
    world.take(first.batch(), second.batch(1, 1))
    one = close(world)
    world.take(second.batch(2))

    assert nothing == [Missing("h1", "", 1, 0), Missing("h2", "", 1, 0)]
    assert one == [Missing("h2", "e1", 2, 0)]
    assert close(world) == []
    assert world.value("SELECT status FROM inbox WHERE kind = 'store_day_closed'") == "posted"
    with pytest.raises(HubError, match="has been closed"):
        close(world)


def test_a_day_that_is_not_over_stays_open(world):
    with pytest.raises(HubError, match="is over at"):
        close(world, 20170302)


def test_a_gap_keeps_the_day_open_until_it_is_declared_lost(world):
    till = world.till("h1")
    till.add(sale("r1"), sale("r2"), sale("r3"), day_over())
    world.take(till.batch(1, 1), till.batch(4))

    before = close(world)
    declare_lost(world, 2)

    assert before == [Missing("h1", "e1", 2, 3)]
    assert close(world) == []


def test_what_is_late_for_a_closed_day_counts_from_the_start_of_the_open_one(world):
    till = world.till("h1")
    till.add(sale("r1"), day_over(), sale("r2"), sale("r3", till_ms=OPENS_MS + 5))
    world.take(till.batch(1, 2))
    close(world)

    world.take(till.batch(3))

    assert events(world) == {"r1": START_MS, "r2": OPENS_MS, "r3": OPENS_MS + 5}
    assert world.balance("anna") == 30
    assert is_sound(world)


def test_what_posted_early_beyond_a_gap_moves_when_its_day_closes_without_it(world):
    till, other = world.till("h1"), world.till("h2")
    till.add(sale("r1"), sale("r2", 5000), day_over())
    other.add(sale("r3"), day_over())
    world.take(other.batch(), till.batch(2))
    world.clock.at_ms += 16 * 60_000
    posted = world.intake.tick()
    declare_lost(world, 1)

    owed = close(world)
    world.take(till.batch(1, 1))

    assert (posted, owed) == (2, [])
    assert events(world) == {"r1": OPENS_MS, "r2": OPENS_MS, "r3": START_MS}
    assert world.balance("anna") == 70
    assert is_sound(world)


def test_what_posted_early_beyond_a_lost_gap_is_late_for_one_day_only(world):
    till = world.till("h1")
    till.add(sale("r1"), sale("r2"), sale("r3", 5000), day_over())
    world.take(till.batch(1, 1), till.batch(3))
    declare_lost(world, 2)
    world.clock.at_ms += 16 * 60_000
    world.intake.tick()
    again = Till("h1", epoch="e2")
    again.add(check_in(at_ms=OPENS_MS + 3 * DAY_MS))

    owed = [close(world)]
    world.clock.at_ms += 3 * DAY_MS
    world.take(again.batch())
    owed += [close(world, DAY + 1), close(world, DAY + 2)]

    assert owed == [[], [], []]
    assert events(world) == {"r1": START_MS, "r3": OPENS_MS}
    assert is_sound(world)
    with closing(open_ledger(world.path)) as ledger:
        assert len({it.digest for it in closed_days(ledger, "s1", 3)}) == 3


def test_what_posted_early_in_a_journal_that_was_copied_is_late_for_one_day_only(world):
    till, copy = world.till("h1"), Till("h1")
    till.add(sale("r1"), check_in(), sale("r3", 5000), day_over())
    copy.add(till.lines[0], check_in(at_ms=START_MS + 1))
    world.take(till.batch(1, 1), till.batch(3))
    world.clock.at_ms += 16 * 60_000
    world.intake.tick()
    world.take(copy.batch(2))
    again = Till("h1", epoch="e2")
    again.add(check_in(at_ms=OPENS_MS + 3 * DAY_MS))

    owed = close(world)
    world.clock.at_ms += 3 * DAY_MS
    world.take(again.batch())
    after = [close(world, DAY + it) for it in range(3)]

    assert (owed, after) == ([Missing("h1", "e1", 3, 0)], [[], [], []])
    assert events(world) == {"r1": START_MS, "r3": OPENS_MS}
    assert is_sound(world)


def test_any_order_of_facts_after_their_closes_gives_one_state():
    digests = {late_in_order(order) for order in permutations(range(4))}

    assert len(digests) == 1


def late_in_order(order: tuple[int, ...]) -> str:
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.clock.at_ms = OPENS_MS + 3_600_000
        till = world.till("h1")
        till.add(sale("r0", 4000), day_over())
        world.take(till.batch())
        close(world)
        late = [one_line_till(world, number) for number in range(4)]
        for number in order:
            world.take(late[number].batch())
        assert is_sound(world)
        found = digest(world.ledger)
        world.ledger.close()
        return found


def one_line_till(world: World, number: int) -> Till:
    till = world.till(f"late{number}")
    member = ("anna", "ben")[number % 2]
    changes = {"card": f"04{member}", "member": member}
    till.add(sale(f"late{number}", 1000 * (number + 1), till_ms=START_MS - number, **changes))
    return till


def test_only_the_hub_may_close_a_day(world):
    till = world.till("h1")
    nobody = common(card="", member="")
    till.add(StoreDayClosed(**nobody, day=DAY, opens_ms=OPENS_MS, ends=()))

    (receipt,) = world.take(till.batch())

    assert receipt.exceptions == (LineStatus(1, "rejected", "hub_only"),)


def test_nobody_can_be_registered_under_the_hubs_name(world):
    with pytest.raises(ValueError, match="the hub itself"):
        world.till("hub")


def test_the_command_names_what_is_missing(world, tmp_path, capsys):
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    till = world.till("h1")
    till.add(sale("r1"), day_over())
    arguments = ["--db", str(world.path), "--programme", str(tmp_path / "programme.toml")]
    command = ["day", "close", *arguments, "--store", "s1", "--day", str(DAY), "--by", "wong"]

    world.take(till.batch(1, 1))
    early = ledger_command.main(command)
    world.take(till.batch(2))
    done = ledger_command.main(command)

    assert (early, done) == (1, 0)
    assert capsys.readouterr().out.splitlines() == [
        "missing: device h1, epoch e1, line 2 and later",
        f"closed: s1, {DAY}",
    ]

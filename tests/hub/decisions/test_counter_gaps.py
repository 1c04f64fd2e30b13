"""What a card wrote and nobody stated becomes a case, once no device can bring it by itself."""

from contextlib import closing

import pytest

from hub.decisions.caretaker import Caretaker
from hub.decisions.counter_gaps import CARDS_AT_ONCE, CounterGaps
from hub.decisions.decisions import Decisions
from hub.decisions.lease_keeper import SKEW_MS
from hub.ledger.cases import CaseFilter, CaseNote, close, find_cases, notes
from hub.ledger.evidence import gather
from hub.ledger.ledger import open_ledger
from hub.posting.unstated import LINES_MS, PATIENCE_MS
from loyalty.asks import Hello
from loyalty.record import Record
from tests.hub.hub_world import START_MS, Till, World, sale
from tests.hub.lease_world import UID, issued

CARD = {"card": UID, "member": "anna"}
NEVER = "what the card wrote as {} was never stated"


def bought(counter: int, touch: str = "done", **changes: object) -> Record:
    """Return a sale a minute later than the one before, at which Anna's card was written."""
    at_ms = START_MS + counter * 60_000
    written = {"ctr_seen": counter - 1, "ctr_used": counter, "touch": touch}
    return sale(f"r{counter}", **{**CARD, **written, "at_ms": at_ms, "till_ms": at_ms, **changes})


@pytest.fixture(params=["classic1k", "desfire_ev3"])
def tills(world: World, request: pytest.FixtureRequest) -> tuple[Till, Till]:
    """Return two tills: the first has written Anna's card as 1 and 4, and nobody stated 2 and 3."""
    first, second = world.till("h1"), world.till("h2")
    first.add(issued(request.param, **CARD), bought(1), bought(4))
    world.clock.at_ms = START_MS + 5 * 60_000
    world.take(first.batch())
    return first, second


def hello(world: World, *tills: Till) -> None:
    """Have tills say that all they have is there."""
    now = {"hub_ms": world.clock.at_ms, "incarnation": "", "rules": 3}
    for till in tills:
        world.take(till.ask(Hello(ref="hi", last_seq=len(till.lines), settled_seq=0, **now)))


def tend(world: World, after_ms: int = 0) -> None:
    world.clock.at_ms += after_ms
    with closing(open_ledger(world.path)) as ledger:
        Caretaker(ledger, [world.programme], world.clock.now_ms).tick()


def gaps(world: World) -> list[str]:
    """Return what the open cases of numbers that nobody stated say."""
    found = find_cases(world.ledger, CaseFilter(code="counter_gap", is_open=True), 100)
    return [it.detail for it in found]


def test_numbers_are_looked_for_once_every_device_has_told_everything_up_to_the_next(world, tills):
    world.clock.at_ms = START_MS + 4 * 60_000 + SKEW_MS - 1
    hello(world, *tills)
    tend(world)
    too_early = gaps(world)

    world.clock.at_ms += 1
    hello(world, tills[0])
    tend(world)
    one_is_silent = gaps(world)
    hello(world, tills[1])
    tend(world, 60_000)

    assert (too_early, one_is_silent) == ([], [])
    assert gaps(world) == [NEVER.format("2, 3")]


def test_numbers_are_looked_for_after_a_week_though_a_device_is_silent(world, tills):
    hello(world, tills[1])
    world.clock.at_ms = START_MS + 4 * 60_000 + PATIENCE_MS - 1
    hello(world, tills[0])
    tend(world)
    before = gaps(world)

    tend(world, 1)

    assert (before, gaps(world)) == ([], [NEVER.format("2, 3")])


def test_a_journal_that_was_declared_lost_is_not_waited_for(world, tills):
    hello(world, tills[1])
    world.clock.at_ms += SKEW_MS
    hello(world, tills[0])
    tend(world)
    before = gaps(world)

    with closing(open_ledger(world.path)) as own:
        Decisions(own, []).declare_lost("h2", "e1", 1, world.clock.at_ms)
    tend(world)

    assert (before, gaps(world)) == ([], [NEVER.format("2, 3")])


@pytest.fixture
def told(world: World, tills: tuple[Till, Till]) -> Till:
    """Return the second till, once people have been told of the numbers."""
    world.clock.at_ms += SKEW_MS
    hello(world, *tills)
    tend(world)
    return tills[1]


def test_the_case_shows_the_line_after_the_numbers(world, told):
    (case,) = find_cases(world.ledger, CaseFilter(code="counter_gap"), 1)

    evidence = gather(world.ledger, case, "card")

    assert [(it.device, it.seq) for it in evidence.lines] == [("h1", 3)]
    assert [it.uid for it in evidence.cards] == [UID]
    assert case.store == "s1"


def test_numbers_that_come_late_settle_their_case(world, told):
    told.add(bought(2))
    world.take(told.batch())
    tend(world, 60_000)
    half = gaps(world)

    told.add(bought(3, touch="torn"))
    world.take(told.batch(2))
    tend(world, 60_000)

    (case,) = find_cases(world.ledger, CaseFilter(code="counter_gap"), 1)
    assert (half, case.status) == ([NEVER.format("2, 3")], "closed")
    assert notes(world.ledger, case.number) == [CaseNote(world.clock.at_ms, "settled", "", "")]


def test_what_people_have_looked_for_stays_closed_until_more_is_missing(world, tills, told):
    (case,) = find_cases(world.ledger, CaseFilter(code="counter_gap"), 1)
    close(world.ledger, case.number, "wong", "The till burned down.", world.clock.at_ms)
    tend(world, 60_000)
    closed = gaps(world)

    later = {"at_ms": world.clock.at_ms, "till_ms": world.clock.at_ms}
    tills[0].add(bought(6, **later))
    world.take(tills[0].batch(4))
    world.clock.at_ms += SKEW_MS
    hello(world, *tills)
    tend(world)

    assert (closed, gaps(world)) == ([], [NEVER.format("2, 3, 5")])


def test_a_case_goes_on_when_a_device_comes_that_has_told_nothing_yet(world, told):
    new = world.till("h3")

    new.add(bought(9, card="04ff", member="ben"))
    world.take(new.batch())
    tend(world, 60_000)

    assert gaps(world) == [NEVER.format("2, 3")]


def test_what_did_not_hold_explains_its_number(world):
    till = world.till("h1")
    till.add(issued(**CARD), bought(1), bought(2, touch="torn"), bought(3, touch="unknown"))
    till.add(bought(4))
    world.take(till.batch())
    world.clock.at_ms += SKEW_MS + 5 * 60_000
    hello(world, till)

    tend(world)

    assert gaps(world) == []


def test_numbers_that_were_missing_a_year_ago_are_not_looked_for_again(world, tills):
    world.clock.at_ms = START_MS + 4 * 60_000 + LINES_MS
    hello(world, *tills)

    tend(world)

    assert gaps(world) == []


def test_a_number_out_of_all_proportion_is_told_in_few(world):
    till = world.till("h1")
    till.add(bought(1), bought(2**31, at_ms=START_MS, till_ms=START_MS))
    world.take(till.batch())
    world.clock.at_ms += SKEW_MS
    hello(world, till)

    tend(world)

    assert gaps(world) == [NEVER.format("2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …")]


def test_all_cards_are_looked_through_in_turns_and_cases_of_others_go_on(world, told):
    database = world.ledger.connection
    (anna,) = database.execute("SELECT id FROM member").fetchone()
    others = [f"05{number:06}" for number in range(CARDS_AT_ONCE)]
    for uid in others:
        database.execute("INSERT INTO card VALUES (?, ?, 9, 0, 'issued', '')", (uid, anna))
    for counter in (1, 9):
        database.execute(
            "INSERT INTO card_write VALUES (?, ?, '', ?)", (others[-1], counter, START_MS)
        )
    looking = CounterGaps(world.ledger)

    rounds = [{it.subject for it in looking.overdue(world.clock.at_ms)} for _ in range(3)]

    assert rounds == [{UID}, {UID, others[-1]}, {UID}]

"""What a line beyond a gap spends is set aside from its coming to its turn, and is no grant."""

import threading
from collections.abc import Sequence
from contextlib import closing, suppress

import pytest

from hub.decisions.carried_lines import take_carried
from hub.ledger.books import Books
from hub.ledger.figures import ledger_figures
from hub.ledger.ledger import open_ledger
from hub.ledger.queries import member_view
from hub.ledger.rows import HoldRow
from hub.ledger.verify import broken, verify
from hub.posting.answers import GRANT_MS, GRANTS_MAX
from hub.posting.custody import GAP_PATIENCE_MS, Batch, Custody
from hub.posting.poster import Poster
from loyalty.asks import AskAccount, AskRedeem, CancelRedeem
from loyalty.fold import new_member
from loyalty.receipts import RedeemGranted, Refusal
from loyalty.records import TouchUnknown
from loyalty.wire import WireError, names_of
from tests.hub.hub_world import START_MS, Till, World, check_in, opened, redemption, sale
from tests.hub.posting.test_waiting import wait_until_waiting
from tests.postgres_server import new_database


@pytest.fixture
def earned(world: World) -> Till:
    """Return a device where Anna earned 60 points."""
    till = world.till("h1")
    till.add(sale("r1", 6000))
    world.take(till.batch())
    return till


def ask_redeem(ref: str) -> AskRedeem:
    return AskRedeem(ref=ref, card="04AA", member="anna", ctr_seen=-1, offer="mug")


def available(world: World, till: Till) -> int:
    asked = AskAccount(ref="q1", card="04AA", member="anna", ctr_seen=-1)
    (view,) = world.take(till.ask(asked))
    return view.available_points


def set_aside(world: World) -> list[int]:
    found = world.ledger.connection.execute("SELECT points FROM hold WHERE status = 'active'")
    return [points for (points,) in found.fetchall()]


def without_its_first_line(world: World, *spent: object) -> Till:
    """Return a kiosk whose lines `spent` came, and the one before them did not."""
    kiosk = world.till("k1")
    kiosk.add(check_in(), *spent)
    world.take(kiosk.batch(2))
    return kiosk


def test_what_waits_beyond_a_gap_is_not_granted_again(world, earned):
    without_its_first_line(world, redemption("k1:redeem"))

    (answer,) = world.take(earned.ask(ask_redeem("g1")))

    assert answer == Refusal(ref="g1", reason="not_enough_points")
    assert available(world, earned) == 10


def test_a_grant_whose_line_waits_is_counted_once_and_lasts_as_long_as_it(world, earned):
    (grant,) = world.take(world.till("k1").ask(ask_redeem("g1")))
    spent = redemption(f"s1:{grant.auth}:redeem", auth=grant.auth, granted_ms=grant.granted_ms)
    kiosk = without_its_first_line(world, spent)

    seen = []
    for after_ms in (0, GRANT_MS - 1, GRANT_MS, GAP_PATIENCE_MS, 100 * GAP_PATIENCE_MS):
        world.clock.at_ms = START_MS + after_ms
        world.intake.tick()
        reserved_points = member_view(world.ledger, "anna", world.clock.at_ms).reserved_points
        seen.append((available(world, earned), reserved_points))
    world.take(kiosk.batch())

    assert seen == [(10, 50)] * 5
    assert (world.balance("anna"), set_aside(world), world.cases()) == (10, [], [])
    assert world.value("SELECT status FROM hold WHERE auth = ?", grant.auth) == "captured"


def test_a_line_that_comes_twice_is_set_aside_once(world, earned):
    kiosk = without_its_first_line(world, redemption("k1:redeem"))

    world.take(kiosk.batch(2), kiosk.batch(2))
    world.clock.at_ms += GAP_PATIENCE_MS
    world.intake.tick()

    assert set_aside(world) == [50]


def test_two_lines_that_name_one_grant_are_both_set_aside(world, earned):
    (grant,) = world.take(world.till("k1").ask(ask_redeem("g1")))

    without_its_first_line(
        world, redemption("one", 20, auth=grant.auth), redemption("two", 20, auth=grant.auth)
    )

    assert available(world, earned) == 60 - 20 - 20


def test_a_reservation_ends_with_the_very_transaction_that_posts_its_line(world, earned):
    kiosk = without_its_first_line(world, redemption("k1:redeem"))

    with closing(open_ledger(world.path)) as own, suppress(ConnectionError), own.transaction():
        books = Books(own)
        custody = Custody(books, Poster(books, [world.programme]))
        chain = books.inbox.chain(books.device("k1"), "e1")
        custody.take(Batch(chain, 1, kiosk.heads[0], kiosk.lines[:1]), START_MS)
        books.flush()
        ended = own.connection.execute("SELECT status FROM hold").fetchall()
        raise ConnectionError
    cut_off = (world.balance("anna"), set_aside(world))
    world.take(kiosk.batch())

    assert ended == [("released",)]
    assert cut_off == (60, [50])
    assert (world.balance("anna"), set_aside(world)) == (10, [])


def test_nothing_stays_set_aside_for_a_line_that_does_not_post_in_its_turn(world, earned):
    ahead_ms = START_MS + 3_600_000
    kiosk = without_its_first_line(world, redemption("k1:redeem", at_ms=ahead_ms))
    before = set_aside(world)

    world.take(kiosk.batch())

    assert (before, set_aside(world)) == ([50], [])
    assert world.value("SELECT code FROM inbox WHERE status = 'held'") == "future_clock"


def test_nothing_stays_set_aside_in_a_journal_that_came_in_two_versions(world, earned):
    kiosk, copy = world.till("k1"), Till("k1")
    kiosk.add(check_in(), check_in(), redemption("k1:redeem"), redemption("k2:redeem"))
    copy.add(check_in(at_ms=START_MS + 1))
    world.take(kiosk.batch(1, 1), kiosk.batch(3, 3))
    before = set_aside(world)

    world.take(copy.batch(), kiosk.batch(4))

    assert (before, set_aside(world)) == ([50], [])
    assert world.cases() == ["fork"]


def test_nothing_stays_set_aside_of_a_device_whose_lines_are_brought_by_hand(world, earned):
    kiosk = without_its_first_line(world, redemption("k1:redeem"))
    kiosk.add(redemption("k2:redeem"))
    world.ledger.revoke_device("k1", START_MS)

    take_carried(world.ledger, [kiosk.batch(3).payload], START_MS)

    assert (set_aside(world), world.balance("anna")) == ([], 60)


def test_what_waits_beyond_a_gap_takes_no_grant_from_its_device(world):
    till = world.till("h1")
    till.add(sale("r1", 1_000_000))
    world.take(till.batch())
    spent = [redemption(f"k{number}:redeem") for number in range(GRANTS_MAX + 1)]
    kiosk = without_its_first_line(world, *spent)

    (answer,) = world.take(kiosk.ask(ask_redeem("g1")))

    assert isinstance(answer, RedeemGranted)
    assert ledger_figures(world.ledger, world.clock.at_ms).open_holds == 1


def test_no_device_can_name_what_is_set_aside_for_a_line(world, earned):
    without_its_first_line(world, redemption("k1:redeem"))
    auth, ref = world.ledger.connection.execute("SELECT auth, ref FROM hold").fetchone()
    visit = check_in()
    circumstances = {it: getattr(visit, it) for it in names_of("check_in")}

    for stated in (
        lambda: CancelRedeem(ref="c1", auth=auth),
        lambda: ask_redeem(ref),
        lambda: redemption("k2:redeem", auth=auth),
        lambda: TouchUnknown(**circumstances, intended=f"s1:{auth}:redeem"),
    ):
        with pytest.raises(WireError, match=r"found .*line k1:e1:2"):
            stated()


def test_what_may_be_overdrawn_in_its_turn_is_no_grant_that_cannot_be_kept(world, earned):
    without_its_first_line(world, redemption("k1:redeem", 100))

    earned.add(redemption("r2"))
    world.take(earned.batch(2))

    assert (world.balance("anna"), world.cases()) == (10, [])
    assert broken(verify(world.ledger, [world.programme], world.clock.at_ms)) == []


def test_points_are_set_aside_for_a_member_who_is_not_written_yet(world):
    world.till("h1")
    hold = ("mug", 50, 500, START_MS, START_MS + GRANT_MS, "active")

    with world.ledger.transaction():
        books = Books(world.ledger)
        device = books.device("h1")
        ben = books.members.set("ben", new_member(world.programme))
        books.holds.add(HoldRow("a1", ben.id, device.id, "g1", *hold))
        books.flush()

    assert set_aside(world) == [50]


def test_of_two_hubs_one_keeps_aside_what_the_other_is_asked_for(postgres_url):
    with new_database(postgres_url) as url:
        world = World(url)
        till, kiosk = world.till("h1"), world.till("k1")
        till.add(sale("r1", 6000))
        kiosk.add(check_in(), redemption("k1:redeem"))
        world.take(till.batch())
        second = open_ledger(url)
        (pid,) = second.connection.execute("SELECT pg_backend_pid()").fetchone()
        answers: list[Sequence[object]] = []
        asks = (till.ask(ask_redeem("g1")),)
        other = threading.Thread(target=lambda: answers.append(world.intake_on(second).take(asks)))

        with world.ledger.transaction():
            books = Books(world.ledger)
            custody = Custody(books, Poster(books, [world.programme]))
            chain = books.inbox.chain(books.device("k1"), "e1")
            custody.take(Batch(chain, 2, kiosk.heads[1], kiosk.lines[1:]), START_MS)
            other.start()
            wait_until_waiting(url, pid)
            books.flush()
        other.join()

        assert [opened(it) for it in answers[0]] == [Refusal(ref="g1", reason="not_enough_points")]
        assert set_aside(world) == [50]
        second.close()
        world.ledger.close()

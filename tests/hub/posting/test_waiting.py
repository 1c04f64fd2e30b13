"""What was held for something that comes by itself posts once, also where two hubs find it due."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from hub.ledger.books import Books
from hub.ledger.ledger import open_ledger
from hub.ledger.verify import broken, verify
from hub.posting.poster import Poster
from loyalty.records import CardIssued, CheckIn
from loyalty.wire import names_of
from tests.hub.hub_world import World, check_in, sale
from tests.postgres_server import new_database

AHEAD_MS = 600_000


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    """Return where an empty ledger on a server can be made."""
    with new_database(postgres_url) as found:
        yield found


def test_two_hubs_at_once_post_a_line_whose_time_has_come_once(url):
    world = World(url)
    till = world.till("h1")
    till.add(sale("r1", till_ms=world.clock.at_ms + AHEAD_MS))
    world.take(till.batch())
    world.clock.at_ms += AHEAD_MS
    second = open_ledger(url)
    (pid,) = second.connection.execute("SELECT pg_backend_pid()").fetchone()
    posted: list[int] = []
    other = threading.Thread(target=lambda: posted.append(world.intake_on(second).tick()))

    with world.ledger.transaction():
        books = Books(world.ledger)
        waiting = Poster(books, [world.programme]).waiting
        posted.append(waiting.post_reached(world.clock.at_ms))
        books.flush()
        other.start()
        wait_until_waiting(url, pid)
    other.join()

    assert posted == [1, 0]
    assert (world.status(1), world.balance("anna")) == (("posted", ""), 10)
    assert broken(verify(world.ledger, [world.programme], world.clock.at_ms)) == []
    second.close()
    world.ledger.close()


def test_what_was_held_for_a_card_posts_once_it_is_linked_though_it_was_seen_before(world):
    till = world.till("h1")
    chip = {"card": "0499", "member": ""}
    till.add(sale("r1", **chip), check_in(**chip | {"member": "anna"}))
    world.take(till.batch())
    before = world.status(1)

    world.clock.at_ms += 1
    till.add(issued(**chip | {"member": "anna"}))
    world.take(till.batch(3))

    assert (before, world.status(1)) == (("held", "unknown_card"), ("posted", ""))
    assert world.balance("anna") == 10
    assert world.value("SELECT booked_ms FROM transfer") == world.clock.at_ms
    assert world.value("SELECT status FROM case_file WHERE code = 'unknown_card'") == "closed"


def test_what_was_held_for_a_number_posts_once_anything_says_whose_it_is(world):
    till = world.till("h1")
    number = {"card": "phone:" + "0f" * 16, "member": ""}
    till.add(sale("r1", **number), sale("r2"), sale("r2", **number | {"member": "anna"}))
    world.take(till.batch(1, 2))
    before = world.status(1)

    world.take(till.batch(3))

    assert (before, world.status(1)) == (("held", "unknown_card"), ("posted", ""))
    assert (world.status(3)[0], world.balance("anna")) == ("duplicate", 20)


def issued(**changes: object) -> CardIssued:
    visit = check_in(**changes)
    common = {it: getattr(visit, it) for it in names_of(CheckIn.kind)}
    return CardIssued(**common, card_kind="ultralight")


def wait_until_waiting(url: str, pid: int) -> None:
    """Return when the other connection waits for a lock."""
    with psycopg.connect(url, autocommit=True) as looking:
        while not looking.execute(_WAITING, (pid,)).fetchone():
            looking.execute("SELECT pg_sleep(0.01)")


_WAITING = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"

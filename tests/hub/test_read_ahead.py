"""A bridge reads the next group while a database server writes the one before.

What was read ahead waits for its turn, whatever becomes of the group before: here PostgreSQL is
killed with SIGKILL at that very moment.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from hub.broker.road import RoadEnd
from hub.broker_bridge import GROUP_MAX_MESSAGES, Bridge
from hub.errors import LedgerUnavailable
from hub.ledger.queries import line_counts
from hub.ledger.verify import broken, verify
from hub.posting.envelopes import Arrival, Reply
from hub.posting.groups import Group, read_group
from hub.posting.intake import Intake
from loyalty.receipts import Answer
from tests.hub.hub_world import START_MS, World, opened, sale
from tests.postgres_server import PostgresServer, new_database

WAIT_S = 60
TILLS = 5
WHOLE = GROUP_MAX_MESSAGES
LINES = 2 * WHOLE // TILLS  # of each till: two whole groups of messages with a line each


class Loop:
    """A road that leads to this test: messages are brought by hand, replies are kept."""

    place = "here"

    def __init__(self, replies_wanted: int) -> None:
        self.replies: list[Reply] = []
        self.all_sent = threading.Event()
        self._replies_wanted = replies_wanted

    def open(self, end: RoadEnd) -> None:
        end.connected()

    def send(self, replies: Sequence[Reply]) -> None:
        self.replies += replies
        if len(self.replies) >= self._replies_wanted:
            self.all_sent.set()

    def close(self) -> None:
        pass


class Attempts:
    """An intake that notes what it posted, and whether it ever failed.

    `in_the_way` happens while the server writes, after what is done meanwhile; once only.
    """

    def __init__(self, intake: Intake, in_the_way: Callable[[], None]) -> None:
        self.counts: Counter[str] = intake.counts
        self.posted: list[Group] = []
        self.has_failed = threading.Event()
        self._intake = intake
        self._in_the_way = [in_the_way]

    def post(self, group: Group, meanwhile: Callable[[], bool]) -> list[Reply]:
        def meanwhile_and_more() -> bool:
            is_more = meanwhile()
            if self._in_the_way:
                self._in_the_way.pop()()
            return is_more

        try:
            replies = self._intake.post(group, meanwhile_and_more)
        except LedgerUnavailable:
            self.has_failed.set()
            raise
        self.posted.append(group)
        return replies

    def tick(self) -> int:
        return 0


def messages_of(world: World) -> list[Arrival]:
    """Return a message for each line of some tills, in turns."""
    tills = [world.till(f"h{number}") for number in range(TILLS)]
    for till in tills:
        for number in range(LINES):
            at_ms = START_MS - 1_000_000 + 1000 * number
            till.add(sale(f"{till.name}-{number}", 1_000, at_ms=at_ms, till_ms=at_ms))
    return [till.batch(at, at) for at in range(1, LINES + 1) for till in tills]


def test_a_server_that_is_killed_while_the_next_group_is_read_loses_and_doubles_nothing():
    with PostgresServer("max_connections=20") as server, new_database(server.url) as url:
        world = World(url)
        messages = messages_of(world)
        road, acknowledged = Loop(len(messages)), []
        intake = Attempts(world.intake, server.kill)
        bridge = Bridge(road, intake)
        for number, it in enumerate(messages):
            bridge.received(*it, lambda number=number: acknowledged.append(number))

        bridge.start()
        try:
            assert intake.has_failed.wait(WAIT_S)
            before_it_is_back = (list(road.replies), list(acknowledged), bridge.waiting_messages)
            server.start()
            assert road.all_sent.wait(WAIT_S)
        finally:
            bridge.stop()

        assert before_it_is_back == ([], [], WHOLE)  # the second group, which is read
        assert [len(it.arrivals) for it in intake.posted] == [WHOLE, WHOLE]
        assert acknowledged == list(range(len(messages)))
        upto = {opened(it).upto_seq for it in road.replies[-TILLS:]}
        assert upto == {LINES}
        assert line_counts(world.ledger) == {"posted": len(messages)}
        assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []
        world.ledger.close()


@pytest.mark.parametrize(("waiting", "is_read"), [(WHOLE, True), (WHOLE - 1, False)])
def test_only_a_whole_group_is_read_ahead(postgres_url, waiting, is_read):
    with new_database(postgres_url) as url:
        world = World(url)
        messages = messages_of(world)[: WHOLE + waiting]
        road, seen = Loop(len(messages)), []
        bridge = Bridge(road, Attempts(world.intake, lambda: seen.append(bridge._ahead)))
        for it in messages:
            bridge.received(*it, lambda: None)

        bridge.start()
        assert road.all_sent.wait(WAIT_S)
        bridge.stop()

        (ahead,) = seen
        assert (ahead is not None) == is_read
        assert line_counts(world.ledger) == {"posted": len(messages)}
        world.ledger.close()


def test_another_hub_moves_points_of_the_same_store_while_one_reads_ahead(postgres_url):
    with new_database(postgres_url) as url:
        world, other = World(url), World(url)
        tills = [world.till(name) for name in ("h1", "h2")]
        for till, member in zip(tills, ("anna", "ben"), strict=True):
            till.add(*[sale(f"{member}-{it}", 1_000, member=member, card="") for it in (1, 2)])
            world.take(till.batch(1, 1))
        other.ledger.connection.execute("SET lock_timeout = '10s'")
        begun: list[Answer] = []

        def take_in_other() -> bool:
            begun.extend(other.take(tills[1].batch(2)))
            return False

        answers = world.intake.post(read_group([tills[0].batch(2)]), take_in_other)

        # It asks once while it writes, and once while it commits: the batch came twice.
        receipts = [*begun, *map(opened, answers)]
        assert [it.upto_seq for it in receipts] == [2, 2, 2]
        assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []
        world.ledger.close()
        other.ledger.close()

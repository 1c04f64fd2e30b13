"""The session: everything the journal holds becomes the hub's, whatever the road does."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_hub import NOON_MS, ScriptedHub

from device.mqtt.events import (
    AskWanted,
    Connected,
    Deliver,
    Disconnected,
    Event,
    GiveUp,
    LinesAppended,
    Notice,
    Publish,
    Received,
    Reconnect,
    Report,
    Request,
    TimePassed,
)
from device.mqtt.flights import ALONE_MS, WINDOW_BATCHES
from device.mqtt.identity import Identity
from device.mqtt.open_asks import ASK_PATIENCE_MS, ASKS_MAX
from device.mqtt.session import (
    HELLO_EVERY_MS,
    PATIENCE_MAX_MS,
    RECEIPT_PATIENCE_MS,
    REFUSED_PATIENCE_MS,
    Session,
    patience_ms,
)
from device.records.journal import Journal
from loyalty.asks import AskAccount, Hello
from loyalty.chain import ENVELOPE_MAX_BYTES, LINES_MAX, ZERO_HEAD, pack, unpack
from loyalty.lines import to_line
from loyalty.receipts import AccountView, LineStatus, Receipt
from loyalty.records import Sale, SaleItem
from tests.campaign import size
from tests.device.records.check_ins import stated, write

OLD, NEW = b"o" * 32, b"n" * 32


class Road:
    """A session, its journal, a scripted hub, and the clock they stand at."""

    def __init__(self, journal: Journal, seed: int = 1) -> None:
        self.journal = journal
        self.hub = ScriptedHub(kid="k2", secret=NEW)
        self.session = Session(
            identity=Identity(store="s1", device="h1", secrets={"k1": OLD, "k2": NEW}),
            outbox=journal,
            rng=random.Random(seed),
            rules=3,
        )
        self.now_ms = 0
        self.requests: list[Request] = []

    def feed(self, event: Event) -> list[bytes]:
        """Return the envelopes that the session publishes, and keep everything else it wants."""
        requests = self.session.feed(event, self.now_ms)
        self.requests += [it for it in requests if not isinstance(it, Publish)]
        return [it.envelope for it in requests if isinstance(it, Publish)]

    def hear(self, envelopes: list[bytes]) -> list[bytes]:
        """Return what the session publishes when the hub's replies to `envelopes` arrive."""
        replies = [reply for it in envelopes for _, reply in self.hub.take(it)]
        return [envelope for reply in replies for envelope in self.feed(Received(reply))]

    def talk(self, envelopes: list[bytes]) -> None:
        """Let the two talk until neither has anything to say."""
        while envelopes:
            envelopes = self.hear(envelopes)

    def wait(self, duration_ms: int) -> list[bytes]:
        self.now_ms += duration_ms
        return self.feed(TimePassed())


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    journal = Journal.open(tmp_path / "journal.db", epoch_of_new="e1")
    yield Road(journal)
    journal.close()


def places(envelopes: list[bytes]) -> list[tuple[str, int, int]]:
    """Return purpose, first line and number of lines of each envelope."""
    headers = [(unpack(it)[0], len(unpack(it)[1])) for it in envelopes]
    return [(purpose, first, count) for (purpose, _, _, _, first, _), count in headers]


def account_question(ref: str) -> AskWanted:
    return AskWanted(AskAccount(ref=ref, card="c1", member="", ctr_seen=0), 3_000)


def test_a_connection_begins_with_a_hello_and_nothing_else(road: Road) -> None:
    write(road.journal, 3)

    said = road.feed(Connected())

    (line,) = unpack(said[0])[1]
    assert places(said) == [("hello", 0, 1)]
    assert b'"hello"' in line
    assert not road.session.is_greeted


def test_the_hubs_receipt_opens_the_road(road: Road) -> None:
    write(road.journal, 3)

    batches = road.hear(road.feed(Connected()))

    assert places(batches) == [("batch", 1, 3)]
    assert road.session.is_greeted


def test_everything_settles_when_nothing_is_lost(road: Road) -> None:
    write(road.journal, 1_234)

    road.talk(road.feed(Connected()))

    assert road.journal.pending_lines == 0
    assert road.hub.upto_seq == 1_234
    assert road.requests == []


def test_a_few_batches_of_at_most_a_hundred_lines_are_in_flight(road: Road) -> None:
    write(road.journal, 1_000)

    batches = road.hear(road.feed(Connected()))

    firsts = [1 + LINES_MAX * it for it in range(WINDOW_BATCHES)]
    assert places(batches) == [("batch", first, LINES_MAX) for first in firsts]


def test_batches_of_long_lines_fit_an_envelope(road: Road) -> None:
    items = (SaleItem("c" * 40, 100, 0),) * 500
    for _ in range(5):
        road.journal.append(
            Sale(**stated(), till_ms=NOON_MS, receipt="r", currency="HKD", items=items)
        )

    batches = road.hear(road.feed(Connected()))

    assert len(batches) > 1
    assert max(len(it) for it in batches) <= ENVELOPE_MAX_BYTES
    road.talk(batches)
    assert road.journal.pending_lines == 0


def test_a_new_line_goes_out_at_once(road: Road) -> None:
    road.talk(road.feed(Connected()))
    write(road.journal, 1)

    batches = road.feed(LinesAppended())

    assert places(batches) == [("batch", 1, 1)]


def test_lines_behind_a_batch_of_all_there_were_go_together_after_its_receipt(road: Road) -> None:
    road.talk(road.feed(Connected()))
    write(road.journal, 1)
    first = road.feed(LinesAppended())

    meanwhile = []
    for _ in range(3):
        write(road.journal, 1)
        meanwhile += road.feed(LinesAppended())
    after = road.hear(first)

    assert (places(meanwhile), places(after)) == ([], [("batch", 2, 3)])


def test_lines_behind_a_batch_without_a_receipt_wait_a_moment_only(road: Road) -> None:
    road.talk(road.feed(Connected()))
    write(road.journal, 1)
    road.feed(LinesAppended())
    write(road.journal, 2)
    road.feed(LinesAppended())

    early, then = road.wait(ALONE_MS - 1), road.wait(1)

    assert (places(early), places(then)) == ([], [("batch", 2, 2)])


def test_a_full_batch_waits_for_no_receipt(road: Road) -> None:
    road.talk(road.feed(Connected()))
    write(road.journal, 1)
    road.feed(LinesAppended())
    write(road.journal, LINES_MAX)

    batches = road.feed(LinesAppended())

    assert places(batches) == [("batch", 2, LINES_MAX)]


def test_the_rest_of_a_backlog_goes_with_it(road: Road) -> None:
    write(road.journal, LINES_MAX + 7)

    batches = road.hear(road.feed(Connected()))

    assert places(batches) == [("batch", 1, LINES_MAX), ("batch", LINES_MAX + 1, 7)]


def test_nothing_goes_out_before_a_connection(road: Road) -> None:
    write(road.journal, 1)

    assert road.feed(LinesAppended()) == []
    assert road.wait(PATIENCE_MAX_MS) == []


def test_a_batch_without_a_receipt_goes_again_while_connected(road: Road) -> None:
    write(road.journal, 2)
    lost = road.hear(road.feed(Connected()))

    early = road.wait(RECEIPT_PATIENCE_MS // 2 - 1)
    again = road.wait(RECEIPT_PATIENCE_MS)

    assert early == []
    assert again == lost
    assert road.session.tallies["batches_resent"] == 1


def test_patience_doubles_has_jitter_and_ends(road: Road) -> None:
    rng = random.Random(3)

    waits = [[patience_ms(1_000, attempt, rng) for _ in range(50)] for attempt in (0, 1, 90)]

    assert 500 <= min(waits[0]) < max(waits[0]) <= 1_000
    assert 1_000 <= min(waits[1]) < max(waits[1]) <= 2_000
    assert max(waits[2]) <= PATIENCE_MAX_MS


def test_a_hello_without_an_answer_goes_again(road: Road) -> None:
    road.feed(Connected())

    again = road.wait(RECEIPT_PATIENCE_MS)

    assert places(again) == [("hello", 0, 1)]


def test_a_quiet_device_says_hello_now_and_then(road: Road) -> None:
    road.talk(road.feed(Connected()))

    said = [road.wait(HELLO_EVERY_MS - 1), road.wait(1)]

    assert [places(it) for it in said] == [[], [("hello", 0, 1)]]


def test_after_a_reconnection_it_goes_on_from_the_receipt(road: Road) -> None:
    write(road.journal, 250)
    batches = road.hear(road.feed(Connected()))
    for lost_reply_to in batches[:2]:
        road.hub.take(lost_reply_to)
    road.feed(Disconnected("gone"))

    batches = road.hear(road.feed(Connected()))

    assert road.journal.settled_seq == 200
    assert places(batches) == [("batch", 201, 50)]


def test_a_wanted_range_is_sent_once_however_often_it_is_asked_for(road: Road) -> None:
    write(road.journal, 400)
    _, *behind = road.hear(road.feed(Connected()))

    answers = [road.hear([it]) for it in behind]

    assert [places(it) for it in answers] == [[("batch", 1, 100)], [], []]
    road.talk(answers[0])
    assert road.journal.pending_lines == 0


def test_batches_that_overtake_each_other_go_singly_until_the_next_connection(road: Road) -> None:
    write(road.journal, 2_000)
    first, second, third, fourth = road.hear(road.feed(Connected()))

    road.hear([second])  # the hub wants the first, which is still on its way
    answers = [road.hear([it]) for it in (first, third, fourth)]

    assert [places(it) for it in answers] == [[], [], [("batch", 401, LINES_MAX)]]
    assert len(road.hear(road.feed(Connected()))) == WINDOW_BATCHES


def test_a_restored_hub_gets_again_what_it_lacks(road: Road) -> None:
    write(road.journal, 150)
    road.talk(road.feed(Connected()))
    road.hub = road.hub.restored("hub-2", 20)

    road.talk(road.wait(HELLO_EVERY_MS))

    assert road.hub.upto_seq == 150
    assert road.journal.pending_lines == 0
    assert road.session.tallies == {"hub_restored": 1}


def test_a_receipt_for_another_chain_settles_nothing_and_is_counted(road: Road) -> None:
    write(road.journal, 3)
    road.feed(Connected())
    road.hub.heads = [ZERO_HEAD, b"\x01" * 32]

    road.feed(Received(road.hub.receipt("h1", "e1")))

    assert road.journal.settled_seq == 0
    assert road.session.tallies == {"receipt_mismatch": 1}
    assert isinstance(road.requests[0], Notice)


def test_a_hub_with_another_chain_still_gets_ours(road: Road) -> None:
    write(road.journal, 3)
    hello = road.feed(Connected())
    road.hub.heads = [ZERO_HEAD, *[b"\x01" * 32] * 9]

    batches = road.hear(hello)

    assert places(batches) == [("batch", 1, 3)]


@pytest.mark.parametrize(
    ("device", "kid", "secret", "purpose"),
    [
        ("h2", "k2", NEW, "receipt"),
        ("h1", "k3", NEW, "receipt"),
        ("h1", "k2", OLD, "receipt"),
        ("h1", "k2", NEW, "answer"),
    ],
)
def test_a_receipt_in_a_strange_envelope_is_not_believed(
    road: Road, device: str, kid: str, secret: bytes, purpose: str
) -> None:
    write(road.journal, 1)
    receipt = receipt_for(road.journal, 1)

    road.feed(Received(pack(secret, purpose, device, "e1", kid, 0, ZERO_HEAD, [receipt])))

    assert road.journal.settled_seq == 0
    assert road.session.tallies == {"envelope_strange": 1}


@pytest.mark.parametrize("kid", ["k1", "k2"])
def test_while_a_secret_is_replaced_the_hub_may_use_either(road: Road, kid: str) -> None:
    road.talk(road.feed(Connected()))
    write(road.journal, 1)
    secret = {"k1": OLD, "k2": NEW}[kid]
    receipt = receipt_for(road.journal, 1)

    road.feed(Received(pack(secret, "receipt", "h1", "e1", kid, 0, ZERO_HEAD, [receipt])))

    assert road.journal.settled_seq == 1


def test_the_newest_secret_seals_what_goes_out(road: Road) -> None:
    (hello,) = road.feed(Connected())

    assert unpack(hello)[0][3] == "k2"


def test_a_receipt_that_answers_no_hello_of_ours_makes_no_hub_ours(road: Road) -> None:
    road.talk(road.feed(Connected()))
    write(road.journal, 20)
    sent = road.feed(LinesAppended())
    between = road.hub.restored("hub-2", 0)
    late = [reply for it in sent for _, reply in between.take(it)]
    road.hub = road.hub.restored("hub-3", 0)

    hellos = [it for reply in late for it in road.feed(Received(reply))]

    assert road.journal.settled_seq == 0
    assert road.journal.incarnation == "hub-1"
    assert [unpack(it)[0][0] for it in hellos] == ["hello"]
    road.talk(hellos)
    road.talk(road.wait(PATIENCE_MAX_MS))
    assert (road.journal.incarnation, road.journal.pending_lines) == ("hub-3", 0)


def receipt_for(journal: Journal, upto_seq: int) -> bytes:
    return to_line(
        Receipt(
            incarnation="hub-1",
            upto_seq=upto_seq,
            head=journal.head_at(upto_seq).hex(),
            hub_ms=NOON_MS,
            want_first=0,
            want_last=0,
            exceptions=(),
        )
    )


@given(st.binary(max_size=300))
@settings(
    max_examples=200,
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture],
)
def test_no_bytes_from_the_broker_raise(road: Road, data: bytes) -> None:
    assert road.feed(Received(data)) == []


def test_an_answer_of_a_newer_hub_is_passed_over(road: Road) -> None:
    lines = [b'[1,"fanfare",1]', b'[9,"receipt"]']

    published = road.feed(Received(pack(NEW, "answer", "h1", "e1", "k2", 0, ZERO_HEAD, lines)))

    assert (published, road.requests) == ([], [])


def test_an_answer_is_delivered_once(road: Road) -> None:
    road.talk(road.feed(Connected()))
    (asked,) = road.feed(account_question("r1"))
    ((_, answer),) = road.hub.take(asked)

    road.feed(Received(answer))
    road.feed(Received(answer))

    (delivered,) = road.requests
    assert isinstance(delivered, Deliver)
    assert isinstance(delivered.answer, AccountView)


def test_an_ask_without_an_answer_is_given_up_in_time(road: Road) -> None:
    road.talk(road.feed(Connected()))
    road.feed(account_question("r1"))

    road.wait(2_999)
    early = list(road.requests)
    road.wait(1)

    assert (early, road.requests) == ([], [GiveUp("r1")])


def test_an_ask_is_given_up_in_time_though_the_journal_cannot_be_read(road: Road) -> None:
    road.talk(road.feed(Connected()))
    road.feed(account_question("r1"))
    write(road.journal, 1)
    road.journal.close()

    road.wait(3_000)

    assert road.requests[0] == GiveUp("r1")
    assert road.session.tallies["journal_failed"] == 1


def test_an_ask_that_was_lost_goes_again_while_somebody_waits(road: Road) -> None:
    road.talk(road.feed(Connected()))
    first = road.feed(account_question("r1"))

    early, again = road.wait(ASK_PATIENCE_MS - 1), road.wait(1)
    road.talk(again)

    assert (early, again) == ([], first)
    assert [type(it) for it in road.requests] == [Deliver]


def test_an_ask_while_offline_is_given_up_at_once(road: Road) -> None:
    road.feed(account_question("r1"))

    assert road.requests == [GiveUp("r1")]


def test_one_ask_too_many_is_given_up_at_once(road: Road) -> None:
    road.feed(Connected())

    sent = [road.feed(account_question(f"r{it}")) for it in range(ASKS_MAX + 1)]

    assert [len(it) for it in sent] == [1] * ASKS_MAX + [0]
    assert road.requests == [GiveUp(f"r{ASKS_MAX}")]


def test_an_open_ask_goes_again_after_a_reconnection(road: Road) -> None:
    road.feed(Connected())
    road.feed(account_question("r1"))
    road.feed(Disconnected("gone"))

    said = road.feed(Connected())

    assert [purpose for purpose, _, _ in places(said)] == ["hello", "ask"]


def test_what_did_not_simply_post_is_reported(road: Road) -> None:
    status = LineStatus(1, "held", "unknown_card")
    road.hub.exceptions = (status,)
    write(road.journal, 1)

    road.hear(road.hear(road.feed(Connected())))

    assert road.requests[-1] == Report((status,))


def test_the_hubs_time_is_taken_from_its_receipt(road: Road) -> None:
    before = road.session.time.named_ms

    road.talk(road.feed(Connected()))

    assert (before, road.session.time.named_ms) == (0, NOON_MS)


def test_reconnecting_waits_longer_each_time_until_the_hub_answers(road: Road) -> None:
    for _ in range(3):
        road.feed(Disconnected("gone"))
    road.talk(road.feed(Connected()))
    road.feed(Disconnected("gone"))

    waits = [it.after_ms for it in road.requests if isinstance(it, Reconnect)]

    assert waits[2] > waits[1] > waits[0]
    assert waits[3] <= 1_000


def test_refused_credentials_are_tried_again_slowly(road: Road) -> None:
    road.feed(Disconnected("Not authorized", was_refused=True))

    (reconnect,) = road.requests
    assert isinstance(reconnect, Reconnect)
    assert reconnect.after_ms >= REFUSED_PATIENCE_MS // 2


def test_a_hello_says_where_the_device_stands(road: Road) -> None:
    write(road.journal, 7)
    road.talk(road.feed(Connected()))
    write(road.journal, 2)
    road.session.rules = 4

    road.talk(road.feed(Connected()))

    hello = road.hub.hellos[-1]
    stands = {"last_seq": 9, "settled_seq": 7, "incarnation": "hub-1", "rules": 4}
    assert hello == Hello(ref=hello.ref, hub_ms=NOON_MS, **stands)
    assert road.hub.hellos[0].hub_ms == 0


@pytest.mark.campaign
@given(seed=st.integers(0, 2**32), loss=st.floats(0, 0.6), data=st.data())
@settings(max_examples=size(25, 2_000), deadline=None)
def test_whatever_the_road_loses_doubles_or_swaps_everything_settles_in_the_end(
    tmp_path_factory: pytest.TempPathFactory, seed: int, loss: float, data: st.DataObject
) -> None:
    journal = Journal.open(tmp_path_factory.mktemp("road") / "journal.db", epoch_of_new="e1")
    road = Road(journal, seed)
    fate = random.Random(seed)
    up, down = road.feed(Connected()), []
    for _ in range(data.draw(st.integers(1, 60))):
        event = fate.random()
        if event < 0.3:
            write(journal, fate.randrange(120))
            up += road.feed(LinesAppended())
        elif event < 0.35:
            road.feed(Disconnected("gone"))
            up, down = road.feed(Connected()), []
        elif event < 0.38:
            back = fate.randrange(road.hub.upto_seq + 1)
            road.hub = road.hub.restored(f"hub-{fate.random()}", back)
        elif event < 0.5:
            up += road.wait(fate.randrange(20_000))
        up, heard = some(up, fate, loss)
        down += [reply for it in heard for _, reply in road.hub.take(it)]
        down, arrived = some(down, fate, loss)
        up += [it for reply in arrived for it in road.feed(Received(reply))]
        for seq in range(1, journal.settled_seq + 1, 37):
            assert seq in road.hub.held or road.hub.incarnation != journal.incarnation

    for _ in range(10):
        road.talk(road.wait(HELLO_EVERY_MS))

    assert journal.pending_lines == 0
    assert [line for _, line in journal.pending(0, 99_999)] == [
        road.hub.held[seq] for seq in range(1, journal.last_seq + 1)
    ]
    assert journal.head_at(journal.last_seq) == road.hub.heads[-1]
    journal.close()


def some(
    messages: list[bytes], fate: random.Random, loss: float
) -> tuple[list[bytes], list[bytes]]:
    """Return what is still under way and what arrives: shuffled, with losses and doubles."""
    kept, arriving = [], []
    for message in fate.sample(messages, len(messages)):
        if fate.random() < 0.3:
            kept.append(message)
        elif fate.random() >= loss:
            arriving += [message] * fate.choice((1, 1, 1, 2))
    return kept, arriving


def test_the_hubs_time_is_trusted_from_its_answer_to_hello_on(road):
    before = road.session.time.trusted_ms(road.now_ms)

    road.talk(road.feed(Connected()))
    road.now_ms += 5000

    assert before == 0
    assert road.session.time.trusted_ms(road.now_ms) == NOON_MS + 5000


def test_an_answer_that_waited_on_the_road_is_as_old_as_the_hello(road):
    hello = road.feed(Connected())
    road.now_ms += 4000

    road.hear(hello)

    assert road.session.time.trusted_ms(road.now_ms) == NOON_MS + 4000


def test_a_receipt_that_is_brought_again_makes_the_hub_no_younger(road):
    road.talk(road.feed(Connected()))
    old = road.hub.receipt("h1", "e1")
    road.now_ms += 60_000

    road.feed(Received(old))

    assert road.session.time.silent_ms(road.now_ms) == 60_000


def test_after_a_start_a_receipt_nobody_asked_for_brings_no_time(road):
    road.talk(road.feed(Connected()))
    after = Road(road.journal)
    after.hub = road.hub
    after.feed(Connected())

    after.feed(Received(after.hub.receipt("h1", "e1")))

    assert after.session.time.trusted_ms(after.now_ms) == 0

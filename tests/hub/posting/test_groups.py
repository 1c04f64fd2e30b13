"""Groups of messages are read without the ledger; what cannot be read is for others to judge."""

from collections import Counter

from hub.posting.envelopes import Arrival
from hub.posting.groups import Reading, read_group
from loyalty import topics
from loyalty.asks import AskAccount
from loyalty.lines import to_line
from tests.hub.hub_world import Till, sale

NO_RECORD = b'{"kind":"of no programme"}'


def test_messages_that_are_no_envelopes_are_dropped_and_counted():
    good = Till("h1").ask(AskAccount(ref="q1", card="04AA", member="", ctr_seen=-1))
    of_another = good._replace(topic=topics.up("s1", "h2", "ask"))
    garbled = good._replace(payload=b"no envelope")

    group = read_group([garbled, good, of_another, Arrival("nowhere", b"")])

    assert [it.device for it in group.envelopes] == ["h1"]
    assert group.dropped == Counter(
        dropped_bad_envelope=1, dropped_wrong_topic=1, dropped_bad_topic=1
    )


def test_lines_that_state_a_record_are_read_and_others_left_to_whoever_posts_them():
    sold = sale("a", 1_000)
    till = Till("h1")
    till.add(sold, NO_RECORD)

    group = read_group([till.batch()])

    assert group.envelopes[0].lines == [to_line(sold), NO_RECORD]
    assert group.records == {to_line(sold): sold}


def test_a_group_is_read_message_by_message_and_is_whole_at_any_time():
    tills = [Till(f"h{number}") for number in range(3)]
    for it in tills:
        it.add(sale(it.name))
    arrivals = [it.batch() for it in tills]
    begun, untouched, finished = [Reading(arrivals) for _ in range(3)]

    is_there_more = begun.read_one()
    steps = [finished.read_one() for _ in range(4)]

    assert is_there_more
    assert steps == [True, True, True, False]
    assert begun.whole() == untouched.whole() == finished.whole() == read_group(arrivals)

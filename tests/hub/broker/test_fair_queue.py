"""Who is taken when, how much at once, and what may be acknowledged."""

import threading

from hub.broker.fair_queue import SENDERS_MIN, FairQueue

NO_LIMIT = 1_000_000


def filled(*messages: str, size_bytes: int = 10) -> FairQueue[str]:
    """Return a queue of messages such as "a1", each named for its sender."""
    queue: FairQueue[str] = FairQueue(messages_max=100)
    for message in messages:
        queue.put(message[0], message, size_bytes)
    return queue


def taken(queue: FairQueue[str], messages: int = NO_LIMIT, size_bytes: int = NO_LIMIT) -> list[str]:
    return [it.message for it in queue.take(messages, size_bytes, patience_s=0, gather_s=0)]


def test_senders_take_turns_and_each_one_keeps_its_order():
    queue = filled("a1", "a2", "a3", "b1", "b2", "c1")

    assert taken(queue) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_whoever_was_not_reached_comes_first_next_time():
    queue = filled("a1", "a2", "b1", "b2", "c1")

    groups = [taken(queue, messages=2), taken(queue, messages=2), taken(queue, messages=2)]

    assert groups == [["a1", "b1"], ["c1", "a2"], ["b2"]]


def test_a_group_ends_with_the_message_that_fills_it():
    queue = filled("a1", "b1", "c1", size_bytes=10)

    assert taken(queue, size_bytes=11) == ["a1", "b1"]
    assert len(queue) == 1


def test_a_message_beyond_the_maximum_is_not_taken_in():
    queue: FairQueue[str] = FairQueue(messages_max=2)

    was_room = [queue.put(sender, sender, 1) for sender in "abc"]

    assert was_room == [True, True, False]


def test_a_sender_that_floods_leaves_room_for_the_others():
    queue: FairQueue[str] = FairQueue(messages_max=SENDERS_MIN * 2)

    of_one = [queue.put("a", str(number), 1) for number in range(3)]
    of_another = queue.put("b", "b1", 1)
    queue.take(1, NO_LIMIT, patience_s=0, gather_s=0)

    assert (of_one, of_another) == ([True, True, False], True)
    assert queue.put("a", "3", 1)


def test_messages_are_finished_in_the_order_in_which_they_came():
    queue = filled("a1", "a2", "b1")
    first, second, third = queue.take(NO_LIMIT, NO_LIMIT, patience_s=0, gather_s=0)

    assert [first.message, second.message, third.message] == ["a1", "b1", "a2"]
    assert queue.finish([second]) == []
    assert queue.finish([first]) == ["a1"]
    assert queue.finish([third]) == ["a2", "b1"]


def test_nothing_comes_of_an_empty_queue_once_patience_ends():
    assert taken(filled()) == []


def test_a_message_wakes_whoever_waits_for_one():
    queue = filled()
    groups: list[list[str]] = []
    patient = threading.Thread(
        target=lambda: groups.append(
            [it.message for it in queue.take(1, 1, patience_s=60, gather_s=60)]
        )
    )
    patient.start()

    queue.put("a", "a1", 1)
    patient.join(timeout=60)

    assert groups == [["a1"]]

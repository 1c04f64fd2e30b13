"""Open questions: bounded, asked again with the same words, and given up in time."""

from device.mqtt.open_asks import ASK_PATIENCE_MS, ASKS_MAX, OpenAsks
from loyalty.asks import AskAccount
from loyalty.lines import to_line


def question(ref: str) -> AskAccount:
    return AskAccount(ref=ref, card="c1", member="", ctr_seen=0)


def test_a_question_is_its_line_and_is_answered_once() -> None:
    asks = OpenAsks()

    line = asks.add(question("r1"), 3_000, now_ms=0)

    assert line == to_line(question("r1"))
    assert (asks.take("r1"), asks.take("r1")) == (True, False)


def test_there_is_no_room_for_one_too_many_until_one_is_answered() -> None:
    asks = OpenAsks()
    for number in range(ASKS_MAX):
        assert asks.add(question(f"r{number}"), 3_000, now_ms=0) is not None

    refused = asks.add(question("late"), 3_000, now_ms=0)
    asks.take("r0")

    assert refused is None
    assert asks.add(question("late"), 3_000, now_ms=0) is not None


def test_a_question_is_given_up_when_its_time_is_up() -> None:
    asks = OpenAsks()
    asks.add(question("r1"), 3_000, now_ms=100)

    assert asks.give_up(3_099) == []
    assert asks.give_up(3_100) == ["r1"]
    assert asks.lines() == []


def test_a_question_is_asked_again_now_and_then() -> None:
    asks = OpenAsks()
    line = asks.add(question("r1"), 60_000, now_ms=0)

    again = [asks.ask_again(it) for it in (ASK_PATIENCE_MS - 1, ASK_PATIENCE_MS)]
    once_more = asks.ask_again(2 * ASK_PATIENCE_MS)

    assert again == [[], [line]]
    assert once_more == [line]

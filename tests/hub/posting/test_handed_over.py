"""A server begins to write a group of lines while the later ones are still being judged.

Whatever these say about the earlier ones, the ledger is as if each had come alone.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.ledger.digest import digest
from hub.ledger.postgres_writer import HAND_OVER_LINES
from hub.ledger.queries import line_counts
from hub.ledger.verify import broken, verify
from loyalty.chain import LINES_MAX
from loyalty.receipts import LineStatus
from loyalty.record import Record
from tests.hub.hub_world import START_MS, Till, World, redemption, sale

LINES = 2 * HAND_OVER_LINES + LINES_MAX
MEMBERS = 50


@pytest.fixture
def other(tmp_path: Path) -> Iterator[World]:
    """Return a second hub, for the same lines one batch at a time."""
    folder = tmp_path / "other"
    folder.mkdir()
    found = World(folder)
    yield found
    found.ledger.close()


def sales(count: int = LINES) -> list[Record]:
    """Return sales of many members, each of whom comes again and again."""
    return [
        sale(
            f"r{it}",
            till_ms=START_MS + it,
            card=f"04{it % MEMBERS:02}",
            member=f"m{it % MEMBERS}",
        )
        for it in range(count)
    ]


def batches(till: Till) -> list:
    firsts = range(1, len(till.lines) + 1, LINES_MAX)
    return [till.batch(it, it + LINES_MAX - 1) for it in firsts]


def take_together_and_apart(
    world: World, other: World, lines: list[Record], *, again_after: int | None
) -> None:
    """See that both get the same answers and the same ledger; a batch may come twice."""
    till, same = world.till("h1"), other.till("h1")
    for it in (till, same):
        it.add(*lines)
    sent, resent = batches(till), batches(same)
    if again_after is not None:
        sent.insert(again_after, sent[0])
        resent.insert(again_after, resent[0])

    together = world.take(*sent)
    apart = [answer for it in resent for answer in other.take(it)]

    assert [(it.upto_seq, it.exceptions) for it in together] == [
        (it.upto_seq, it.exceptions) for it in apart
    ]
    assert digest(world.ledger) == digest(other.ledger)
    assert line_counts(world.ledger) == line_counts(other.ledger)
    assert world.cases() == other.cases()
    assert_sound(world)


def assert_sound(world: World) -> None:
    assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(sale("r0", 99_000, till_ms=START_MS + LINES, member="m0"), id="same op again"),
        pytest.param(sale("late", till_ms=START_MS + 1, card="0400", member="m0"), id="late"),
        pytest.param(
            sale("r5", till_ms=START_MS - 1, card="0405", member="m5"), id="earlier of its op"
        ),
        pytest.param(
            redemption("r0:spend", 60, card="0400", member="m0", at_ms=START_MS + LINES),
            id="spends what was earned",
        ),
        pytest.param(
            sale("new", card="04FF", member="m7", till_ms=START_MS + LINES), id="another card"
        ),
    ],
)
def test_a_line_about_what_is_handed_over_does_what_it_does_alone(world, other, last):
    lines = [*sales(), last, *[sale(f"after{it}", till_ms=START_MS + LINES) for it in range(50)]]

    take_together_and_apart(world, other, lines, again_after=None)


def test_a_late_line_after_a_batch_that_came_again_does_what_it_does_alone(world, other):
    late = sale("late", till_ms=START_MS + 1, card="0400", member="m0")

    take_together_and_apart(world, other, [*sales(), late], again_after=4)


def test_what_the_server_refuses_meanwhile_is_taken_apart(world):
    till, other = world.till("h1"), world.till("h2")
    till.add(*sales())
    other.add(sale("fine", member="ben", card="04BB"))
    world.refuse_op("r150")

    *receipts, fine = world.take(*batches(till), other.batch())

    assert receipts[1].exceptions[50] == LineStatus(151, "held", "fault")
    assert [it.exceptions for it in (receipts[0], *receipts[2:], fine)] == [()] * len(receipts)
    assert world.balance("ben") == 10
    assert line_counts(world.ledger) == {"posted": LINES + 1 - LINES_MAX, "held": LINES_MAX}
    assert_sound(world)

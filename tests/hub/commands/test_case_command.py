"""`revisit case` as a person uses it, on both engines."""

import pytest

from hub.commands import case as case_command
from hub.posting.reconcile import FUTURE_MAX_MS
from loyalty.clock import DAY_MS
from loyalty.records import CardIssued, CardSuspected
from tests.hub.hub_world import START_MS, World, check_in, common, redemption, sale

CARD = "04A1B2C3D4E5F6"
NUMBER = "phone:" + "5f" * 16
DAY_AHEAD = START_MS + DAY_MS
AHEAD = "future_clock"


class Person:
    """Somebody at a prompt: types commands, reads what they print."""

    def __init__(self, world, capsys):
        self.world = world
        self.capsys = capsys

    def type(self, *words: object) -> tuple[int, str, str]:
        arguments = [*map(str, words), "--db", str(self.world.path)]
        status = case_command.main(arguments)
        shown = self.capsys.readouterr()
        return status, shown.out, shown.err

    def shows(self, code: str) -> str:
        number = self.world.value("SELECT id FROM case_file WHERE code = ?", code)
        status, shown, _ = self.type("show", number)
        assert status == 0
        return shown


@pytest.fixture
def person(world, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    return Person(world, capsys)


def overdraw(world: World, till, op: str) -> None:
    till.add(redemption(op))
    world.take(till.batch(len(till.lines)))


def test_no_age_is_too_great_to_be_understood(person):
    status, _, told = person.type("list", "--age", 10**20)

    assert (status, "Invalid value for '--age'" in told) == (2, True)


def test_what_was_done_to_a_case_is_said(world, person):
    overdraw(world, world.till("h1"), "r1")

    assigned = person.type("assign", 1, "--to", "黃")
    closed = person.type("close", 1, "--by", "黃", "--note", "The till was wrong.")

    assert assigned == (0, "case 1 is 黃's now\n", "")
    assert closed == (0, "case 1 is closed\n", "")


def test_cases_are_listed_open_ones_first_and_found_by_what_they_have(world, person):
    overdraw(world, world.till("h1"), "r1")
    other = world.till("h2")
    other.add(check_in(card=NUMBER, member=""))
    world.take(other.batch())
    person.type("close", 1, "--by", "wong", "--note", "The till was wrong.")
    person.type("assign", 2, "--to", "chan")

    _, everything, _ = person.type("list")
    _, still_open, _ = person.type("list", "--open")
    found = [
        "unknown_card" in person.type("list", *words)[1]
        for words in (
            ("--code", "overdrawn"),
            ("--code", "unknown_card"),
            ("--store", "s1"),
            ("--store", "s2"),
            ("--assignee", "chan"),
            ("--assignee", "wong"),
            ("--age", 24),
        )
    ]

    assert everything.index("unknown_card") < everything.index("overdrawn")
    assert "overdrawn" not in still_open
    assert found == [False, True, True, False, True, False, True]


def test_a_case_tells_what_it_means_and_shows_the_line_and_how_its_member_stands(world, person):
    till = world.till("h1")
    till.add(sale("r1", 1000))
    world.take(till.batch())
    overdraw(world, till, "r2")

    shown = person.shows("overdrawn")

    for words in (
        "spent points that were not there",
        "40 points were not there",
        "debt, which the next sales pay first",
        "line h1:e1:2 of store s1",
        "offer        mug",
        "member anna: -40 points",
        "device h1 of store s1, epoch e1: lines to 2 without a gap",
    ):
        assert words in shown


def test_both_lines_of_a_conflict_are_shown(world, person):
    first, second = world.till("h1"), world.till("h2")
    first.add(sale("r1", 1000))
    second.add(sale("r1", 2000, at_ms=START_MS + 1, till_ms=START_MS + 1))
    world.take(first.batch(), second.batch())

    shown = person.shows("op_conflict")

    assert "line h1:e1:1 of store s1" in shown
    assert "line h2:e1:1 of store s1" in shown
    assert "unknown, 1000, 0" in shown
    assert "unknown, 2000, 0" in shown


def test_both_versions_of_a_forked_line_are_shown_and_the_store_is_known(world, person):
    till, copy = world.till("h1"), world.till("h1")
    till.add(sale("r1", 1000))
    copy.add(sale("r2", 2000))
    world.take(till.batch(), copy.batch())

    shown = person.shows("fork")
    _, listed, _ = person.type("list", "--store", "s1")

    assert "1000, 0" in shown
    assert "2000, 0" in shown
    assert "forked at line 1" in shown
    assert "h1:e1" in listed


def test_both_operations_of_a_copied_card_are_shown(world, person):
    till = world.till("h1")
    whose = {"card": CARD, "ctr_seen": 4, "ctr_used": 5, "touch": "done"}
    till.add(sale("r1", **whose), sale("r2", **whose))
    world.take(till.batch())

    shown = person.shows("clone")

    assert "line h1:e1:1 " in shown
    assert "line h1:e1:2 " in shown
    assert "card …E5F6: kind not known yet, seen, anna's, counter 5" in shown


def test_a_grant_that_was_not_the_members_is_shown(world, person):
    till = world.till("h1")
    till.add(sale("r1", 9900))
    world.take(till.batch())
    till.add(redemption("r2", auth="grant-9", granted_ms=START_MS))
    world.take(till.batch(2))

    assert "names a grant that its member never got" in person.shows("unknown_grant")


def test_no_card_number_is_shown_whole(world, person):
    till = world.till("h1")
    till.add(CardSuspected(**common(card=CARD), sign="copied"))
    world.take(till.batch())

    _, listed, _ = person.type("list")
    shown = person.shows("copied")

    assert "…E5F6" in listed
    assert CARD not in listed + shown


def test_a_case_is_given_to_somebody_closed_and_opened_again_with_its_history(world, person):
    till = world.till("h1")
    overdraw(world, till, "r1")
    copy = world.till("h2")
    copy.add(sale("r1", 70, at_ms=START_MS + 9, till_ms=START_MS + 9))
    world.take(copy.batch())
    number = world.value("SELECT id FROM case_file WHERE code = 'op_conflict'")

    person.type("assign", number, "--to", "wong")
    person.type("close", number, "--by", "chan", "--note", "Keyed twice, [b]by hand[/b].")
    before = person.shows("op_conflict")
    third = world.till("h3")
    third.add(sale("r1", 80, at_ms=START_MS + 9, till_ms=START_MS + 9))
    world.take(third.batch())
    after = person.shows("op_conflict")

    assert ": op_conflict, closed, wong's" in before
    assert "given to wong" in before
    assert "closed by chan: Keyed twice, [b]by hand[/b]." in before
    assert ": op_conflict, open, wong's" in after
    assert after.index("closed by chan") < after.index("seen again, and so opened again")
    assert "seen        2 times" in after


def test_a_closed_case_that_is_seen_twice_at_once_opens_again_once(world, person):
    till = world.till("h1")
    till.add(*[sale(f"r{it}", at_ms=DAY_AHEAD, till_ms=DAY_AHEAD) for it in range(3)])
    world.take(till.batch(1, 1))
    person.type("close", 1, "--by", "chan", "--note", "The clock was set.")

    world.take(till.batch(2))

    shown = person.shows(AHEAD)
    assert shown.count("seen again, and so opened again") == 1
    assert "seen        3 times" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", 9), "no case 9 in "),
        (("assign", 9, "--to", "wong"), "no case 9 in "),
        (("close", 1, "--by", "chan", "--note", "Twice."), "is closed, an open one wanted"),
        (("assign", 1, "--to", "wong"), "is closed, an open one wanted"),
        (("assign", 1, "--to", "a\nb"), "1 to 64 printable characters wanted"),
        (("close", 1, "--by", "chan", "--note", ""), "1 to 1000 printable characters wanted"),
        (("close", 1, "--by", "chan", "--note", "x" * 1001), "note of 1001 characters"),
        (("list", "--limit", 0), "greater than or equal to 1"),
        (("close", 1, "--by", "chan"), "note"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(world, person, words, said):
    overdraw(world, world.till("h1"), "r1")
    person.type("close", 1, "--by", "chan", "--note", "Done.")

    status, _, told = person.type(*words)

    assert status in (1, 2)
    assert said in told
    assert told.startswith("revisit case: ")


def test_a_line_that_was_ahead_of_the_clock_posts_when_its_time_has_come(world, person):
    till = world.till("h1")
    till.add(sale("r1", at_ms=DAY_AHEAD, till_ms=DAY_AHEAD))
    till.add(sale("r2", at_ms=2 * DAY_MS + START_MS, till_ms=2 * DAY_MS + START_MS))
    world.take(till.batch())

    world.clock.at_ms = DAY_AHEAD - FUTURE_MAX_MS - 1
    early = world.intake.tick(), world.balance("anna")
    world.clock.at_ms += 1
    first = world.intake.tick(), world.balance("anna"), "open, nobody's" in person.shows(AHEAD)
    world.clock.at_ms += DAY_MS
    both = world.intake.tick(), world.balance("anna"), world.intake.tick()

    assert (early, first, both) == ((0, None), (1, 10, True), (1, 20, 0))
    assert [world.status(seq) for seq in (1, 2)] == [("posted", ""), ("posted", "")]
    assert "it settled by itself" in person.shows(AHEAD)


def test_what_waited_for_the_clock_is_booked_when_it_posts(world):
    till = world.till("h1")
    till.add(sale("r1", at_ms=DAY_AHEAD, till_ms=DAY_AHEAD))
    world.take(till.batch())

    world.clock.at_ms = DAY_AHEAD
    world.intake.tick()

    assert world.value("SELECT booked_ms FROM transfer") == DAY_AHEAD
    assert world.value("SELECT received_ms FROM inbox") == START_MS


def test_a_line_of_a_forked_chain_does_not_post_when_its_time_has_come(world):
    till, copy = world.till("h1"), world.till("h1")
    till.add(sale("r1", at_ms=DAY_AHEAD, till_ms=DAY_AHEAD))
    copy.add(sale("r2"))
    world.take(till.batch(), copy.batch())

    world.clock.at_ms = DAY_AHEAD

    assert world.intake.tick() == 0
    assert world.status(1) == ("held", AHEAD)


def test_a_card_that_is_linked_settles_its_case(world, person):
    till = world.till("h1")
    till.add(sale("r1", card=NUMBER, member=""))
    world.take(till.batch())

    till.add(CardIssued(**common(card=NUMBER), card_kind="phone"))
    world.take(till.batch(2))

    assert world.balance("anna") == 10
    assert "it settled by itself" in person.shows("unknown_card")

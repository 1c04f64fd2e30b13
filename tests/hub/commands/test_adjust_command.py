"""Points by hand take two people, a reason, and a programme that allows them; on both engines."""

import json
from pathlib import Path

import pytest

from hub.commands import ledger as ledger_command
from hub.decisions.adjustments import KIND, Terms
from hub.ledger.proposals import LIST_MAX, Proposal, propose
from hub.ledger.verify import broken, verify
from loyalty.programme import parse
from tests.hub.hub_world import PROGRAMME, SECRET, START_MS, World, sale

TERMS = "\n[adjustments]\nmost_points = 500\nretro_credit = true\n"
RETRO = (
    *("--reason", "retro_credit", "--note", "Card left at home.", "--by", "wong"),
    *("--store", "s1"),
)
PROPOSED = ("--reason", "goodwill", "--note", "The kiosk kept her card.", "--by", "wong")


class People:
    """Who type at a prompt."""

    def __init__(self, place: str, folder: Path, capsys):
        self.world = World(place)
        self.programme = folder / "programme.toml"
        self.programme.write_text(PROGRAMME + TERMS)
        self.capsys = capsys
        till = self.world.till("h1")
        till.add(sale("r1", 10_000, till_ms=1, at_ms=1))
        self.world.take(till.batch())

    def type(self, *words: object) -> tuple[int, str, str]:
        arguments = ["adjust", *map(str, words), "--db", self.world.path]
        if words[0] != "list":
            arguments += ["--programme", str(self.programme)]
        status = ledger_command.main(arguments)
        shown = self.capsys.readouterr()
        return status, shown.out.strip(), shown.err

    def propose(self, points: int, *words: str) -> str:
        status, number, told = self.type("propose", "anna", "--points", points, *words or PROPOSED)
        assert status == 0, told
        return number

    def refusal(self, *words: object) -> str:
        status, _, told = self.type(*words)
        assert status == 1
        return told

    def balance(self) -> int:
        programme = parse(PROGRAMME + TERMS, source="adjust")
        assert broken(verify(self.world.ledger, [programme], START_MS)) == []
        return self.world.balance("anna")


@pytest.fixture
def people(ledger_url, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    found = People(ledger_url, tmp_path, capsys)
    yield found
    found.world.ledger.close()


@pytest.mark.parametrize("points", [40, -40])
def test_what_two_people_agree_on_counts_at_once(people, points):
    number = people.propose(points)
    before = people.balance()

    told = people.type("agree", number, "--by", "chan")

    assert told == (0, f"agreed: {points:+} points for anna", "")
    assert (before, people.balance()) == (100, 100 + points)


def test_nobody_agrees_with_themselves_and_nothing_is_agreed_twice(people):
    number = people.propose(40)

    alone = people.refusal("agree", number, "--by", "WONG")
    people.type("agree", number, "--by", "chan")
    twice = people.refusal("agree", number, "--by", "lee")

    assert "wong's own, another person wanted" in alone
    assert "was agreed by chan" in twice
    assert people.balance() == 140


def test_what_is_refused_moves_nothing(people):
    number = people.propose(40)

    people.type("refuse", number, "--by", "chan")

    assert people.balance() == 100
    assert "was refused by chan" in people.refusal("agree", number, "--by", "lee")


@pytest.mark.parametrize("points", [0, 501, -501])
def test_nobody_moves_more_than_the_programme_allows_nor_nothing(people, points):
    told = people.refusal("propose", "anna", "--points", points, *PROPOSED)

    assert f"{points} points, 1 to 500 either way wanted" in told


def test_a_programme_that_allows_none_by_now_is_obeyed(people):
    number = people.propose(40)
    people.programme.write_text(PROGRAMME)

    assert "lets nobody give points by hand" in people.refusal("agree", number, "--by", "chan")
    people.programme.write_text(PROGRAMME + TERMS)
    assert people.type("agree", number, "--by", "chan")[0] == 0


@pytest.mark.parametrize("card", ["04AA", "04BB"])
def test_a_receipt_that_earned_on_any_card_is_not_made_good(people, card):
    till = people.world.till("h2")
    till.add(sale("s1:R-4711:sale", card=card, member="ben", receipt="R-4711"))
    people.world.take(till.batch())

    told = people.refusal("propose", "anna", "--points", 40, *RETRO, "--receipt", "R-4711")

    assert "receipt R-4711 of store 's1' is here as line h2:e1:1 (posted)" in told
    assert people.type("list")[1].count("retro_credit") == 0


def test_a_receipt_that_earned_after_it_was_proposed_is_not_made_good(people):
    number = people.propose(40, *RETRO, "--receipt", "R-4711")
    till = people.world.till("h2")
    till.add(sale("s1:R-4711:sale", card="04BB", member="ben", receipt="R-4711"))
    people.world.take(till.batch())

    told = people.refusal("agree", number, "--by", "chan")

    assert "receipt R-4711 of store 's1' is here as line h2:e1:1 (posted)" in told
    assert people.balance() == 100


def test_a_receipt_of_the_same_number_in_another_store_is_another_receipt(people):
    people.world.ledger.add_device("s2", "h9", "k1", SECRET, "password")
    first = people.propose(40, *RETRO, "--receipt", "R-4711")
    other = people.propose(30, *[*RETRO[:-1], "s2"], "--receipt", "R-4711")

    assert people.type("agree", first, "--by", "chan")[0] == 0
    assert people.type("agree", other, "--by", "chan")[0] == 0
    assert people.balance() == 170


def test_a_receipt_of_a_store_that_nobody_knows_is_not_made_good(people):
    words = (*RETRO[:-1], "s7", "--receipt", "R-4711")

    told = people.refusal("propose", "anna", "--points", 40, *words)

    assert "no store 's7'" in told


def test_what_a_receipt_makes_good_is_booked_as_its_stores(people):
    number = people.propose(40, *RETRO, "--receipt", "R-4711")

    people.type("agree", number, "--by", "chan")

    issued = "SELECT balance FROM account WHERE owner = 'store:s1' AND kind = 'points_issued'"
    assert people.world.value(issued) == -140


def test_a_receipt_is_made_good_once(people):
    words = RETRO
    first = people.propose(40, *words, "--receipt", "R-4711")

    again = people.refusal("propose", "anna", "--points", 40, *words, "--receipt", "R-4711")
    people.type("refuse", first, "--by", "chan")
    people.propose(40, *words, "--receipt", "R-4711")

    assert f"is made good by {first}" in again


def test_a_receipt_is_made_good_once_however_long_ago(people):
    words = RETRO
    first = people.propose(40, *words, "--receipt", "R-4711")
    terms = json.dumps(Terms(1, ""))
    later = Proposal("", KIND, "anna", terms, "goodwill", "So.", "wong", 10**13)
    with people.world.ledger.transaction() as database:
        for number in range(LIST_MAX):
            propose(database, later._replace(id=f"later-{number}"))

    again = people.refusal("propose", "anna", "--points", 40, *words, "--receipt", "R-4711")

    assert f"is made good by {first}" in again


@pytest.mark.parametrize(
    ("reason", "store", "receipt", "why"),
    [
        ("retro_credit", "s1", "", "receipt '' of store 's1', both wanted with retro_credit"),
        ("retro_credit", "", "R-1", "receipt 'R-1' of store '', both wanted with retro_credit"),
        ("goodwill", "", "R-1", "neither wanted with goodwill"),
        ("goodwill", "s1", "", "neither wanted with goodwill"),
        ("retro_credit", "s1", "R 1", "1 to 64 of"),
        ("because", "", "", "one of goodwill"),
    ],
)
def test_a_reason_is_one_of_a_few_and_says_what_it_needs(people, reason, store, receipt, why):
    words = ("--reason", reason, "--note", "So.", "--by", "wong")
    words += ("--store", store, "--receipt", receipt)

    assert why in people.refusal("propose", "anna", "--points", 40, *words)


def test_receipts_of_the_past_need_a_programme_that_has_them(people):
    people.programme.write_text(PROGRAMME + TERMS.replace("true", "false"))
    words = (*RETRO, "--receipt", "R-1")

    told = people.refusal("propose", "anna", "--points", 40, *words)

    assert "gives no points for receipts of the past" in told


def test_nobody_is_a_member_because_of_an_adjustment(people):
    told = people.refusal("propose", "nobody", "--points", 40, *PROPOSED)

    assert "no member 'nobody'" in told


def test_proposals_are_listed_with_what_became_of_them(people):
    people.type("agree", people.propose(40), "--by", "chan")
    people.propose(-7)

    everything, still_open = people.type("list")[1], people.type("list", "--open")[1]

    assert "agreed by chan" in everything
    assert "-7" in still_open
    assert "agreed" not in still_open

"""A card is stopped and allowed at a prompt, and what it carries is told with whom it waits for."""

from pathlib import Path

import pytest

from hub.commands import ledger as ledger_command
from loyalty.asks import AskAccount, AskRedeem
from tests.hub.hub_world import PROGRAMME
from tests.hub.lease_world import ANNA, OFFLINE, UID, LeaseWorld


class Person:
    """Somebody at a prompt."""

    def __init__(self, world: LeaseWorld, folder: Path, capsys):
        self.world = world
        self.programme = folder / "programme.toml"
        self.programme.write_text(PROGRAMME + OFFLINE)
        self.capsys = capsys

    def type(self, *words: str, has_programme: bool = False) -> tuple[int, str]:
        arguments = [*words, "--db", str(self.world.path)]
        if has_programme:
            arguments += ["--programme", str(self.programme)]
        status = ledger_command.main(arguments)
        shown = self.capsys.readouterr()
        return status, " ".join((shown.out + shown.err).split())


@pytest.fixture
def world(ledger_url):
    found = LeaseWorld(ledger_url)
    yield found
    found.ledger.close()


@pytest.fixture
def person(world, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    return Person(world, tmp_path, capsys)


def test_a_stopped_card_spends_nothing_until_it_is_allowed_again(world, person):
    asked = AskRedeem(ref="q1", **ANNA, ctr_seen=0, offer="mug")
    _, first = person.type("card", "stop", UID, "--reason", "lost", "--by", "wong")
    (stopped,) = world.take(world.h1.ask(asked))

    _, then = person.type("card", "allow", UID, "--by", "wong")
    (allowed,) = world.take(world.h1.ask(asked))

    assert stopped.reason == "card_blocked"
    assert allowed.kind == "redeem_granted"
    assert ("is stopped" in first, "may be used again" in then) == (True, True)


def test_whose_a_stopped_card_is_can_still_be_asked(world, person):
    person.type("card", "stop", UID, "--reason", "lost", "--by", "wong")

    (answer,) = world.take(world.h1.ask(AskAccount(ref="q1", **ANNA, ctr_seen=0)))

    assert answer.points == 100


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("stop", "04000000", "--reason", "lost"), "no card"),
        (("stop", UID, "--reason", "ugly"), "wanted one of lost, stolen, cloned, worn, retired"),
        (("allow", UID), "is in use, one stopped wanted"),
    ],
)
def test_what_cannot_be_is_said(person, words, why):
    status, told = person.type("card", *words, "--by", "wong")

    assert status == 1
    assert why in told


def test_a_card_is_shown_with_what_it_carries_and_whom_that_waits_for(world, person):
    lease = world.ask_lease().lease

    _, shown = person.type("card", "show", UID, has_programme=True)
    _, listed = person.type("leases", has_programme=True)

    assert "desfire_ev3, issued, anna's, counter 0" in shown
    assert f"lease {lease} of card" in shown
    assert "60 points, offered" in shown
    assert "waits for h1 (e1)" in shown
    assert listed.endswith("1 leases")


def test_an_unknown_card_is_said_to_be_one(person):
    assert person.type("card", "show", "04000000", has_programme=True)[0] == 1


def test_the_worst_loss_is_one_number(world, person):
    world.ask_lease()

    status, shown = person.type("exposure", has_programme=True)

    assert status == 0
    assert "200 points" in shown  # one device
    assert "60 points" in shown  # on the lease

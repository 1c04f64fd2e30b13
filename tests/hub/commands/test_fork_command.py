"""`revisit ledger fork` as two people use it."""

import re

import pytest

from hub.commands import ledger as ledger_command
from tests.hub.hub_world import PROGRAMME, Till, World, sale


@pytest.fixture
def forked(tmp_path, monkeypatch):
    """A ledger with a forked chain, in the folder that commands run in."""
    world = World(tmp_path)
    till, clone = world.till("h1"), Till("h1")
    till.add(sale("r1"), sale("r2"))
    clone.add(sale("r1"), sale("x2", 40_00, card="04A1B2C3D4E5F6"))
    world.take(till.batch(), clone.batch(2))
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    monkeypatch.chdir(tmp_path)
    yield world
    world.ledger.close()


@pytest.fixture
def says(capsys):
    """Return what a command printed, and its status."""

    def run(*words: str) -> tuple[int, str]:
        status = ledger_command.main(["fork", *words])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return run


def test_a_fork_is_listed_shown_proposed_and_agreed_to(forked, says):
    _, listed = says("list")
    beside = re.search(r"(\w{16}) .*beside it", listed)[1]
    _, shown = says("show", "h1", "e1")
    _, proposed = says("propose", "h1", "e1", "--branch", beside, "--by", "wong", "--note", "Both.")
    number = re.search(r"proposal (\w+):", proposed)[1]
    _, waiting = says("list")

    status, agreed = says("agree", number, "--by", "chan", "--programme", "programme.toml")

    assert (status, agreed) == (0, "adopted: 1 lines\n")
    assert f"proposal {number} by wong: h1:e1, {beside}:2: Both." in waiting
    assert "op x2" in shown
    assert "04A1B2C3D4E5F6" not in shown
    assert forked.balance("anna") == 60


def test_who_proposed_cannot_agree(forked, says):
    beside = re.search(r"(\w{16}) .*beside it", says("list")[1])[1]
    _, proposed = says("propose", "h1", "e1", "--branch", beside, "--by", "wong", "--note", "Both.")
    number = re.search(r"proposal (\w+):", proposed)[1]

    status, said = says("agree", number, "--by", "wong", "--programme", "programme.toml")

    assert status == 1
    assert "another person wanted" in said


def test_a_refused_proposal_is_listed_no_more(forked, says):
    beside = re.search(r"(\w{16}) .*beside it", says("list")[1])[1]
    _, proposed = says("propose", "h1", "e1", "--branch", beside, "--by", "wong", "--note", "Both.")
    number = re.search(r"proposal (\w+):", proposed)[1]

    refused = says("refuse", number, "--by", "chan")

    assert refused == (0, f"refused: {number}\n")
    assert number not in says("list")[1]

"""`revisit ledger import-lines` as a person types it."""

import pytest

from hub.commands import ledger as ledger_command
from loyalty.carried import to_bytes
from tests.hub.hub_world import START_MS, World, sale


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path)
    yield found
    found.ledger.close()


def test_lines_that_were_carried_wait_and_are_shown_how_to_be_looked_at(world, tmp_path, capsys):
    till = world.till("h1")
    till.add(sale("r1"), sale("r2"))
    world.take(till.batch(1, 1))
    world.ledger.revoke_device("h1", START_MS)
    file = tmp_path / "h1.envelopes"
    file.write_bytes(to_bytes([till.batch(2).payload]))

    status = ledger_command.main(["import-lines", str(file), "--db", str(world.path)])

    told = "lines 2 to 2 wait: revisit ledger fork show h1 e1\n"
    assert (status, capsys.readouterr().out) == (0, told)


def test_a_file_without_lines_is_said_to_be_one(world, tmp_path, capsys):
    file = tmp_path / "h1.envelopes"
    file.write_bytes(to_bytes([]))

    status = ledger_command.main(["import-lines", str(file), "--db", str(world.path)])

    assert (status, "no line in it waits" in capsys.readouterr().out) == (0, True)


def test_lines_that_are_all_here_are_not_said_to_wait(world, tmp_path, capsys):
    till = world.till("h1")
    till.add(sale("r1"), sale("r2"))
    world.take(till.batch())
    world.ledger.revoke_device("h1", START_MS)
    file = tmp_path / "h1.envelopes"
    file.write_bytes(to_bytes([till.batch().payload]))

    status = ledger_command.main(["import-lines", str(file), "--db", str(world.path)])

    told = f"{file}: no line in it waits, the ledger has them all\n"
    assert (status, capsys.readouterr().out) == (0, told)


def test_a_file_that_is_no_such_file_is_told(world, tmp_path, capsys):
    file = tmp_path / "h1.envelopes"
    file.write_text("something else")

    status = ledger_command.main(["import-lines", str(file), "--db", str(world.path)])

    told = capsys.readouterr().err
    assert (status, told.startswith("revisit ledger: "), str(file) in told) == (1, True, True)

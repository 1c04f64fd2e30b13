"""What a hub keeps on its disk is for the user that it runs as, whatever the umask."""

import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from hub.ledger.backup import back_up
from hub.ledger.ledger import open_ledger
from hub.ledger.restore import restore
from tests.hub.hub_world import World, sale


@pytest.fixture
def lax_umask():
    before = os.umask(0o000)
    yield
    os.umask(before)


def readable_by_others(folder: Path) -> list[str]:
    return sorted(it.name for it in folder.iterdir() if stat.S_IMODE(it.stat().st_mode) & 0o077)


@pytest.mark.usefixtures("lax_umask")
def test_a_ledger_and_what_stands_beside_it_are_for_nobody_else(tmp_path):
    world = World(tmp_path)
    till = world.till("h1")
    till.add(sale("r1"))
    world.take(till.batch())

    beside = {it.name for it in tmp_path.iterdir()}
    found = readable_by_others(tmp_path)
    world.ledger.close()

    assert beside == {"ledger.db", "ledger.db-shm", "ledger.db-wal"}
    assert found == []


@pytest.mark.usefixtures("lax_umask")
def test_a_backup_and_what_is_restored_from_it_are_for_nobody_else(tmp_path):
    ledger, backup, elsewhere = (tmp_path / it for it in ("ledger.db", "backup.db", "new.db"))
    open_ledger(ledger, create=True).close()

    back_up(ledger, backup)
    restore(backup, elsewhere, "another", overwrites=False)

    assert backup.is_file()
    with closing(open_ledger(elsewhere)) as restored:
        assert restored.incarnation == "another"
    assert readable_by_others(tmp_path) == []

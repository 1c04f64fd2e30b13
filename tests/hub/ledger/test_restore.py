"""A backup takes the ledger's place: never a running hub's, never what is newer by mistake."""

import os
import signal
import subprocess
import sys
from contextlib import closing

import pytest

from hub.errors import HubError, LedgerUnavailable, NoLedger
from hub.ledger.backup import back_up
from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.restore import begin_anew, restore
from hub.ledger.schema import OLDER_REVISIONS
from simulators.free_port import free_port
from tests.hub.commands.test_hub_commands import configured
from tests.hub.hub_world import World, sale
from tests.hub.ledger.test_migrations import migrate
from tests.postgres_server import new_database


class Site:
    """A shop with last night's backup and a day's work since."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "ledger.db"
        self.backup = folder / "backup.db"
        self.world = World(folder)
        self.till = self.world.till("h1")
        self.till.add(sale("r1", 9900))
        self.world.take(self.till.batch())
        self.saved = back_up(self.path, self.backup)
        self.till.add(sale("r2", 100))
        self.world.take(self.till.batch(2))
        self.world.ledger.close()

    def digest(self) -> str:
        with closing(open_ledger(self.path)) as ledger:
            return digest(ledger)

    def put_back(self, *, overwrites: bool = True):
        return restore(self.backup, self.path, "another", overwrites=overwrites)

    def files(self) -> set[str]:
        return {it.name for it in self.folder.iterdir()}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_a_restored_ledger_is_the_backup_under_another_name(site):
    copy = site.put_back()

    with closing(open_ledger(site.path)) as ledger:
        assert (ledger.incarnation, digest(ledger)) == ("another", site.saved.digest)
        assert ledger.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert copy == site.saved
    with closing(open_ledger(site.backup)) as backup:
        assert backup.incarnation == "incarnation"
    assert site.files() == {"ledger.db", "backup.db"}


def test_what_is_newer_stays_until_a_person_says_otherwise(site):
    before = site.digest()

    told = r"found 2 lines of 1 devices, backup.db has 1 of 1; --yes overwrites"
    with pytest.raises(HubError, match=told):
        site.put_back(overwrites=False)

    assert site.digest() == before
    site.put_back()
    site.put_back(overwrites=False)
    assert site.digest() == site.saved.digest


def test_a_log_that_was_left_behind_is_not_played_into_the_backup(site):
    copy = site.folder / "crashed"
    copy.mkdir()
    with closing(open_ledger(site.path)) as ledger:
        with ledger.transaction() as database:
            database.execute("UPDATE meta SET value = 'lost' WHERE name = 'incarnation'")
        for ending in ("", "-wal"):
            name = f"ledger.db{ending}"
            (copy / name).write_bytes((site.folder / name).read_bytes())
    (copy / "ledger.db").unlink()
    assert (copy / "ledger.db-wal").stat().st_size > 0

    restore(site.backup, copy / "ledger.db", "another", overwrites=False)

    with closing(open_ledger(copy / "ledger.db")) as ledger:
        assert (ledger.incarnation, digest(ledger)) == ("another", site.saved.digest)


def test_a_ledger_that_somebody_has_open_is_not_replaced(site):
    before = site.digest()

    with (
        closing(open_ledger(site.path)),
        pytest.raises(LedgerUnavailable, match="wanted nobody to have it open: stop the hub"),
    ):
        site.put_back()

    assert site.digest() == before
    assert site.files() == {"ledger.db", "backup.db"}


def test_a_ledger_that_somebody_has_open_keeps_its_name(site):
    with closing(open_ledger(site.path)) as used:
        before = used.incarnation
        with pytest.raises(LedgerUnavailable, match="wanted nobody to have it open: stop the hub"):
            begin_anew(site.path, "anew")

    with closing(open_ledger(site.path)) as found:
        assert found.incarnation == before
    begin_anew(site.path, "anew")
    with closing(open_ledger(site.path)) as found:
        assert found.incarnation == "anew"


def test_a_servers_ledger_that_a_hub_is_connected_to_keeps_its_name(postgres_url):
    with new_database(postgres_url) as url:
        with closing(open_ledger(url, create=True)) as used:
            before = used.incarnation
            with pytest.raises(LedgerUnavailable, match="found 1 connections of ours"):
                begin_anew(url, "anew")

        with closing(open_ledger(url)) as found:
            kept = found.incarnation
        begin_anew(url, "anew")
        with closing(open_ledger(url)) as found:
            assert (kept, found.incarnation) == (before, "anew")


def test_no_ledger_is_made_only_to_be_given_a_name(site):
    with pytest.raises(NoLedger):
        begin_anew(site.folder / "absent.db", "anew")

    assert not (site.folder / "absent.db").exists()


def test_a_hub_that_runs_keeps_its_ledger(site):
    path = configured(site.folder, free_port())
    command = [sys.executable, "-W", "error", "-m", "hub", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as hub:
        hub.stderr.readline()
        with pytest.raises(LedgerUnavailable, match="stop the hub"):
            site.put_back()
        os.kill(hub.pid, signal.SIGTERM)
        hub.stderr.read()

    assert hub.returncode == 0
    assert site.digest() != site.saved.digest
    site.put_back()
    assert site.digest() == site.saved.digest


def test_a_damaged_ledger_is_replaced_when_a_person_says_so(site):
    site.path.write_bytes(b"\xff" * 8192)

    with pytest.raises(HubError, match="found what cannot be read, wanted a ledger; --yes"):
        site.put_back(overwrites=False)

    site.put_back()
    assert site.digest() == site.saved.digest


@pytest.mark.parametrize("older", OLDER_REVISIONS)
def test_an_older_backup_is_brought_up_to_date(site, older):
    migrate(f"sqlite:///{site.backup}", older)

    site.put_back()

    assert site.digest() == site.saved.digest


@pytest.mark.parametrize("content", [b"", b"no database", b"\xff" * 8192])
def test_what_is_no_backup_replaces_nothing(site, content):
    before = site.digest()
    site.backup.write_bytes(content)

    with pytest.raises(NoLedger, match=r"backup.db: .* wanted"):
        site.put_back()

    assert site.digest() == before
    assert site.files() == {"ledger.db", "backup.db"}


def test_a_backup_that_is_not_there_or_is_the_ledger_itself_is_told(site):
    with pytest.raises(NoLedger, match="no such file, a ledger wanted"):
        restore(site.folder / "absent.db", site.path, "another", overwrites=True)
    with pytest.raises(HubError, match="found the ledger itself, wanted a backup of it"):
        restore(site.path, site.path, "another", overwrites=True)


def test_the_restored_file_belongs_to_whoever_had_the_ledger(site):
    site.path.chmod(0o640)

    site.put_back()

    assert site.path.stat().st_mode & 0o777 == 0o640


def test_a_servers_ledger_is_left_to_the_servers_tools(site):
    with pytest.raises(HubError, match=r"pg_restore --clean .* revisit ledger restored"):
        restore(site.backup, "postgresql://revisit@db/revisit", "another", overwrites=True)

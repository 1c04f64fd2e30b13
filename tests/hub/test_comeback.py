"""Hubs and devices that come back as somebody else: restored, re-imaged, with another secret.

Real journals and sessions talk to a real intake; only the broker is left out.
"""

import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from device.mqtt.events import Connected, Event, LinesAppended, Publish, Received, TimePassed
from device.mqtt.identity import Identity
from device.mqtt.session import HELLO_EVERY_MS, Session
from device.records.journal import Journal
from hub.commands import ledger as ledger_command
from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.verify import broken, verify
from hub.posting.custody import GAP_PATIENCE_MS
from hub.posting.intake import Arrival
from loyalty import topics
from loyalty.clock import DAY_MS
from loyalty.record import Record
from tests.hub.hub_world import (
    SECRET,
    START_MS,
    World,
    check_in,
    receipted_lines,
    redemption,
    sale,
)

NEW_SECRET = bytes(range(2, 34))


class Device:
    """A journal and a session; what the session publishes goes straight into a hub's intake."""

    def __init__(self, world: World, name: str, path: Path, epoch: str = "e1") -> None:
        self.world = world
        self.name = name
        self.now_ms = 0
        self.journal = Journal.open(path / f"{name}-{epoch}.db", epoch_of_new=epoch)
        self.give_secrets({"k1": SECRET})

    def give_secrets(self, secrets: dict[str, bytes]) -> None:
        """Start the session anew with these secrets, as a restart does."""
        self.session = Session(
            identity=Identity(store="s1", device=self.name, secrets=secrets),
            outbox=self.journal,
            rng=random.Random(self.name),
            rules=3,
        )

    def state(self, *records: Record) -> None:
        for record in records:
            self.journal.append(record)

    def connect(self) -> None:
        self.feed(Connected())

    def send(self) -> None:
        self.feed(LinesAppended())

    def wait(self, duration_ms: int) -> None:
        self.now_ms += duration_ms
        self.feed(TimePassed())

    def feed(self, event: Event) -> None:
        """Let the two talk until neither has anything to say."""
        events = [event]
        while events:
            for request in self.session.feed(events.pop(0), self.now_ms):
                if isinstance(request, Publish):
                    topic = topics.up("s1", self.name, request.purpose)
                    replies = self.world.intake.take([Arrival(topic, request.envelope)])
                    events += [Received(reply.payload) for reply in replies]


class Site:
    """A hub whose ledger can be put back to a backup, and devices."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.world = World(path)
        self.devices: list[Device] = []

    def device(self, name: str, epoch: str = "e1") -> Device:
        self.world.ledger.add_device("s1", name, "k1", SECRET, f"password-of-{name}")
        found = Device(self.world, name, self.path, epoch)
        self.devices.append(found)
        return found

    def back_up(self, name: str = "backup.db") -> None:
        with closing(open_ledger(self.path / name, create=True)) as copy:
            self.world.ledger.connection.backup(copy.connection)

    def put_back(self, name: str = "backup.db", *, tell: bool = True) -> None:
        """Put the ledger of the backup in place of the one that is gone."""
        self.world.ledger.close()
        for beside in ("-wal", "-shm"):
            (self.path / f"ledger.db{beside}").unlink(missing_ok=True)
        shutil.copy(self.path / name, self.world.path)
        if tell:
            assert ledger_command.main(["restored", "--db", str(self.world.path)]) == 0
        self.world.ledger = open_ledger(self.world.path)
        self.world.intake = self.world.intake_on(self.world.ledger)

    def broken(self) -> list[str]:
        now_ms = self.world.clock.now_ms()
        return broken(verify(self.world.ledger, [self.world.programme], now_ms))

    def close(self) -> None:
        for device in self.devices:
            device.journal.close()
        self.world.ledger.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path)
    yield found
    found.close()


def a_days_work(site: Site, day: int) -> None:
    """Have every device journal a day of its own and settle it."""
    for number, device in enumerate(site.devices):
        at_ms = START_MS - (10 - day) * DAY_MS + number
        whose = {"member": f"m{number}", "card": f"04m{number}", "at_ms": at_ms}
        for it in range(150):
            op = f"{device.name}/{day}/{it}"
            device.state(sale(op, 900 + it, till_ms=at_ms, **whose), check_in(**whose))
        device.state(redemption(f"{device.name}/{day}/mug", **whose))
        device.connect()
        assert device.journal.pending_lines == 0


def test_a_hub_restored_from_last_night_gets_todays_lines_again(site: Site) -> None:
    devices = [site.device("h1"), site.device("h2")]
    a_days_work(site, 1)
    site.back_up()
    a_days_work(site, 2)
    before = digest(site.world.ledger), receipted_lines(site.world.ledger)

    site.put_back()
    for device in devices:
        device.wait(HELLO_EVERY_MS)

    assert (digest(site.world.ledger), receipted_lines(site.world.ledger)) == before
    assert [it.journal.pending_lines for it in devices] == [0, 0]
    assert [it.session.tallies["hub_restored"] for it in devices] == [1, 1]
    assert site.broken() == []


def test_new_lines_after_a_restore_wait_behind_those_that_come_again(site: Site) -> None:
    device = site.device("h1")
    a_days_work(site, 1)
    site.back_up()
    a_days_work(site, 2)
    site.put_back()

    device.state(sale("after"))
    device.send()

    assert device.journal.pending_lines == 0
    assert receipted_lines(site.world.ledger) == device.journal.last_seq
    assert site.broken() == []


def test_a_restore_nobody_spoke_of_still_gets_everything(site: Site) -> None:
    device = site.device("h1")
    site.back_up()
    a_days_work(site, 1)
    before = digest(site.world.ledger)

    site.put_back(tell=False)
    for _ in range(3):
        device.wait(HELLO_EVERY_MS)

    assert digest(site.world.ledger) == before
    assert receipted_lines(site.world.ledger) == device.journal.last_seq


def test_a_hub_whose_successor_was_met_settles_nothing(site: Site) -> None:
    device = site.device("h1")
    a_days_work(site, 1)
    site.back_up()
    site.put_back()
    device.connect()

    site.put_back(tell=False)
    device.state(sale("after"))
    device.connect()

    assert device.journal.pending_lines == 1
    assert device.session.tallies["receipt_mismatch"] > 0


def test_restored_twice_is_restored(site: Site) -> None:
    device = site.device("h1")
    site.back_up()
    a_days_work(site, 1)
    before = digest(site.world.ledger)

    for _ in range(2):
        site.put_back()
        device.connect()

    assert digest(site.world.ledger) == before
    assert device.journal.pending_lines == 0
    assert device.session.tallies["hub_restored"] == 2


def test_what_retention_no_longer_holds_is_asked_for_and_the_rest_is_kept(site: Site) -> None:
    device = site.device("h1")
    site.back_up()
    device.state(*[sale(f"old-{it}", at_ms=START_MS - 40 * DAY_MS) for it in range(5)])
    device.state(*[sale(f"new-{it}", at_ms=START_MS - DAY_MS) for it in range(5)])
    device.connect()
    assert device.journal.prune(START_MS) == 5

    site.put_back()
    device.connect()
    site.world.clock.at_ms += GAP_PATIENCE_MS
    site.world.intake.tick()

    assert site.world.value("SELECT count(*) FROM inbox") == 5
    assert site.world.balance("anna") == 50
    assert receipted_lines(site.world.ledger) == 0
    assert device.session.tallies["hub_restored"] == 1


def test_a_re_imaged_device_begins_an_epoch_and_the_old_one_stays(site: Site) -> None:
    old = site.device("h1")
    old.state(sale("r1"), sale("r2", 2000))
    old.connect()

    new = site.device("h1", epoch="e2")
    new.state(sale("r2", 2000), sale("r3", 3000))
    new.connect()

    assert new.journal.pending_lines == 0
    assert site.world.balance("anna") == 60
    assert site.world.cases() == []
    statuses = "SELECT group_concat(status) FROM (SELECT status FROM inbox ORDER BY id)"
    assert site.world.value(statuses) == "posted,posted,duplicate,posted"
    assert site.broken() == []


def test_the_journal_of_a_replaced_device_can_still_be_sent(site: Site) -> None:
    old = site.device("h1")
    old.state(sale("r1"))
    new = site.device("h1", epoch="e2")
    new.state(sale("r2", at_ms=START_MS + 1, till_ms=START_MS + 1))
    new.connect()

    old.connect()

    assert [it.journal.pending_lines for it in (old, new)] == [0, 0]
    assert site.world.balance("anna") == 20


def test_a_receipt_for_another_epoch_settles_nothing(site: Site) -> None:
    old = site.device("h1")
    old.state(sale("r1"))
    old.connect()
    heard = site.world.intake.take([Arrival(topics.up("s1", "h1", "hello"), hello_of(old))])

    new = site.device("h1", epoch="e2")
    new.state(sale("r1"))
    for reply in heard:
        new.feed(Received(reply.payload))

    assert new.journal.pending_lines == 1
    assert new.session.tallies == {"receipt_mismatch": 1}


def hello_of(device: Device) -> bytes:
    (hello,) = device.session.feed(Connected(), device.now_ms)
    assert isinstance(hello, Publish)
    return hello.envelope


def test_both_secrets_are_valid_until_the_new_one_is_used(site: Site) -> None:
    device = site.device("h1")
    settled = []

    site.world.ledger.add_device("s1", "h1", "k2", NEW_SECRET, "password")
    for op, secrets in [
        ("old", {"k1": SECRET}),
        ("new", {"k1": SECRET, "k2": NEW_SECRET}),
        ("old again", {"k1": SECRET}),
        ("new alone", {"k2": NEW_SECRET}),
    ]:
        device.give_secrets(secrets)
        device.state(sale(op.replace(" ", "-")))
        device.connect()
        settled.append((op, device.journal.pending_lines == 0))

    assert settled == [("old", True), ("new", True), ("old again", False), ("new alone", True)]
    assert site.world.intake.counts["dropped_bad_seal"] > 0
    assert receipted_lines(site.world.ledger) == 4


def test_a_receipt_sealed_before_the_secret_changed_still_settles(site: Site) -> None:
    device = site.device("h1")
    device.connect()
    device.state(sale("r1"))
    (batch,) = device.session.feed(LinesAppended(), 0)
    assert isinstance(batch, Publish)
    arrival = Arrival(topics.up("s1", "h1", "batch"), batch.envelope)
    (late,) = site.world.intake.take([arrival])

    site.world.ledger.add_device("s1", "h1", "k2", NEW_SECRET, "password")
    device.give_secrets({"k1": SECRET, "k2": NEW_SECRET})
    device.feed(Received(late.payload))

    assert device.journal.pending_lines == 0


def test_restored_needs_a_ledger(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    status = ledger_command.main(["restored", "--db", str(tmp_path / "absent.db")])

    assert status == 1
    assert "no such file" in capsys.readouterr().err

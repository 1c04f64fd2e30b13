"""The ledger's working set: what posting reads and writes within one transaction.

Members, cards, devices and chains stay in bounded caches between transactions; new rows gather in
lists and go out with `executemany`, house balances as one sum per account. Written by hand: an
object-relational mapper costs ten times as much for each line.
"""

from collections.abc import Callable, Iterable, Mapping

from hub.ledger.ahead import Senders, read_ahead, read_senders, wanted_by
from hub.ledger.cards import Cards
from hub.ledger.cases import settle
from hub.ledger.closes import Closes
from hub.ledger.database import nothing
from hub.ledger.histories import Histories
from hub.ledger.holds import Holds
from hub.ledger.hotlist import Hotlist
from hub.ledger.inbox import Inbox
from hub.ledger.leases import Leases
from hub.ledger.ledger import Ledger
from hub.ledger.members import Members
from hub.ledger.postings import Postings
from hub.ledger.proofs import Proofs
from hub.ledger.rows import Case, DeviceRow
from hub.ledger.schema import HUB_DEVICE
from hub.ledger.unwritten import Unwritten
from hub.ledger.watermarks import Watermarks
from loyalty.record import Record
from loyalty.records import from_line

DEVICES_MAX = 2_000  # in memory


class Books:
    """Reads through caches, writes through lists.

    `flush` before the commit; `forget` after a rollback, or when another connection has written.
    What the books are about has a part each: `inbox` for lines, `members`, `cards`, `postings` for
    what moves, `closes` for business days, `histories` for facts that come late, and so on.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._engine = ledger.engine
        self._engine.expect_keys()
        self._database = ledger.connection
        self.proofs = Proofs(self._database)
        self.leases = Leases(self._database)
        self.hotlist = Hotlist(self._database)
        self.watermarks = Watermarks(self._database)
        self._records: Mapping[bytes, Record] = {}
        self.forget()

    def forget(self) -> None:
        """Drop everything that is not in the database, and everything read from it."""
        self._engine.forget_numbers()
        unwritten = self._unwritten = Unwritten(self._engine)
        self.inbox = Inbox(self._database, unwritten)
        self.histories = Histories(self._database, unwritten)
        self.closes = Closes(self._database, unwritten)
        self.postings = Postings(unwritten)
        self.holds = Holds(self._database, unwritten)
        self.members = Members(unwritten, self.postings, self.holds)
        self.cards = Cards(unwritten)
        self._devices: dict[str, DeviceRow | None] = {}

    def expect(
        self,
        names: Iterable[str],
        stores: Iterable[str],
        records: Mapping[bytes, Record],
        meanwhile: Callable[[], bool] = nothing,
    ) -> None:
        """Get ready to be asked for devices, and for what `records`, by their lines, will want.

        What is read ahead is right until the transaction ends. While a server looks it up,
        `meanwhile` is called; it must not ask the ledger.
        """
        self._records = records
        wanted = wanted_by(records.values())
        wanted.cards.difference_update(self.cards.known(wanted.cards))
        unknown = [it for it in names if it not in self._devices]
        stores = self.closes.unknown(stores)
        senders = read_senders(self._engine, unknown, stores, wanted, meanwhile)
        self._know_devices(unknown, senders)
        self.closes.expect(senders.opens_ms)
        self.postings.expect(senders.houses)
        self.cards.expect(senders.cards, wanted.cards)
        ahead = read_ahead(self._engine, wanted, senders.cards, meanwhile, known=self.members)
        strangers = self.members.expect(ahead.members, ahead.lots, wanted.tokens)
        self.holds.expect([row[0] for row in ahead.members], ahead.reserved)
        self.inbox.expect(ahead.ops, wanted.ops)
        self.histories.expect(ahead.histories)
        self._engine.expect_numbers("inbox", len(records))
        for table in ("account", "member"):
            self._engine.expect_numbers(table, strangers)

    def record(self, line: bytes) -> Record:
        """Return what `line` states.

        Raises:
            UnknownLine: a kind or version this programme does not know.
            WireError: it is no record's line.
        """
        record = self._records.get(line)
        return from_line(line) if record is None else record

    def trim(self) -> None:
        """Give the oldest entries of full caches back; only between transactions."""
        self.inbox.trim()
        self.members.trim()
        self.cards.trim()
        self.postings.trim()
        if len(self._devices) > DEVICES_MAX:
            self._devices.clear()

    def hand_over(self) -> None:
        """Have a server begin to write what is new, while others go on."""
        self._unwritten.hand_over()

    def flush(self, meanwhile: Callable[[], bool] = nothing) -> None:
        """Write what has gathered; it becomes durable with the transaction's commit.

        Where a server writes, `meanwhile` is called while it does; it must not ask the ledger.
        """
        self._unwritten.write(meanwhile)
        self._records = {}
        self.cards.forget_absent()
        self.members.forget_absent()
        self.inbox.expect({}, ())
        self.histories.expect({})
        self.holds.expect((), set())

    # Devices and cases

    def device(self, name: str) -> DeviceRow | None:
        """Return the device called `name`, or None if it was never registered."""
        if name not in self._devices:
            self._know_devices([name], read_senders(self._engine, [name], (), wanted_by(())))
        return self._devices[name]

    def hub_device(self) -> DeviceRow:
        """Return the device as which the hub states its own decisions; it has no secret."""
        self._database.execute(
            "INSERT INTO device (store, name, password_salt, password_digest, revoked_ms)"
            " VALUES (?, ?, ?, ?, 0) ON CONFLICT (name) DO NOTHING",
            (HUB_DEVICE, HUB_DEVICE, b"", b""),
        )
        self._devices.pop(HUB_DEVICE, None)
        device = self.device(HUB_DEVICE)
        assert device is not None
        return device

    def retire_other_secrets(self, device: DeviceRow, kid: str) -> None:
        """Keep only secret `kid` of `device`: the device has shown that it has it."""
        self._database.execute(
            "DELETE FROM device_secret WHERE device = ? AND kid <> ?", (device.id, kid)
        )
        device.secrets = {kid: device.secrets[kid]}

    def open_case(self, case: Case, line_id: int | None, now_ms: int) -> None:
        """Open a case, or count one more of those that are open."""
        self._unwritten.cases.append((*case, line_id, now_ms, now_ms))

    def close_case(self, code: str, subject: str, now_ms: int) -> None:
        """Close a case that has settled itself."""
        self._unwritten.write()
        settle(self._database, code, subject, now_ms)

    def _know_devices(self, names: Iterable[str], senders: Senders) -> None:
        self._devices.update(dict.fromkeys(names))
        self._devices.update({it.name: it for it in senders.devices})
        self.inbox.expect_chains(senders.devices, senders.chains)

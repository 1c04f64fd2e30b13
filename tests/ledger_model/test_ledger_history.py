"""Any history of devices and their hub agrees with plain dicts: late, twice, forked, restored."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.errors import LedgerUnavailable
from hub.ledger.ledger import open_ledger
from hub.ledger.verify import broken, verify
from hub.posting.custody import GAP_PATIENCE_MS
from hub.posting.intake import Intake
from loyalty.asks import AskRedeem, CancelRedeem
from loyalty.receipts import RedeemGranted
from loyalty.record import Record
from tests.campaign import size
from tests.hub.hub_world import FACE_KEY, START_MS, Till, World, check_in, redemption, sale
from tests.ledger_model.plain_hub import Fact, PlainHub

DEVICES = ("h1", "h2", "h3")
MEMBERS = st.sampled_from(["anna", "ben"])
DEVICE = st.sampled_from(DEVICES)
MINUTES = st.integers(0, 600)  # when something happened, in no order at all


class LedgerHistory(RuleBasedStateMachine):
    """A world of devices with chains, and the plain hub that says what the real one must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.folder = Path(self.directory.name)
        self.world = World(self.folder)
        self.tills: dict[str, Till] = {it: self.world.till(it) for it in DEVICES}
        self.plain = PlainHub(DEVICES)
        self.backup: PlainHub | None = None
        self.operations = 0
        self.sales: list[tuple[str, str, int]] = []
        self.grants: list[tuple[str, RedeemGranted]] = []
        self.asks = 0
        self.incarnations = 1

    def teardown(self) -> None:
        try:
            assert (
                broken(verify(self.world.ledger, [self.world.programme], self.world.clock.at_ms))
                == []
            )
        finally:
            self.world.ledger.close()
            self.directory.cleanup()

    # What happens at devices

    @rule(device=DEVICE, member=MEMBERS, paid_minor=st.integers(0, 90_000), minute=MINUTES)
    def earn(self, device: str, member: str, paid_minor: int, minute: int) -> None:
        self.sales.append((self.new_operation(), member, paid_minor))
        self.sell(device, *self.sales[-1], minute)

    @rule(device=DEVICE, member=MEMBERS, points=st.integers(1, 300), minute=MINUTES)
    def redeem(self, device: str, member: str, points: int, minute: int) -> None:
        op = self.new_operation()
        stated = redemption(op, points, **whose(member, minute))
        self.journal(device, stated, Fact("redemption", minute, member, op, points))

    @rule(device=DEVICE, member=MEMBERS, minute=MINUTES)
    def visit(self, device: str, member: str, minute: int) -> None:
        self.journal(device, check_in(**whose(member, minute)), Fact("visit", minute, member))

    @rule(device=DEVICE)
    def write_rubbish(self, device: str) -> None:
        self.journal(device, b"[1]", Fact("rubbish"))

    @precondition(lambda self: self.sales)
    @rule(device=DEVICE, data=st.data(), minute=MINUTES, more_minor=st.integers(0, 1))
    def key_again(self, device: str, data: st.DataObject, minute: int, more_minor: int) -> None:
        """The same operation once more, on whatever device, perhaps with another content."""
        op, member, paid_minor = data.draw(st.sampled_from(self.sales))
        member = data.draw(st.sampled_from([member, "ben"]))
        self.sell(device, op, member, paid_minor + more_minor, minute)

    @rule(device=DEVICE, member=MEMBERS)
    def ask(self, device: str, member: str) -> None:
        """Ask for a mug; a yes sets points aside."""
        self.asks += 1
        asked = AskRedeem(
            ref=f"q{self.asks}", card=f"04{member}", member=member, ctr_seen=-1, offer="mug"
        )
        (answer,) = self.world.take(self.tills[device].ask(asked))
        if isinstance(answer, RedeemGranted):
            self.grants.append((member, answer))

    @precondition(lambda self: self.grants)
    @rule(device=DEVICE, data=st.data(), minute=MINUTES)
    def use_grant(self, device: str, data: st.DataObject, minute: int) -> None:
        member, granted = data.draw(st.sampled_from(self.grants))
        op = self.new_operation()
        terms = {"auth": granted.auth, "granted_ms": granted.granted_ms}
        stated = redemption(op, granted.points, **terms, **whose(member, minute))
        self.journal(device, stated, Fact("redemption", minute, member, op, granted.points))

    @precondition(lambda self: self.grants)
    @rule(device=DEVICE, data=st.data())
    def cancel_grant(self, device: str, data: st.DataObject) -> None:
        _, granted = data.draw(st.sampled_from(self.grants))
        self.asks += 1
        cancelled = CancelRedeem(ref=f"q{self.asks}", auth=granted.auth)
        self.world.take(self.tills[device].ask(cancelled))

    # What happens on the road and to the hub

    @rule(device=DEVICE, data=st.data())
    def send(self, device: str, data: st.DataObject) -> None:
        """Any piece of what a device has, sent before or not, beyond a gap or not."""
        till = self.tills[device]
        if till.lines:
            first = data.draw(st.integers(1, len(till.lines)))
            last = data.draw(st.integers(first, len(till.lines)))
            self.check_receipt(device, self.world.take(till.batch(first, last)))
            self.plain.take(device, first, last)
            assert self.world.intake.counts["fault"] == 0

    @rule(device=DEVICE)
    def send_all(self, device: str) -> None:
        till = self.tills[device]
        for first in range(1, len(till.lines) + 1, 3):
            self.world.take(till.batch(first, first + 2))
        self.plain.take(device, 1, len(till.lines))

    @precondition(lambda self: any(self.is_all_there(it) for it in DEVICES))
    @rule(data=st.data())
    def send_a_clone(self, data: st.DataObject) -> None:
        """A device image is restored and goes another way: its lines take no one's place."""
        device = data.draw(st.sampled_from([it for it in DEVICES if self.is_all_there(it)]))
        till = self.tills[device]
        kept = data.draw(st.integers(0, len(till.lines) - 1))
        clone = Till(device)
        clone.add(*till.lines[:kept])
        clone.add(*[b"another"] * data.draw(st.integers(1, len(till.lines) - kept)))
        self.world.take(clone.batch(kept + 1))
        self.plain.fork(device)

    @rule()
    def wait_for_gaps(self) -> None:
        self.world.clock.at_ms += GAP_PATIENCE_MS
        self.world.intake.tick()
        self.plain.lose_patience()

    @rule(device=DEVICE)
    def send_to_a_full_disk(self, device: str) -> None:
        """Nothing of a group is taken, or all of it."""
        till = self.tills[device]
        if not till.lines:
            return
        pages = self.world.value("PRAGMA page_count")
        self.world.ledger.connection.execute(f"PRAGMA max_page_count = {pages}")
        try:
            self.world.intake.take([till.batch()])
        except LedgerUnavailable:
            pass
        else:
            self.plain.take(device, 1, len(till.lines))
        finally:
            self.world.ledger.connection.execute("PRAGMA max_page_count = 1000000")

    @rule()
    def start_the_hub_again(self) -> None:
        self.world.ledger.close()
        self.open_hub()

    @rule()
    def back_up(self) -> None:
        self.world.ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.world.path, self.folder / "backup.db")
        self.backup = self.plain.copy()

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        """The hub is as it was; devices still have everything."""
        assert self.backup is not None
        self.world.ledger.close()
        shutil.copy(self.folder / "backup.db", self.world.path)
        self.open_hub()
        self.incarnations += 1
        self.world.ledger.begin_incarnation(f"hub-{self.incarnations}")
        written = {name: chain.facts for name, chain in self.plain.chains.items()}
        self.plain = self.backup.copy()
        for name, facts in written.items():
            self.plain.chains[name].facts = facts

    # What must hold after each step

    @invariant()
    def every_line_is_where_it_should_be(self) -> None:
        for device in DEVICES:
            found = dict(self.world.ledger.connection.execute(STATUSES, (device,)).fetchall())
            assert found == self.plain.statuses(device), device

    @invariant()
    def members_have_what_they_should(self) -> None:
        for token, balance, tier in self.world.ledger.connection.execute(MEMBERS_HAVE):
            assert (balance, tier) == self.plain.has(token), token

    def sell(self, device: str, op: str, member: str, paid_minor: int, minute: int) -> None:
        stated = sale(op, paid_minor, till_ms=moment(minute), **whose(member, minute))
        self.journal(device, stated, Fact("sale", minute, member, op, paid_minor))

    def journal(self, device: str, stated: Record | bytes, fact: Fact) -> None:
        self.tills[device].add(stated)
        self.plain.chains[device].facts.append(fact)

    def check_receipt(self, device: str, answers: list) -> None:
        (receipt,) = answers
        till = self.tills[device]
        assert receipt.incarnation == self.world.ledger.incarnation
        assert receipt.head == till.heads[receipt.upto_seq].hex()

    def is_all_there(self, device: str) -> bool:
        chain = self.plain.chains[device]
        return chain.seq == len(chain.facts) > 0

    def new_grant(self) -> str:
        self.asks += 1
        return f"grant-{self.asks}-after"

    def new_operation(self) -> str:
        self.operations += 1
        return f"op-{self.operations}"

    def open_hub(self) -> None:
        world = self.world
        world.ledger = open_ledger(world.path)
        world.intake = Intake(
            world.ledger,
            [world.programme],
            now_ms=world.clock.now_ms,
            face_key=FACE_KEY,
            new_id=self.new_grant,
        )


def whose(member: str, minute: int) -> dict[str, object]:
    return {"member": member, "card": f"04{member}", "at_ms": moment(minute)}


def moment(minute: int) -> int:
    return START_MS - (600 - minute) * 60_000


STATUSES = """
SELECT inbox.seq, status FROM inbox JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device WHERE name = ?
"""
MEMBERS_HAVE = """
SELECT token, balance, tier FROM member JOIN account ON account.id = member.account
"""


LedgerHistory.TestCase.settings = settings(
    max_examples=size(40, 500), stateful_step_count=size(40, 60), deadline=None
)
TestLedgerHistory = pytest.mark.campaign(LedgerHistory.TestCase)

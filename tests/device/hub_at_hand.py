"""The real hub's intake beside a simulated terminal, with no broker between them."""

import asyncio
from pathlib import Path

from device.behaviour.setting import Now
from device.documents.hotlist import Hotlist
from device.mqtt.client import HubSilent
from device.mqtt.hub_time import HubTime
from device.records.journal import Journal
from device.records.stamp import NO_CARD, stamp
from hub.posting.offline_keys import OfflineKeys
from loyalty.asks import Ask
from loyalty.key_wrap import unwrap
from loyalty.programme import Programme, parse
from loyalty.receipts import Answer, Receipt
from loyalty.record import Record
from loyalty.records import CardIssued, Sale, SaleItem
from loyalty.signatures import public_key_of
from simulators.script_clock import ScriptClock
from tests.device.terminal_world import PROGRAMME, START_MS, SpokenForHub
from tests.hub.hub_world import SECRET, World
from tests.nfc.reader_on_a_port import KEYS

SEED = bytes(range(2, 34))
OFFLINE = """
[offline]
lease_points = 300
lease_hours = 48
transaction_points = 200
device_points = 500
hotlist_hours = 24
"""


class HubAtHand(SpokenForHub):
    """What a kiosk hears of the real hub; `is_silent` takes it out of reach."""

    def __init__(self, folder: Path, kiosk: str = "k1") -> None:
        super().__init__()
        keys = OfflineKeys(signing_seed=SEED, credit_master=KEYS.credit_master)
        self.programme: Programme = parse(PROGRAMME.read_text() + OFFLINE, source="offline")
        self.key = public_key_of(SEED)
        self.world = World(folder, [self.programme], keys)
        self.hotlist = Hotlist(as_of_ms=START_MS, cards=frozenset())
        self._till = self.world.till(kiosk)
        self._other = self.world.till("h1")
        self._journal: Journal
        self._clock: ScriptClock

    def meet(self, journal: Journal, clock: ScriptClock) -> None:
        """Be the hub of the terminal with this journal."""
        self._journal, self._clock = journal, clock
        self.send()

    def unwrap(self, ref: str, wrapped: str) -> bytes:
        return unwrap(SECRET, ref, wrapped)

    async def ask(self, ask: Ask, timeout_ms: int) -> Answer:
        if self.is_silent:
            raise HubSilent("no hub")
        (answer,) = self.world.take(self._till.ask(ask))
        return answer

    async def settled(self, upto_seq: int) -> None:
        if self.is_silent:
            await asyncio.Event().wait()
        self.send()

    def send(self) -> None:
        """Bring the journal's lines to the hub, and its receipt back."""
        now_ms = self._clock.now_ms()
        self.world.clock.at_ms = now_ms
        self.time = HubTime(now_ms, self._clock.monotonic_ms())
        rows = self._journal.pending(self._journal.settled_seq, 1000)
        if not rows:
            return
        first_seq = rows[0][0]
        self._till.add(*[line for seq, line in rows if seq > len(self._till.lines)])
        for answer in self.world.take(self._till.batch(first_seq)):
            assert isinstance(answer, Receipt)
            self._journal.settle(answer, epoch=self._till.epoch)

    def happen_elsewhere(self, *records: Record) -> None:
        """Have a handheld state something, and the hub hear of it."""
        self._other.add(*records)
        self.world.take(self._other.batch(len(self._other.lines) - len(records) + 1))


def issued(card: str, kind: str, member: str, setting) -> CardIssued:
    """Return that the member got their card."""
    return CardIssued(
        **_elsewhere(setting), card=card, member=member, ctr_seen=0, ctr_used=1, touch="done",
        op=f"card:{card}:issue", card_kind=kind,
    )  # fmt: skip


def bought(minor: int, member: str, setting) -> Sale:
    """Return that the member bought something, without their card."""
    fields = {**_elsewhere(setting), **NO_CARD, "member": member}
    return Sale(
        **fields, op="s1:1:sale", till_ms=START_MS - 1, receipt="1", currency="USD",
        items=(SaleItem("GROCERY", minor, 0),),
    )  # fmt: skip


def _elsewhere(setting) -> dict:
    return stamp(setting, Now(at_ms=START_MS - 1, mono_ms=1, boot=1, hub_ms=0))

"""A member, one card, a kiosk's behaviour, a hub that folds; and everything that can go wrong.

The kiosk's machine, the card's driver, the simulated chip, the limits and the fold are the real
ones. Journal and hub are a list and a few rules each, so that thousands of visits can be made.
"""

import random
from dataclasses import dataclass, field

from device.behaviour.card import Card, TouchOutcome
from device.behaviour.events import (
    Booted,
    CardRead,
    CardReturned,
    CardWritten,
    Chosen,
    Event,
    FaceEnded,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    LookedUp,
    RecordSaved,
    RecordsSettled,
    TimedOut,
)
from device.behaviour.intent import Intent, face_op
from device.behaviour.kiosk import step
from device.behaviour.kiosk_phases import State
from device.behaviour.offline_limits import Standing
from device.behaviour.requests import (
    AskHub,
    AwaitSettled,
    LookUp,
    PrintFace,
    Request,
    ReturnCard,
    SaveIntent,
    SaveRecord,
    Show,
    Sound,
    WriteCard,
)
from device.behaviour.setting import Now
from device.errors import DeviceError
from device.nfc.cards.desfire_layout import APPLICATION
from device.nfc.cards.member_card import MemberCard
from device.nfc.cards.member_cards import FIRST_COUNTER, MemberCards
from device.records.stamp import stamp, touched
from loyalty.asks import Ask, AskAccount, AskLease, AskRedeem, CancelRedeem
from loyalty.card import next_counter, op_digest
from loyalty.fold import fold_all
from loyalty.hub_records import LeaseLapsed, LeaseOffered
from loyalty.lease_records import LeaseSpend
from loyalty.leases import Lease, operation, signature_of
from loyalty.programme import Programme
from loyalty.receipts import AccountView, Answer, LeaseGranted, RedeemGranted, Refusal, Released
from loyalty.record import Record
from loyalty.records import FaceStarted, Redemption, Sale, SaleItem
from loyalty.state import Fact, MemberState, Position
from simulators.chip_reader import ChipReader, Cut
from simulators.chips.iso_dep import IsoDepChip
from tests.device.leased_cards import SEED, SETTING
from tests.nfc.smart_cards_on_readers import KEYS

MEMBER = "m-1001"  # Whose card `issue` of the smart cards' tests makes.
START_MS = 1_800_000_000_000
STEP_MS = 1_000
REQUESTS_MAX = 60  # of one visit


class PowerCut(Exception):
    """The kiosk is dark; what was not on its disk is gone."""


@dataclass
class Hub:
    """What the hub has been told, and what it has said."""

    programme: Programme
    facts: list[Fact] = field(default_factory=list)
    ops: set[str] = field(default_factory=set)
    leases: int = 0

    def take(self, record: Record, seq: int, device: str = "k1") -> None:
        assert not record.op or record.op not in self.ops, f"{record.op} twice"
        self.ops.add(record.op)
        self.facts.append(Fact(Position(record.at_ms, device, "e1", seq), record))

    def state(self) -> MemberState:
        return fold_all(self.facts, [self.programme])

    def answer(self, ask: Ask, now_ms: int) -> Answer:
        state = self.state()
        match ask:
            case AskAccount():
                points = state.balance_points
                return AccountView(
                    ref="r", account=MEMBER, version=state.version, tier=state.tier,
                    points=points, available_points=points, as_of_ms=now_ms, check="c",
                )  # fmt: skip
            case AskRedeem(offer=offer):
                return RedeemGranted(
                    ref="r", auth=f"a-{now_ms}", offer=offer, points=SETTING.offers[offer],
                    value_minor=SETTING.worth_minor[offer], granted_ms=now_ms,
                    expires_ms=now_ms + 600_000,
                )  # fmt: skip
            case CancelRedeem(auth=auth):
                return Released(ref="r", auth=auth)
            case AskLease(card=card, ctr_seen=counter) if (
                not state.leases and state.balance_points > 0
            ):
                return self._offer(card, counter, min(500, state.balance_points), now_ms)
        return Refusal(ref="r", reason="no_lease")

    def lapse(self, now_ms: int) -> None:
        """State that every lease is over: every device has told all that it had to tell."""
        for number, leased in enumerate(self.state().leases):
            op = operation(leased.lease, "lapse")
            lapsed = LeaseLapsed(**_by_hub(now_ms, leased.card), op=op, lease=leased.lease)
            self.take(lapsed, 10_000 + number, "hub")

    def _offer(self, card: str, counter: int, points: int, now_ms: int) -> LeaseGranted:
        self.leases += 1
        lease = Lease(
            id=f"{self.leases:016x}",
            uid=bytes.fromhex(card),
            points=points,
            expires_s=now_ms // 1000 + 72 * 3600,
            counter=counter,
        )
        offered = LeaseOffered(
            **_by_hub(now_ms, card), op=operation(lease.id, "offer"), lease=lease.id,
            points=points, expires_ms=lease.expires_s * 1000, counter=counter,
        )  # fmt: skip
        self.take(offered, self.leases, "hub")
        return LeaseGranted(
            ref="r", lease=lease.id, points=points, expires_s=lease.expires_s, counter=counter,
            signature=signature_of(lease, SEED).hex(), credit_key="",
        )  # fmt: skip


class World:
    """One card and one kiosk; `rng` decides what people do and what fails."""

    def __init__(self, chip: IsoDepChip, programme: Programme, rng: random.Random) -> None:
        self.hub = Hub(programme)
        self.rng = rng
        self.chip = chip
        self.lines: list[Record] = []
        self.intents: dict[str, Intent] = {}
        self.handed_over_points = 0
        self.seen: set[str] = set()
        self._sent = 0
        self._now_ms = START_MS
        self._reader = ChipReader()
        self._cards = MemberCards(self._reader, KEYS, with_leases=True)
        self._card: MemberCard | None = None
        self._choices: tuple[str, ...] = ()
        self._promised: Redemption | LeaseSpend | None = None

    def earn(self, points: int, number: int) -> None:
        """Let the member buy something elsewhere that earns about so many points."""
        sale = Sale(
            at_ms=START_MS - STEP_MS, mono_ms=1, boot=1, hub_ms=0, staff="", store="s1", rules=1,
            card=self.chip.uid.hex(), member=MEMBER, ctr_seen=-1, ctr_used=-1, touch="none",
            op=f"s1:{number}:sale", till_ms=START_MS - STEP_MS, receipt=str(number),
            currency="USD", items=(SaleItem("GROCERY", 100 * points, 0),),
        )  # fmt: skip
        self.hub.take(sale, number, "h1")

    def connect(self) -> None:
        """Let the hub have every line that the journal holds."""
        for seq, record in enumerate(self.lines[self._sent :], start=self._sent + 1):
            self.hub.take(record, seq)
        self._sent = len(self.lines)

    def leased_points(self) -> int:
        """Return what leases hold once the hub has every line there is."""
        facts = [*self.hub.facts]
        for seq, record in enumerate(self.lines[self._sent :], start=self._sent + 1):
            facts.append(Fact(Position(record.at_ms, "k1", "e1", seq), record))
        return fold_all(facts, [self.hub.programme]).leased_points

    async def carried_points(self) -> int:
        """Return what the card says it may spend."""
        card = await self._look()
        assert card.lease is not None
        return card.lease.left_points

    async def unstated_numbers(self) -> set[int]:
        """Return the numbers that the card's counter has passed and that no line states."""
        numbers = range(FIRST_COUNTER + 1, (await self._look()).counter + 1)
        return set(numbers) - {it.ctr_used for it in self.lines}

    async def visit(self, *, is_online: float, is_cut: float, is_dark: float) -> None:
        """Put the card in once; each chance is that of every single question, command, step."""
        self._reader.tap_again(self.chip)
        try:
            await self._serve(is_online, is_cut, is_dark)
        except PowerCut:
            pass
        finally:
            self._promised = None
            self._reader.lift()
        if self.intents:
            await self._boot()

    async def _look(self) -> Card:
        self._reader.tap_again(self.chip)
        card = await self._read()
        self._reader.lift()
        assert card is not None
        return card

    async def _serve(self, is_online: float, is_cut: float, is_dark: float) -> None:
        card = await self._read()
        if card is None:
            return
        state, waiting = State(), [CardRead(card)]
        for _ in range(REQUESTS_MAX):
            if not waiting:
                waiting = [self._choice()]
            state, requests = step(SETTING, state, waiting.pop(0), self._now())
            for request in requests:
                if self.rng.random() < is_dark:
                    raise PowerCut
                follows = await self._perform(request, is_online, is_cut)
                if isinstance(follows, CardReturned):
                    return
                if follows is not None:
                    waiting.append(follows)
        raise AssertionError(f"a visit of more than {REQUESTS_MAX} steps, at {state.phase}")

    async def _boot(self) -> None:
        booted = Booted(tuple(self.intents.values()), "")
        _, requests = step(SETTING, State(), booted, self._now())
        for request in requests:
            if isinstance(request, SaveRecord):
                await self._perform(request, 0.0, 0.0)

    async def _perform(self, request: Request, is_online: float, is_cut: float) -> Event | None:
        self._now_ms += STEP_MS
        match request:
            case Show(screen=screen, choices=choices):
                self._choices = choices
                self.seen.add(screen)
            case Sound(name="accepted"):
                assert self._promised is not None
                self.handed_over_points += self._promised.points
                self._promised = None
            case SaveIntent(intent=intent):
                self.intents[intent.op] = intent
                return IntentSaved()
            case SaveRecord(record=record, ends_op=ends_op):
                return self._save(record, ends_op)
            case WriteCard():
                return await self._write(request, is_cut)
            case AskHub(ask=ask):
                if self.rng.random() >= is_online:
                    return HubUnreached()
                return HubAnswered(self.hub.answer(ask, self._now_ms))
            case AwaitSettled():
                if self.rng.random() >= is_online:
                    return HubUnreached()
                self.connect()
                return RecordsSettled()
            case LookUp():
                return LookedUp(self._standing())
            case PrintFace(card=card, touch=touch):
                self._save(self._started(card, touch), face_op(card.uid, card.next_counter))
                return FaceEnded("printed")
            case ReturnCard():
                return CardReturned()
        return None

    def _save(self, record: Record, ends_op: str) -> RecordSaved:
        if ends_op:
            del self.intents[ends_op]
        self.lines.append(record)
        self._promised = record if isinstance(record, Redemption | LeaseSpend) else None
        self.seen.add(f"{record.kind} {record.touch}")
        return RecordSaved()

    def _started(self, card: Card, touch: TouchOutcome) -> FaceStarted:
        return FaceStarted(
            **stamp(SETTING, self._now()), **touched(card, touch), op="", face="ab" * 32,
            rewrite=card.rewrites + 1,
        )  # fmt: skip

    async def _read(self) -> Card | None:
        try:
            found = await self._cards.wait(0)
        except DeviceError:
            return None
        assert isinstance(found, MemberCard), found
        self._card = found
        return Card(
            uid=found.uid.hex(),
            kind=found.kind,
            member=found.member,
            counter=found.counter,
            next_counter=next_counter(found.counter, found.torn),
            rewrites=found.rewrites,
            op_digest=found.op_digest,
            lease=found.lease,
        )

    async def _write(self, request: WriteCard, is_cut: float) -> CardWritten:
        assert self._card is not None
        if self.rng.random() < is_cut:
            self._reader.cut(self.rng.choice(list(Cut)), after=self.rng.randrange(8))
        issuer = KEYS.issuer_of(self.chip.uid, APPLICATION)
        assert issuer is not None
        written = await self._cards.write(
            self._card,
            counter=request.card.next_counter,
            op_digest=op_digest(request.op.encode()),
            rewrites=request.rewrites,
            lease=request.lease,
            credit_key=b"" if request.granted is None else issuer.credit,
        )
        self._card = written.card or self._card
        return CardWritten(written.outcome.value, self._card.counter)

    def _choice(self) -> Event:
        if not self._choices:
            return TimedOut()
        weights = [1 if it in ("return", "back") else 4 for it in self._choices]
        return Chosen(self.rng.choices(self._choices, weights)[0])

    def _standing(self) -> Standing:
        waiting = [it for it in self.lines[self._sent :] if isinstance(it, LeaseSpend)]
        given_points = sum(it.points for it in waiting)
        return Standing(
            given_points=given_points,
            given_to_card_points=given_points,
            hotlist_as_of_ms=self._now_ms,
            is_stopped=False,
        )

    def _now(self) -> Now:
        return Now(
            at_ms=self._now_ms,
            mono_ms=self._now_ms - START_MS,
            boot=1,
            hub_ms=0,
            trusted_ms=self._now_ms,
            silent_ms=0,
        )


def _by_hub(now_ms: int, card: str) -> dict:
    return {
        "at_ms": now_ms, "mono_ms": 0, "boot": 1, "hub_ms": 0, "staff": "", "store": "hub",
        "rules": 1, "card": card, "member": MEMBER, "ctr_seen": -1, "ctr_used": -1,
        "touch": "none",
    }  # fmt: skip

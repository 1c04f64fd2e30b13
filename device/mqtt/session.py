"""The session with the hub: what is in flight, what is settled, and when to try again.

Pure behaviour. Batches go out oldest first, a few at a time, and a line is settled only by the
hub's receipt: the broker's acknowledgement says that the broker has it, and brokers lose what
they acknowledged. A line goes at once where nothing is in flight; behind a batch that took all
lines there were the next wait for its receipt and go together, so that a busy hub gets fewer
messages and not more. After each connection the session says hello and goes on from where the hub's
receipt says that the hub stands.

Times are monotonic milliseconds, passed in with every event.
"""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from device.errors import DeviceError
from device.mqtt.batches import Batch, Lines, next_batch
from device.mqtt.events import (
    AskWanted,
    Connected,
    Deliver,
    Disconnected,
    Event,
    GiveUp,
    LinesAppended,
    Notice,
    Publish,
    Received,
    Reconnect,
    Report,
    Request,
    TimePassed,
)
from device.mqtt.flights import ALONE_MS, WINDOW_BATCHES, Flight, Flights
from device.mqtt.hub_time import HubTime
from device.mqtt.identity import Identity
from device.mqtt.open_asks import OpenAsks
from device.records.settlement import Mismatch, Reopened, Settlement
from loyalty import asks, receipts
from loyalty.chain import LINES_MAX, ZERO_HEAD, EnvelopeError
from loyalty.lines import to_line
from loyalty.receipts import Answer, Receipt
from loyalty.wire import UnknownLine, WireError

RECEIPT_PATIENCE_MS = 10_000
RECONNECT_PATIENCE_MS = 1_000
REFUSED_PATIENCE_MS = 60_000  # a person must act first; do not hammer the broker
PATIENCE_MAX_MS = 120_000
HELLO_EVERY_MS = 15 * 60_000  # a hub restored behind a running broker learns what it lacks


class Outbox(Lines, Protocol):
    """What the session needs of the journal: how far it goes, and that receipts settle lines."""

    @property
    def incarnation(self) -> str: ...
    @property
    def last_seq(self) -> int: ...
    @property
    def settled_seq(self) -> int: ...
    def settle(self, receipt: Receipt, *, epoch: str) -> Settlement: ...


def patience_ms(first_ms: int, attempt: int, rng: random.Random) -> int:
    """Return how long to wait before trying again: doubled each time, with jitter, bounded."""
    return int(min(PATIENCE_MAX_MS, first_ms << min(attempt, 10)) * rng.uniform(0.5, 1.0))


class Session:
    """The device's side of the talk with the hub; `feed` it events and perform its requests.

    `rules` is the programme version the device has and goes out with each hello. `time` is what
    is known of the hub's, and `tallies` counts what went wrong.
    """

    def __init__(
        self, *, identity: Identity, outbox: Outbox, rng: random.Random, rules: int
    ) -> None:
        self._identity = identity
        self._outbox = outbox
        self._rng = rng
        self.rules = rules
        self.time = HubTime()
        self.tallies: Counter[str] = Counter()
        self.is_greeted = False
        self._is_connected = False
        self._flights = Flights()
        self._asks = OpenAsks()
        self._hello_due_ms = 0
        self._open_hello = ""  # the last one's ref, until it is answered
        self._hello_asked_ms = 0
        self._silences = 0
        self._lost_connections = 0
        self._wanted = (0, 0)

    def feed(self, event: Event, now_ms: int) -> list[Request]:
        """Take what happened at `now_ms` and return what to do, in that order.

        Raises:
            DeviceError: the outbox failed; the session goes on at the next event.
        """
        match event:
            case Connected():
                return self._greet(now_ms)
            case Disconnected():
                return self._wait_to_reconnect(event)
            case LinesAppended():
                return [*self._send_more(now_ms)]
            case Received(envelope):
                return self._receive(envelope, now_ms)
            case AskWanted():
                return self._ask(event, now_ms)
            case TimePassed():
                return self._look_at_clock(now_ms)

    def _greet(self, now_ms: int) -> list[Request]:
        self._is_connected, self.is_greeted = True, False
        self._flights = Flights()
        waiting = [self._publish("ask", it) for it in self._asks.lines()]
        return [self._hello(now_ms), *waiting]

    def _wait_to_reconnect(self, event: Disconnected) -> list[Request]:
        self._is_connected = self.is_greeted = False
        self._flights.clear()
        first_ms = REFUSED_PATIENCE_MS if event.was_refused else RECONNECT_PATIENCE_MS
        after_ms = patience_ms(first_ms, self._lost_connections, self._rng)
        self._lost_connections += 1
        return [Reconnect(after_ms)]

    def _ask(self, event: AskWanted, now_ms: int) -> list[Request]:
        line = None
        if self._is_connected:
            line = self._asks.add(event.ask, event.timeout_ms, now_ms)
        return [GiveUp(event.ask.ref) if line is None else self._publish("ask", line)]

    def _look_at_clock(self, now_ms: int) -> list[Request]:
        requests: list[Request] = [GiveUp(ref) for ref in self._asks.give_up(now_ms)]
        if self._is_connected:
            requests += [self._publish("ask", it) for it in self._asks.ask_again(now_ms)]
        if self._is_connected and self._hello_due_ms <= now_ms:
            self._silences += not self.is_greeted
            requests.append(self._hello(now_ms))
        try:
            return [*requests, *self._resend_due(now_ms), *self._send_more(now_ms)]
        except DeviceError as error:  # who asked the hub does not wait for a broken disk
            return [*requests, self._notice("journal_failed", str(error))]

    def _resend_due(self, now_ms: int) -> list[Request]:
        due = self._flights.due(now_ms)
        if not due:
            return []
        self._silences += 1
        self.tallies["batches_resent"] += len(due)
        return [it for flight in due for it in self._resend(flight[0], flight[1], now_ms)]

    def _receive(self, envelope: bytes, now_ms: int) -> list[Request]:
        try:
            purpose, epoch, lines = self._identity.unseal(envelope)
            answers = [*_known(lines)]
        except (EnvelopeError, WireError) as error:
            return [self._notice("envelope_strange", str(error))]
        requests: list[Request] = []
        for answer in answers:
            if isinstance(answer, Receipt) != (purpose == "receipt"):
                requests.append(self._notice("envelope_strange", f"{answer.kind} as {purpose}"))
            elif isinstance(answer, Receipt):
                requests += self._settle(answer, epoch, now_ms)
            else:
                requests += self._deliver(answer)
        return requests

    def _deliver(self, answer: Answer) -> list[Request]:
        ref: str = getattr(answer, "ref", "")
        if not self._asks.take(ref):
            self.tallies["answers_late"] += 1
            return []
        return [Deliver(answer)]

    def _settle(self, receipt: Receipt, epoch: str, now_ms: int) -> list[Request]:
        is_asked_for = bool(receipt.ref) and receipt.ref == self._open_hello
        if is_asked_for:
            self._open_hello = ""
        elif receipt.incarnation != self._outbox.incarnation:
            return self._ask_who_it_is(receipt, now_ms)
        settlement = self._outbox.settle(receipt, epoch=epoch)
        if isinstance(settlement, Mismatch):
            return self._doubt(settlement, now_ms)
        asked_ms = self._hello_asked_ms if is_asked_for else None
        self.time = self.time.after(receipt.hub_ms, now_ms, asked_ms=asked_ms)
        self._silences = self._lost_connections = 0
        self._be_greeted(now_ms)
        requests: list[Request] = [Report(receipt.exceptions)] if receipt.exceptions else []
        if isinstance(settlement, Reopened):
            self._flights.clear()
            requests.append(
                self._notice(
                    "hub_restored",
                    f"{settlement.lines} lines go again, {settlement.lost_lines} are pruned",
                )
            )
        self._flights.settle(self._outbox.settled_seq)
        return [*requests, *self._send_wanted(receipt, now_ms), *self._send_more(now_ms)]

    def _ask_who_it_is(self, receipt: Receipt, now_ms: int) -> list[Request]:
        """Say hello to a hub of another incarnation; only what answers that is surely its word.

        A receipt on the road may be older than the hub that we know, and of one that is gone.
        """
        known = self._outbox.incarnation
        notice = self._notice("receipt_mismatch", f"hub {receipt.incarnation}, {known} wanted")
        self.is_greeted = False
        if not self._open_hello:
            return [notice, self._hello(now_ms)]
        self._hello_due_ms = min(self._hello_due_ms, now_ms + self._patience_ms())
        return [notice]

    def _doubt(self, mismatch: Mismatch, now_ms: int) -> list[Request]:
        notice = self._notice(
            "receipt_mismatch", f"{mismatch.part} {mismatch.found}, {mismatch.wanted} wanted"
        )
        if mismatch.part in ("epoch", "incarnation"):
            return [notice]
        # The hub holds another chain under our name. It must see ours too, to open a case: so we
        # go on sending, though nothing will be settled.
        self._be_greeted(now_ms)
        return [notice, *self._send_more(now_ms)]

    def _be_greeted(self, now_ms: int) -> None:
        if self._is_connected and not self.is_greeted:
            self.is_greeted = True
            self._hello_due_ms = now_ms + HELLO_EVERY_MS

    def _send_wanted(self, receipt: Receipt, now_ms: int) -> list[Request]:
        first_seq, asked_ms = self._wanted
        if not receipt.want_first:
            return []
        self._flights.go_singly()
        if receipt.want_first == first_seq and now_ms < asked_ms + RECEIPT_PATIENCE_MS:
            return []  # each batch behind a gap brings a receipt that asks for the same lines
        self._wanted = (receipt.want_first, now_ms)
        return self._resend(receipt.want_first, receipt.want_last, now_ms)

    def _resend(self, first_seq: int, last_seq: int, now_ms: int) -> list[Request]:
        requests: list[Request] = []
        self._flights.postpone(first_seq, last_seq, now_ms + self._patience_ms())
        after_seq = first_seq - 1
        for _ in range(WINDOW_BATCHES):
            batch = self._batch(after_seq, last_seq)
            if batch is None:
                break
            requests.append(Publish("batch", batch.envelope))
            after_seq = batch.last_seq
        return requests

    def _send_more(self, now_ms: int) -> Iterator[Request]:
        while self.is_greeted and self._flights.has_room:
            last_seq = self._outbox.last_seq
            sent_seq = self._flights.last_seq(self._outbox.settled_seq)
            if last_seq - sent_seq < LINES_MAX and self._flights.is_taken(now_ms):
                return
            batch = self._batch(sent_seq, last_seq)
            if batch is None:
                return
            due_ms = now_ms + self._patience_ms()
            alone_until_ms = now_ms + ALONE_MS if batch.last_seq == last_seq else 0
            self._flights.add(Flight(batch.first_seq, batch.last_seq, due_ms, alone_until_ms))
            yield Publish("batch", batch.envelope)

    def _batch(self, after_seq: int, last_seq: int) -> Batch | None:
        return next_batch(self._identity, self._outbox, after_seq=after_seq, last_seq=last_seq)

    def _hello(self, now_ms: int) -> Publish:
        wait_ms = HELLO_EVERY_MS if self.is_greeted else self._patience_ms()
        self._hello_asked_ms, self._hello_due_ms = now_ms, now_ms + wait_ms
        self._open_hello = f"hello-{self._rng.getrandbits(64):016x}"
        hello = asks.Hello(
            ref=self._open_hello,
            last_seq=self._outbox.last_seq,
            settled_seq=self._outbox.settled_seq,
            incarnation=self._outbox.incarnation,
            rules=self.rules,
            hub_ms=self.time.named_ms,
        )
        return self._publish("hello", to_line(hello))

    def _publish(self, purpose: str, line: bytes) -> Publish:
        envelope = self._identity.seal(
            purpose, epoch=self._outbox.epoch, first_seq=0, prev=ZERO_HEAD, lines=[line]
        )
        return Publish(purpose, envelope)

    def _patience_ms(self) -> int:
        return patience_ms(RECEIPT_PATIENCE_MS, self._silences, self._rng)

    def _notice(self, what: str, detail: str) -> Notice:
        self.tallies[what] += 1
        return Notice(what, detail)


def _known(lines: list[bytes]) -> Iterator[Answer]:
    for line in lines:
        try:
            yield receipts.from_line(line)
        except UnknownLine:
            continue  # a newer hub says more than we understand

"""Envelopes in, replies out: one database transaction for each group of messages.

What is not sealed by the device whose topic it came on is dropped and counted; anyone could have
sent it, so it changes nothing. Replies are sealed with the secret that the device has just used.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, TypeVar

from hub.errors import LedgerUnavailable
from hub.ledger.books import Books
from hub.ledger.database import nothing
from hub.ledger.ledger import Ledger, insistently
from hub.ledger.rows import ChainRow, DeviceRow
from hub.ledger.schema import HUB_DEVICE
from hub.posting import own_chain
from hub.posting.answers import Answers, OfflineAnswers
from hub.posting.card_proofs import CardProofs
from hub.posting.custody import Batch, Custody
from hub.posting.documents import Document, Documents
from hub.posting.envelopes import Arrival, Dropped, Envelope, Reply
from hub.posting.groups import Group, read_group
from hub.posting.leasing import Leasing
from hub.posting.offline_keys import OfflineKeys
from hub.posting.poster import Poster
from hub.posting.uncollected import uncollected
from loyalty import asks, topics
from loyalty.asks import AskLease, Hello
from loyalty.chain import SEQ_MAX, ZERO_HEAD, is_sealed_by, pack
from loyalty.lines import to_line
from loyalty.programme import Programme
from loyalty.receipts import Answer, LineStatus, Receipt
from loyalty.record import Record
from loyalty.wire import WireError

Found = TypeVar("Found")
Taken = TypeVar("Taken")


class _Opened(NamedTuple):
    """An envelope whose seal was right."""

    device: DeviceRow
    purpose: str
    epoch: str
    kid: str
    first: int
    prev: bytes
    lines: list[bytes]


class Intake:
    """Takes groups of messages into the ledger; of one thread at a time.

    `counts` are messages and lines since the start, by what became of them; `heard_ms` is when each
    device was last heard, by its name.
    """

    def __init__(
        self,
        ledger: Ledger,
        programmes: Sequence[Programme],
        *,
        now_ms: Callable[[], int],
        face_key: bytes,
        new_id: Callable[[], str],
        card_master: bytes | None = None,
        offline_keys: OfflineKeys | None = None,
        programme_document: Document | None = None,
    ) -> None:
        """With `card_master`, cards that can prove themselves must, where they try to.

        With `offline_keys`, devices can have leases and documents.
        """
        self._ledger = ledger
        self._now_ms = now_ms
        self._books = Books(ledger)
        self._poster = Poster(self._books, programmes)
        self._custody = Custody(self._books, self._poster)
        proofs = CardProofs(self._books.proofs, card_master)
        seed = None if offline_keys is None else offline_keys.signing_seed
        offline = OfflineAnswers(
            offline_keys,
            Leasing(self._books, self._state, programmes, offline_keys, ledger.incarnation),
            Documents(self._books.hotlist, seed, programme_document),
        )
        self._answers = Answers(self._books, programmes, face_key, new_id, proofs, offline)
        self._seen = ledger.changed_elsewhere()
        self.counts: Counter[str] = Counter()
        self.heard_ms: dict[str, int] = {}

    def take(self, arrivals: Sequence[Arrival]) -> list[Reply]:
        """Take a group of messages, as `post` does; read it first."""
        with uncollected():
            return self.post(read_group(arrivals))

    def post(self, group: Group, meanwhile: Callable[[], bool] = nothing) -> list[Reply]:
        """Take a group of messages; when this returns, what the replies say is durable.

        If one of them makes the database refuse, the others are taken without it. While a server
        works, `meanwhile` does a little of something else, and says whether there is more of it; it
        must not ask the ledger.

        Raises:
            LedgerUnavailable: nothing of the group was taken; try it again later.
        """
        try:
            return insistently(lambda: self._take_together(group, meanwhile))
        except LedgerUnavailable:
            raise
        # Whatever a message does to us, it must not keep the next one out.
        except Exception as error:
            if len(group.arrivals) == 1:
                return self._take_without_posting(group, error)
        return [reply for arrival in group.arrivals for reply in self.take([arrival])]

    def take_up(self) -> int:
        """Post what an older program held and this one understands; once, at the start."""
        return insistently(lambda: self._post(self._poster.waiting.post_understood))

    def tick(self) -> int:
        """Post what has waited long enough; return how many lines did.

        That is what earns beyond gaps older than 15 minutes, and what was ahead of our clock.

        Raises:
            LedgerUnavailable: what did not post waits on.
        """
        posted = insistently(lambda: self._post(self._custody.post_beyond_old_gaps))
        return posted + insistently(lambda: self._post(self._poster.waiting.post_reached))

    def _post(self, waited: Callable[[int], int]) -> int:
        try:
            with self._ledger.transaction():
                self._look_elsewhere()
                posted = waited(self._now_ms())
                self._books.flush()
        except BaseException:
            self._books.forget()
            raise
        return posted

    def _state(self, record: Record, now_ms: int) -> None:
        own_chain.state(record, self._books, self._custody, self._ledger.incarnation, now_ms)

    def _take_without_posting(self, group: Group, error: Exception) -> list[Reply]:
        """Keep the lines of a message that the ledger will not post; people look at them."""
        self.counts[f"fault_{type(error).__name__}"] += 1
        self._poster.fault = f"{type(error).__name__}: {error}"
        try:
            return self._take_together(group, nothing)
        except LedgerUnavailable:
            raise
        except Exception:
            return []  # not even kept: the device goes on offering it
        finally:
            self._poster.fault = ""

    def _take_together(self, group: Group, meanwhile: Callable[[], bool]) -> list[Reply]:
        counts = group.dropped.copy()
        replies: list[Reply] = []
        now_ms = self._now_ms()
        try:
            with uncollected(), self._ledger.transaction(meanwhile):
                self._look_elsewhere()
                opened = self._open_all(group, counts, meanwhile)
                take_one = partial(self._take_one, now_ms=now_ms, counts=counts)
                replies += _unless_dropped(take_one, opened, counts)
                self._books.flush(meanwhile)
        except BaseException:
            self._books.forget()
            raise
        self._books.trim()
        self.counts.update(counts)
        return replies

    def _look_elsewhere(self) -> None:
        seen = self._ledger.changed_elsewhere()
        if seen != self._seen:
            self._seen = seen
            self._books.forget()

    def _open_all(
        self, group: Group, counts: Counter[str], meanwhile: Callable[[], bool]
    ) -> list[_Opened]:
        envelopes = group.envelopes
        devices = {it.device for it in envelopes}
        if any(_has_hub_state(it) for it in envelopes):
            devices.add(HUB_DEVICE)
        self._books.expect(devices, {it.store for it in envelopes}, group.records, meanwhile)
        return [*_unless_dropped(self._open, envelopes, counts)]

    def _take_one(self, opened: _Opened, now_ms: int, counts: Counter[str]) -> Reply:
        if opened.purpose == "batch":
            answer: Answer = self._take_batch(opened, now_ms, counts)
        else:
            answer = self._take_ask(opened, now_ms)
        counts[f"taken_{opened.purpose}"] += 1
        self.heard_ms[opened.device.name] = now_ms
        return _sealed(opened, answer)

    def _open(self, envelope: Envelope) -> _Opened:
        device = self._books.device(envelope.device)
        if device is None or device.store != envelope.store or device.revoked:
            raise Dropped("unknown_device")
        kid = envelope.kid
        secret = device.secrets.get(kid)
        if secret is None or not is_sealed_by(secret, envelope.body, envelope.seal):
            raise Dropped("bad_seal")
        if len(device.secrets) > 1 and kid == list(device.secrets)[-1]:
            self._books.retire_other_secrets(device, kid)
        return _Opened(device, *envelope[2:-2])

    def _take_batch(self, opened: _Opened, now_ms: int, counts: Counter[str]) -> Receipt:
        first, lines = opened.first, opened.lines
        if not 1 <= first <= SEQ_MAX - len(lines):
            raise Dropped("bad_sequence")
        chain = self._books.inbox.chain(opened.device, opened.epoch)
        exceptions = self._custody.take(Batch(chain, first, opened.prev, lines), now_ms)
        counts["lines"] += len(lines)
        for it in exceptions:
            counts[f"line_{it.status}"] += 1
        return self._receipt(chain, now_ms, exceptions)

    def _take_ask(self, opened: _Opened, now_ms: int) -> Answer:
        try:
            ask = asks.from_line(opened.lines[0])
        except WireError as error:
            raise Dropped("bad_ask") from error
        if isinstance(ask, Hello) != (opened.purpose == "hello"):
            raise Dropped("bad_ask")
        if not isinstance(ask, Hello):
            secret = opened.device.secrets[opened.kid]
            return self._answers.answer(opened.device, secret, ask, now_ms)
        chain = self._books.inbox.chain(opened.device, opened.epoch)
        self._books.inbox.set_chain(chain)
        self._books.flush()  # there may be nothing yet that a watermark could stand on
        self._books.watermarks.hear(chain, ask.last_seq, min(ask.hub_ms, now_ms))
        receipt = replace(self._receipt(chain, now_ms, ()), ref=ask.ref)
        if chain.seq < ask.settled_seq and not receipt.want_first:
            # This ledger was restored from a backup: it misses what the device holds settled.
            return replace(receipt, want_first=chain.seq + 1, want_last=ask.settled_seq)
        return receipt

    def _receipt(self, chain: ChainRow, now_ms: int, exceptions: tuple[LineStatus, ...]) -> Receipt:
        want_first, want_last = self._custody.missing(chain)
        return Receipt(
            incarnation=self._ledger.incarnation,
            upto_seq=chain.seq,
            head=chain.head.hex(),
            hub_ms=now_ms,
            want_first=want_first,
            want_last=want_last,
            exceptions=exceptions,
        )


def _unless_dropped(
    read: Callable[[Found], Taken], found: Iterable[Found], counts: Counter[str]
) -> Iterator[Taken]:
    for it in found:
        try:
            yield read(it)
        except Dropped as dropped:
            counts[f"dropped_{dropped}"] += 1


def _has_hub_state(envelope: Envelope) -> bool:
    """Return whether the hub may state something to answer: then its row is locked with others."""
    return envelope.purpose == "ask" and f'"{AskLease.kind}"'.encode() in envelope.lines[0]


def _sealed(opened: _Opened, answer: Answer) -> Reply:
    device = opened.device
    purpose = "receipt" if isinstance(answer, Receipt) else "answer"
    number = answer.upto_seq if isinstance(answer, Receipt) else 0
    secret = device.secrets[opened.kid]
    payload = pack(
        secret,
        purpose,
        device.name,
        opened.epoch,
        opened.kid,
        number,
        ZERO_HEAD,
        [to_line(answer)],
    )
    return Reply(topics.rx(device.store, device.name, purpose), payload)

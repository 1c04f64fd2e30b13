"""Lines of a device that was shut out, brought by hand: kept, and held until two people decide.

They stand where they would have stood, behind what is here of their chain, and wait as the
branch of a fork does (`hub/decisions/forks.py`): nothing of them posts before two people have
adopted them.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.errors import HubError
from hub.ledger.books import Books
from hub.ledger.ledger import Ledger, insistently
from hub.posting.custody import Batch, Custody
from hub.posting.poster import Poster
from hub.posting.reconcile import HELD
from loyalty.chain import SEQ_MAX, EnvelopeError, heads_after, is_sealed_by, unpack
from loyalty.receipts import LineStatus


class Carried(NamedTuple):
    """Lines of a chain that wait now, from `first` to `last`; others between may count already."""

    device: str
    epoch: str
    first: int
    last: int


def take_carried(ledger: Ledger, envelopes: Sequence[bytes], now_ms: int) -> list[Carried]:
    """Keep the lines of all `envelopes`, or of none; return those that wait for two people.

    Raises:
        HubError: one is not sealed by its device, or its device can still send for itself.
    """
    return insistently(lambda: _take(ledger, envelopes, now_ms))


def _take(ledger: Ledger, envelopes: Sequence[bytes], now_ms: int) -> list[Carried]:
    with ledger.transaction():
        books = Books(ledger)
        custody = Custody(books, Poster(books, ()))  # nothing posts here
        found = []
        for number, envelope in enumerate(envelopes, 1):
            try:
                batch = _opened(books, envelope)
            except (EnvelopeError, HubError) as error:
                raise HubError(f"envelope {number}: {error}") from error
            waiting = [it.seq for it in _keep(books, custody, batch, now_ms) if it.status == HELD]
            if waiting:
                who = batch.chain
                found.append(Carried(who.device.name, who.epoch, min(waiting), max(waiting)))
        books.flush()
    return found


def _keep(books: Books, custody: Custody, batch: Batch, now_ms: int) -> Sequence[LineStatus]:
    chain, last = batch.chain, batch.first + len(batch.lines) - 1
    if books.inbox.head_at(chain, last) == heads_after(batch.prev, batch.lines)[-1]:
        return books.inbox.exceptions(chain, batch.first, last)  # all of them are here
    if chain.fork_seq is None:
        custody.stop(chain, chain.seq + 1)
    return custody.take(batch, now_ms)


def _opened(books: Books, envelope: bytes) -> Batch:
    (purpose, name, epoch, kid, first, prev), lines, body, seal = unpack(envelope)
    device = books.device(name)
    secret = None if device is None else device.secrets.get(kid)
    if device is None or secret is None or not is_sealed_by(secret, body, seal):
        raise HubError(f"not sealed by a device {name!r} that is known here")
    if not device.revoked:
        raise HubError(f"device {name!r} is not shut out: it sends its lines itself")
    if purpose != "batch" or not 1 <= first <= SEQ_MAX - len(lines):
        raise HubError(f"{purpose} from line {first}, lines from 1 on wanted")
    return Batch(books.inbox.chain(device, epoch), first, prev, lines)

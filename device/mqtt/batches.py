"""Lines of the journal as sealed envelopes: as many as one may hold, at most, and in order."""

from typing import NamedTuple, Protocol

from device.mqtt.identity import Identity
from loyalty.chain import LINES_MAX, fitting


class Lines(Protocol):
    """What batches are made of: pending lines of an epoch, and the heads that vouch for them."""

    @property
    def epoch(self) -> str: ...
    def pending(self, after_seq: int, limit: int) -> list[tuple[int, bytes]]: ...
    def head_at(self, seq: int) -> bytes: ...


class Batch(NamedTuple):
    """An envelope with the lines from `first_seq` to `last_seq`."""

    envelope: bytes
    first_seq: int
    last_seq: int


def next_batch(identity: Identity, lines: Lines, *, after_seq: int, last_seq: int) -> Batch | None:
    """Return the lines after `after_seq`, none beyond `last_seq`; None if there are none."""
    limit = min(LINES_MAX, last_seq - after_seq)
    rows = lines.pending(after_seq, limit) if limit > 0 else []
    found = [line for seq, line in rows if seq <= last_seq]
    del found[fitting(found) :]
    if not found:
        return None
    first_seq = rows[0][0]
    envelope = identity.seal(
        "batch",
        epoch=lines.epoch,
        first_seq=first_seq,
        prev=lines.head_at(first_seq - 1),
        lines=found,
    )
    return Batch(envelope, first_seq, first_seq + len(found) - 1)

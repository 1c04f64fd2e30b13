"""Batches: lines in order under one seal, no more than an envelope may hold."""

from device.mqtt.batches import next_batch
from device.mqtt.identity import Identity
from loyalty.chain import ENVELOPE_MAX_BYTES, LINES_MAX, ZERO_HEAD, head_after, unpack

IDENTITY = Identity(store="s1", device="h1", secrets={"k1": bytes(32)})


class Kept:
    """Lines of a journal, all of them pending."""

    epoch = "e1"

    def __init__(self, *lines: bytes) -> None:
        self._rows = list(enumerate(lines, 1))
        self._heads = [ZERO_HEAD]
        for line in lines:
            self._heads.append(head_after(self._heads[-1], line))

    def pending(self, after_seq: int, limit: int) -> list[tuple[int, bytes]]:
        return self._rows[after_seq:][:limit]

    def head_at(self, seq: int) -> bytes:
        return self._heads[seq]


def test_a_batch_has_the_lines_after_one_and_none_beyond_another() -> None:
    kept = Kept(b"[1]", b"[2]", b"[3]", b"[4]")

    batch = next_batch(IDENTITY, kept, after_seq=1, last_seq=3)

    assert batch is not None
    header, lines, _, _ = unpack(batch.envelope)
    assert header == ("batch", "h1", "e1", "k1", 2, kept.head_at(1))
    assert lines == [b"[2]", b"[3]"]
    assert batch[1:] == (2, 3)


def test_there_is_no_batch_of_nothing() -> None:
    assert next_batch(IDENTITY, Kept(b"[1]"), after_seq=1, last_seq=1) is None


def test_a_batch_has_a_hundred_lines_at_most() -> None:
    batch = next_batch(IDENTITY, Kept(*[b"[1]"] * 250), after_seq=0, last_seq=250)

    assert batch is not None
    assert batch.last_seq == LINES_MAX


def test_long_lines_are_as_many_as_an_envelope_holds() -> None:
    batch = next_batch(IDENTITY, Kept(*[b"x" * 20_000] * 5), after_seq=0, last_seq=5)

    assert batch is not None
    assert 1 <= batch.last_seq < 5
    assert len(batch.envelope) <= ENVELOPE_MAX_BYTES

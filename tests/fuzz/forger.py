"""Valid messages made wrong by chance, as whoever knows no secret can: an attacker, a bad wire."""

import json
import random
from collections.abc import Callable, Sequence

from hub.posting.intake import Arrival
from loyalty.chain import ENVELOPE_MAX_BYTES, LINES_MAX, SEQ_MAX, hmac_sha256

# What a number, a name or a list may be taken for: limits, one beyond, and other things.
ODD_NUMBERS = (-1, 0, 1, 2**31, 2**32, SEQ_MAX, SEQ_MAX + 1, 2**63, 2**64, 10**30, 1.5, 1e308)
ODD_WORDS = ("", "a", "e1", "k1", "hub", "../h1", "h\u0031\u0301", "\x00", "x" * 64, "x" * 65, "'")
ODD_VALUES = (*ODD_NUMBERS, *ODD_WORDS, True, None, [], {}, [[]], {"a": 1})
ODD_BYTES = (
    b"\xff\xfe",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\x00",
    b"\n",
    b"\n\n",
    b"[",
    b'"',
    b"\\u0000",
)
DEEP = 50_000


class Forger:
    """Makes mutants of `genuine` messages, and now and then repeats one of them as it is."""

    def __init__(self, rng: random.Random, genuine: Sequence[Arrival]) -> None:
        self._rng = rng
        self._genuine = list(genuine)
        self._known = set(genuine)
        self._ways: tuple[Callable[[Arrival], Arrival], ...] = (
            self._flip_bits,
            self._cut_short,
            self._cut_out,
            self._repeat_a_piece,
            self._put_in,
            self._splice,
            self._change_header,
            self._change_line,
            self._exchange_lines,
            self._say_on_another_topic,
            self._make_too_long,
            self._make_deep,
            self._make_up,
            self._replay,
        )

    def is_genuine(self, message: Arrival) -> bool:
        """Return whether `message` is one of those that a device sent."""
        return message in self._known

    def next(self) -> Arrival:
        """Return the next message."""
        return self._rng.choice(self._ways)(self._any())

    def _any(self) -> Arrival:
        return self._rng.choice(self._genuine)

    def _flip_bits(self, message: Arrival) -> Arrival:
        payload = bytearray(message.payload)
        for _ in range(self._rng.randint(1, 8)):
            payload[self._rng.randrange(len(payload))] ^= 1 << self._rng.randrange(8)
        return message._replace(payload=bytes(payload))

    def _cut_short(self, message: Arrival) -> Arrival:
        return message._replace(payload=message.payload[: self._place(message)])

    def _cut_out(self, message: Arrival) -> Arrival:
        first, last = self._piece(message)
        return message._replace(payload=message.payload[:first] + message.payload[last:])

    def _repeat_a_piece(self, message: Arrival) -> Arrival:
        first, last = self._piece(message)
        return message._replace(payload=message.payload[:last] + message.payload[first:])

    def _put_in(self, message: Arrival) -> Arrival:
        at, odd = self._place(message), self._rng.choice(ODD_BYTES) * self._rng.randint(1, 9)
        return message._replace(payload=message.payload[:at] + odd + message.payload[at:])

    def _splice(self, message: Arrival) -> Arrival:
        other = self._any()
        payload = message.payload[: self._place(message)] + other.payload[self._place(other) :]
        return message._replace(payload=payload)

    def _change_header(self, message: Arrival) -> Arrival:
        header, body = message.payload.split(b"\n", 1)
        fields = json.loads(header)
        fields[self._rng.randrange(len(fields))] = self._rng.choice(ODD_VALUES)
        changed = json.dumps(fields, separators=(",", ":")).encode() + b"\n" + body
        return message._replace(payload=self._sealed_by_a_guess(changed))

    def _change_line(self, message: Arrival) -> Arrival:
        header, line, rest = message.payload.split(b"\n", 2)
        fields = json.loads(line)
        fields[self._rng.randrange(len(fields))] = self._rng.choice(ODD_VALUES)
        changed = b"\n".join([header, json.dumps(fields).encode(), rest])
        return message._replace(payload=self._sealed_by_a_guess(changed))

    def _exchange_lines(self, message: Arrival) -> Arrival:
        header, *lines, seal = message.payload.split(b"\n")
        self._rng.shuffle(lines)
        lines = lines[: self._rng.randint(0, len(lines))] + self._rng.choices(lines, k=2)
        return message._replace(payload=b"\n".join([header, *lines, seal]))

    def _say_on_another_topic(self, message: Arrival) -> Arrival:
        levels = message.topic.split("/")
        at = self._rng.randrange(len(levels))
        levels[at : at + 1] = self._rng.choice(
            [["h1"], ["h2"], ["s1"], ["s2"], ["batch"], ["hello"], ["ask"], ["rx"], ["hub"], [],
             [""], ["+"], ["#"], ["h\u0031\u0301"], ["x" * 1_000], ["up", "up"], ["state"]]
        )  # fmt: skip
        return message._replace(topic="/".join(levels))

    def _make_too_long(self, message: Arrival) -> Arrival:
        header, line, rest = message.payload.split(b"\n", 2)
        more = self._rng.choice([LINES_MAX, ENVELOPE_MAX_BYTES // len(line), 2 * LINES_MAX])
        return message._replace(payload=b"\n".join([header, *[line] * more, rest]))

    def _make_deep(self, message: Arrival) -> Arrival:
        opens, closes = self._rng.choice([(b"[", b"]"), (b'{"a":', b"}"), (b"[0,", b"]")])
        depth = self._rng.randint(1, DEEP)
        deep = opens * depth + self._rng.choice([b"", b"1" + closes * depth])
        parts = message.payload.split(b"\n")
        parts[self._rng.randrange(len(parts))] = deep
        return message._replace(payload=b"\n".join(parts))

    def _make_up(self, message: Arrival) -> Arrival:
        return message._replace(payload=self._rng.randbytes(self._rng.randint(0, 300)))

    def _replay(self, message: Arrival) -> Arrival:
        return message

    def _sealed_by_a_guess(self, envelope: bytes) -> bytes:
        """Seal it with a secret that is nobody's, or leave it with the seal that it had."""
        guess = self._rng.choice([b"", bytes(32), self._rng.randbytes(32), None])
        if guess is None:
            return envelope
        body = envelope[: envelope.rindex(b"\n") + 1]
        return body + hmac_sha256(guess, body).hex().encode()

    def _place(self, message: Arrival) -> int:
        return self._rng.randrange(len(message.payload))

    def _piece(self, message: Arrival) -> tuple[int, int]:
        first, last = sorted([self._place(message), self._place(message)])
        return first, last + 1

"""A device whose secret was stolen, or whose program is broken: what it says is rightly sealed."""

import json
import random
from typing import Any

from hub.posting.intake import Arrival
from loyalty import asks, records, topics
from loyalty.chain import (
    ENVELOPE_MAX_BYTES,
    LINE_MAX_BYTES,
    LINES_MAX,
    SEQ_MAX,
    ZERO_HEAD,
    heads_after,
    hmac_sha256,
    unpack,
)
from loyalty.clock import DAY_MS
from loyalty.lines import to_line
from loyalty.wire import decode, names_of
from loyalty.wire_schema import SCHEMA
from tests.fuzz.forger import DEEP, ODD_BYTES, ODD_NUMBERS, ODD_VALUES
from tests.hub.hub_world import START_MS
from tests.loyalty.line_samples import narrowest, widest

MEMBER = "mallory"
OWN = {
    "member": MEMBER,
    "card": "04ff",
    "card_kind": "desfire_ev3",  # which may carry a lease
    "store": "s1",
    "currency": "USD",
    "offer": "mug",
}
SMALL = {"points": 100, "left_points": 60, "ctr_seen": 9, "ctr_used": 9}
COUNTS = (1, 1, 1, 1, 1, 3, 3, 20, 20, LINES_MAX + 1)  # of lines
EPOCHS = 12
ODD_EPOCHS = 2  # where forks and gaps may be; in the others lines follow each other
KINDS = {
    "batch": tuple(records.KINDS),
    "hello": ("hello",),
    "ask": tuple(it for it in asks.KINDS if it != "hello"),
}


class Rogue:
    """Makes envelopes that `device` of `store` has sealed, about a member and a card of its own."""

    def __init__(self, rng: random.Random, store: str, device: str, secret: bytes) -> None:
        self._rng = rng
        self._store, self._device, self._secret = store, device, secret
        self._heads: dict[str, list[bytes]] = {f"e{n}": [ZERO_HEAD] for n in range(EPOCHS)}
        self._odd = list(self._heads)[:ODD_EPOCHS]
        self._operations = 0
        self._leases: list[str] = []

    def hear(self, reply: bytes) -> None:
        """Remember the lease that an answer grants, if it grants one."""
        for line in unpack(reply)[1]:
            kind, values = decode(line)
            if kind == "lease_granted":
                self._leases.append(values[names_of(kind).index("lease")])

    def next(self) -> Arrival:
        """Return the next message; about a third of them are what a device would send."""
        purpose = self._rng.choice(["batch"] * 5 + ["hello", "ask", "ask"])
        count = self._rng.choice(COUNTS)
        lines = [self._line(purpose) for _ in range(count)]
        if self._rng.random() < 0.2:
            header = self._odd_header(purpose, len(lines))
        else:
            header = self._header(purpose, self._rng.choice(list(self._heads)), len(lines))
            self._go_on(header, lines)
        return Arrival(topics.up(self._store, self._device, purpose), self._sealed(header, lines))

    def _go_on(self, header: list[Any], lines: list[bytes]) -> None:
        """Have the chain go on, if the hub can take these lines for a batch."""
        fits = len(lines) <= LINES_MAX and len(self._sealed(header, lines)) <= ENVELOPE_MAX_BYTES
        if header[1] == "batch" and fits:
            heads = self._heads[header[3]]
            heads += heads_after(heads[-1], lines)

    def _header(self, purpose: str, epoch: str, count: int) -> list[Any]:
        heads = self._heads[epoch]
        names = ["rv1", purpose, self._device, epoch, "k1"]
        return [*names, len(heads), count, heads[-1].hex()]

    def _odd_header(self, purpose: str, count: int) -> list[Any]:
        header = self._header(purpose, self._rng.choice(self._odd), count)
        first = header[5]
        changes: list[tuple[int, Any]] = [
            (5, self._rng.choice(ODD_NUMBERS)),
            (5, self._rng.choice([first - 1, first + 1, first + 1_000, SEQ_MAX - count])),
            (5, self._rng.randint(1, first)),
            (7, self._rng.randbytes(32).hex()),
            (3, self._rng.choice(["hub", "x" * 64])),
            (self._rng.choice([0, 1, 2, 4, 6]), self._rng.choice(ODD_VALUES)),
        ]
        at, value = self._rng.choice(changes)
        header[at] = value
        return header

    def _line(self, purpose: str) -> bytes:
        kind = self._rng.choice(KINDS[purpose])
        sample = self._rng.choice([narrowest, widest])(kind)
        fields: list[Any] = json.loads(to_line(sample))
        for at, name in enumerate(SCHEMA[kind][0], 2):
            fields[at] = self._own(name, fields[at])
        line = json.dumps(fields, separators=(",", ":")).encode()
        return mutated(self._rng, line)

    def _own(self, name: str, value: object) -> object:
        """Return what stands in a field: nobody but ourselves, and mostly what could be."""
        if name == "op":
            self._operations += 1
            return f"rogue:{self._rng.randint(1, self._operations)}"
        if name in ("at_ms", "till_ms") and self._rng.random() < 0.8:
            return START_MS - self._rng.randint(0, 90 * DAY_MS)
        if name in SMALL and self._rng.random() < 0.8:
            return self._rng.randint(0, SMALL[name])
        if name == "items" and self._rng.random() < 0.8:
            return [["unknown", self._rng.randint(0, 100_000), 0]]
        if name == "ref":
            return f"q{self._rng.randint(1, 100)}"
        if name == "lease" and self._leases:
            return self._rng.choice(self._leases)
        return OWN.get(name, value)

    def _sealed(self, header: list[Any], lines: list[bytes]) -> bytes:
        top = json.dumps(header, separators=(",", ":")).encode()
        body = b"\n".join([top, *lines]) + b"\n"
        return body + hmac_sha256(self._secret, body).hex().encode()


def mutated(rng: random.Random, line: bytes) -> bytes:
    """Return `line` in one of many ways that are odd, or as it is; never with a line feed."""
    return rng.choice(WAYS)(rng, json.loads(line), line).replace(b"\n", b" ")


def _as_it_is(rng: random.Random, fields: list[Any], line: bytes) -> bytes:
    return line


def _odd_field(rng: random.Random, fields: list[Any], line: bytes) -> bytes:
    changed = list(fields)
    changed[rng.randrange(len(changed))] = rng.choice(ODD_VALUES)
    return json.dumps(changed, separators=(",", ":")).encode()


def _one_beyond(rng: random.Random, fields: list[Any], line: bytes) -> bytes:
    changed = [it + rng.choice([-1, 1]) if type(it) is int and rng.random() < 0.2 else it
               for it in fields]  # fmt: skip
    return json.dumps(changed, separators=(",", ":")).encode()


def _more_or_fewer_fields(rng: random.Random, fields: list[Any], line: bytes) -> bytes:
    changed = list(fields)
    at = rng.randrange(len(changed))
    changed[at : at + 1] = rng.choice([[], [changed[at]] * 2])
    return json.dumps(changed, separators=(",", ":")).encode()


def _odd_bytes(rng: random.Random, fields: list[Any], line: bytes) -> bytes:
    at = rng.randrange(len(line))
    return line[:at] + rng.choice(ODD_BYTES) + line[at + rng.randint(0, 3) :]


def _deep(rng: random.Random, fields: list[Any], line: bytes) -> bytes:
    depth = rng.choice([3, 500, 1_000, DEEP])
    return b"[1," + b"[" * depth + b"]" * depth + b"]"


def _many_rows(rng: random.Random, fields: list[Any], line: bytes) -> bytes:
    changed = [it * 600 if isinstance(it, list) else it for it in fields]
    return json.dumps(changed, separators=(",", ":")).encode()


def _long(rng: random.Random, fields: list[Any], line: bytes) -> bytes:
    return line[:-1] + b" " * rng.choice([LINE_MAX_BYTES - len(line), LINE_MAX_BYTES]) + b"]"


def _huge_number(rng: random.Random, fields: list[Any], line: bytes) -> bytes:
    return b"[1,%s]" % (b"9" * rng.choice([20, 4_000, 30_000]))


WAYS = (
    *[_as_it_is] * 4,
    *[_odd_field] * 3,
    _one_beyond,
    _more_or_fewer_fields,
    _odd_bytes,
    _deep,
    _many_rows,
    _long,
    _huge_number,
)

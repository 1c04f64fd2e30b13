"""What goes wrong, when and how badly: one plan, drawn from a seed and drawn the same again.

Mishaps belong to visits, so that the plan knows nothing of real time; what befalls messages is
drawn for each line by the name of its client, message by message.
"""

import random
from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import NamedTuple

# What befalls one message between a client and the broker.
PASSED, DROPPED, DOUBLED, DELAYED, REORDERED = (
    "passed",
    "messages_dropped",
    "messages_doubled",
    "messages_delayed",
    "messages_reordered",
)
MESSAGE_FAULTS = (DROPPED, DOUBLED, DELAYED, REORDERED)
MESSAGE_FAULT_PERCENT = {DROPPED: 1, DOUBLED: 2, DELAYED: 2, REORDERED: 2}
DELAY_MAX_MS = 300
EACH_WITHIN = 20  # messages of one line

# Mishap -> how many visits it comes once in, and the least and most of its amount.
AT_HANDHELD: dict[str, tuple[int, int, int]] = {
    "connections_cut": (40, 0, 50),  # ms after the visit began
    "connections_half_open": (150, 0, 50),
    "brokers_restarted": (150, 0, 50),
    "hubs_killed": (120, 0, 8),  # ms after a batch reached the broker
    "handhelds_killed": (20, 1, 6),  # steps of its machine
    "cards_pulled": (20, 0, 47),  # bytes that the chip still programs
    "clocks_jumped": (40, -7_200_000, 7_200_000),  # ms
    "receipts_keyed_twice": (30, 0, 63),  # picks the handheld of the second time
}
AT_KIOSK: dict[str, tuple[int, int, int]] = {
    "kiosks_killed": (15, 1, 14),  # steps of its machine
    "printers_jammed": (60, 0, 100),  # percent of the picture
    "printers_silent": (120, 0, 0),
    "printers_cut_off": (60, 0, 99),  # percent of the picture, the old one being erased
}
FAULTS = (*MESSAGE_FAULTS, *AT_HANDHELD, *AT_KIOSK)


class Mishap(NamedTuple):
    """One thing that goes wrong during a visit; the tables say what its amount counts."""

    fault: str
    amount: int


def plan(
    seed: int, to_kiosk: Sequence[bool], faults: Collection[str] = FAULTS
) -> list[tuple[Mishap, ...]]:
    """Return the mishaps of each visit; `to_kiosk` says which visits go on to a kiosk.

    Every mishap among `faults` comes at least once if a visit can have it.
    """
    rng = random.Random(f"mishaps of {seed}")
    mishaps: list[list[Mishap]] = [[] for _ in to_kiosk]
    everywhere = range(len(to_kiosk))
    at_kiosk = [number for number in everywhere if to_kiosk[number]]
    for table, visits in ((AT_HANDHELD, everywhere), (AT_KIOSK, at_kiosk)):
        for fault, (every, least, most) in table.items():
            for visit in _sample(rng, visits, every):
                mishap = Mishap(fault, rng.randint(least, most))
                if fault in faults:
                    mishaps[visit].append(mishap)
    return [tuple(it) for it in mishaps]


def fates(seed: int, line: str, faults: Collection[str] = FAULTS) -> Iterator[tuple[str, int]]:
    """Yield what befalls each message on the line named `line`, and by how many milliseconds.

    Each kind comes once among the first `EACH_WITHIN` messages, so that a busy line meets them all
    however short the play; then as often as chance has it. What is not among `faults` befalls none.
    """
    rng = random.Random(f"messages of {seed} on {line}")
    names = [PASSED, *MESSAGE_FAULT_PERCENT]
    weights = [100 - sum(MESSAGE_FAULT_PERCENT.values()), *MESSAGE_FAULT_PERCENT.values()]
    opening = [*MESSAGE_FAULTS, *[PASSED] * (EACH_WITHIN - len(MESSAGE_FAULTS))]
    rng.shuffle(opening)
    for number in count():
        fate = opening[number] if number < EACH_WITHIN else rng.choices(names, weights)[0]
        yield (fate if fate in faults else PASSED), rng.randint(1, DELAY_MAX_MS)


def _sample(rng: random.Random, visits: Sequence[int], every: int) -> list[int]:
    """Return one in `every` visits, but at least one if there is one."""
    return sorted(rng.sample(visits, min(len(visits), max(1, len(visits) // every))))

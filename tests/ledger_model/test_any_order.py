"""Whatever order the same facts arrive in, and however often, members end with the same."""

import random
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.schema import HUB_DEVICE
from hub.ledger.verify import broken, verify
from hub.posting.intake import Arrival, Intake
from loyalty.programme import parse
from loyalty.record import Record
from loyalty.records import HUB_KINDS
from tests.campaign import size
from tests.hub.hub_world import (
    FACE_KEY,
    PROGRAMME,
    SECRET,
    START_MS,
    Till,
    adjusted,
    check_in,
    lease_closed,
    lease_lapsed,
    lease_offered,
    lease_spend,
    redemption,
    sale,
    state_as_hub,
)

DEVICES = ("h1", "h2", "h3")
# Gold earns more, more still under newer rules, and points die: so that order is worth something.
GOLD_AND_EXPIRY = """
[expiry]
months = 1
round_to = "month"

[[earn]]
id = "gold"
tier = "gold"
points = {gold_points}
per_minor = 100
"""
NEWER = PROGRAMME.replace("version = 3", "version = 4").replace("2017-01-01", "2017-02-15")
RULES = [
    parse(PROGRAMME + GOLD_AND_EXPIRY.format(gold_points=2), source="older"),
    parse(NEWER + GOLD_AND_EXPIRY.format(gold_points=3), source="newer"),
]
LEASES = ("L1", "L2")
HOURS = 60 * 24
HOUR_MS = 3_600_000


@st.composite
def facts(draw: st.DrawFn, most: int, members: tuple[str, ...]) -> list[tuple[str, Record]]:
    """Return devices and what they state, in the order in which each device stated it."""
    found = []
    for number in range(draw(st.integers(2, most))):
        at_ms = START_MS - draw(st.integers(0, HOURS)) * HOUR_MS
        member = draw(st.sampled_from(members))
        whose = {"member": member, "card": f"04{member}", "at_ms": at_ms}
        stated: Record
        lease = f"{draw(st.sampled_from(LEASES))}-{member}"
        of_lease = ["offer", "spend", "spend", "close", "lapse"]
        match draw(
            st.sampled_from(["sale", "sale", "redemption", "check_in", "adjust", *of_lease])
        ):
            case "sale":
                paid_minor = draw(st.integers(0, 150_000))
                stated = sale(f"op-{number}", paid_minor, till_ms=at_ms, **whose)
            case "redemption":
                stated = redemption(f"op-{number}", draw(st.integers(1, 1_500)), **whose)
            case "adjust":
                points = draw(st.integers(-500, 500))
                stated = adjusted(f"p{number}", points, member=member, at_ms=at_ms)
            case "offer":
                stated = lease_offered(lease, draw(st.integers(1, 800)), **whose)
            case "spend":
                counter, points = draw(st.integers(1, 4)), draw(st.integers(0, 500))
                stated = lease_spend(lease, counter, points, **whose)
            case "close":
                stated = lease_closed(lease, draw(st.integers(0, 800)), **whose)
            case "lapse":
                stated = lease_lapsed(lease, **whose)
            case _:
                stated = check_in(**whose)
        is_new = not stated.op or stated.op not in [it.op for _, it in found]
        if is_new:
            is_hubs = stated.kind in HUB_KINDS
            found.append((HUB_DEVICE if is_hubs else draw(st.sampled_from(DEVICES)), stated))
    return found


def pieces(stated: list[tuple[str, Record]]) -> list[Arrival | Record]:
    """Return a message for each line of a device; what the hub states is there as it is."""
    tills = {name: Till(name) for name in DEVICES}
    found: list[Arrival | Record] = []
    for name, record in stated:
        if name == HUB_DEVICE:
            found.append(record)
            continue
        tills[name].add(record)
        found.append(tills[name].batch(len(tills[name].lines)))
    return found


def end_of(groups: list[list[Arrival | Record]]) -> tuple[str, list[str]]:
    """Return the digest of a hub that took `groups`, and what is broken there."""
    with closing(open_ledger(Path(":memory:"), create=True)) as ledger:
        for name in DEVICES:
            ledger.add_device("s1", name, "k1", SECRET, f"password-of-{name}")
        stated: set[Record] = set()
        for group in groups:
            # One that forgets: what the hub states is written behind its back.
            intake = Intake(
                ledger, RULES, now_ms=lambda: START_MS, face_key=FACE_KEY, new_id=lambda: "grant"
            )
            intake.take([it for it in group if isinstance(it, Arrival)])
            # The hub states nothing twice.
            for it in group:
                if isinstance(it, Record) and it not in stated:
                    stated.add(it)
                    state_as_hub(ledger, RULES, it, START_MS)
        waiting = ledger.connection.execute("SELECT count(*) FROM inbox WHERE status = 'held'")
        assert waiting.fetchone() == (0,)
        return digest(ledger), broken(verify(ledger, RULES, START_MS))


@pytest.mark.campaign
@settings(max_examples=size(8, 60), deadline=None)
@given(facts(most=5, members=("anna",)))
def test_every_order_of_a_small_history_ends_the_same(stated: list[tuple[str, Record]]) -> None:
    arrivals = pieces(stated)
    ends = {end_of([[it] for it in order])[0] for order in permutations(arrivals)}

    assert end_of([[it] for it in arrivals])[1] == []
    assert len(ends) == 1


@pytest.mark.campaign
@settings(max_examples=size(30, 500), deadline=None)
@given(facts(most=40, members=("anna", "ben")), st.integers(0, 2**32))
def test_a_shuffled_doubled_history_ends_the_same(
    stated: list[tuple[str, Record]], seed: int
) -> None:
    chance = random.Random(seed)
    arrivals = pieces(stated)
    shuffled = arrivals + chance.choices(arrivals, k=len(arrivals) // 2)
    chance.shuffle(shuffled)
    groups = [shuffled[at : at + 3] for at in range(0, len(shuffled), 3)]

    in_order, in_disorder = end_of([[it] for it in arrivals]), end_of(groups)

    assert in_order == in_disorder
    assert in_order[1] == []

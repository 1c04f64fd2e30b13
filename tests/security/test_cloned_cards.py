"""Every card that can be copied is copied, and shown at ten kiosks that cannot ask the hub."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from device.behaviour.offline_limits import Situation, Standing, limit_of
from device.records.journal import Journal
from device.records.offline_giving import OfflineGiving
from hub.ledger.exposure import exposure
from loyalty.programme import parse
from loyalty.programme_offline import OfflineTerms
from loyalty.records import CardIssued
from loyalty.wire import names_of
from tests.hub.hub_world import PROGRAMME, Till, World, check_in, redemption

DEVICES, CARDS = 10, 4
OFFLINE = """
[offline]
transaction_points = 15
device_points = {device_points}
identifier_points = 20
"""
NOW_MS = 1_488_360_000_000
WRITTEN = {"ctr_seen": 5, "ctr_used": 6, "touch": "done"}


class Kiosk:
    """What decides at a kiosk: its journal, what it has given, and its limits."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.db"
        self.name = name
        self._open()

    def start_again(self) -> None:
        """Lose what is in memory, as whoever pulls the plug would have it."""
        self.journal.close()
        self._open()

    def _open(self) -> None:
        self.journal = Journal.open(self.path, epoch_of_new="e1")
        self._giving = OfflineGiving(self.journal)

    def serve(self, card: str, member: str, terms: OfflineTerms) -> int:
        """Let `card` spend as much as it may at once; return how much that was."""
        standing = Standing(
            given_points=self._giving.points(),
            given_to_card_points=self._giving.points_to(card),
            hotlist_as_of_ms=NOW_MS,
            is_stopped=False,
        )
        points = limit_of(_situation(terms, standing)).points
        if points:
            op = f"{self.name}:{card}:{self.journal.last_seq}:redeem"
            whose = {"card": card, "member": member}
            self.journal.append(redemption(op, points, **whose, **WRITTEN))
        return points


def _situation(terms: OfflineTerms, standing: Standing) -> Situation:
    return Situation(
        terms=terms,
        standing=standing,
        trusted_ms=NOW_MS,
        silent_ms=60_000,
        may_carry=False,
        lease=None,
        left_points=0,
        counter=5,
    )


def cards() -> Iterator[dict[str, str]]:
    for number in range(CARDS):
        yield {"card": f"04{number:06x}", "member": f"m{number}"}


@pytest.mark.parametrize("device_points", [20, 60, 70, 500])
def test_they_cost_exactly_what_was_said_before_and_are_found_out(tmp_path, device_points):
    terms = OFFLINE.format(device_points=device_points)
    programme = parse(PROGRAMME + terms, source="clones")
    world = World(tmp_path, [programme])
    tills = [world.till(f"k{number}") for number in range(DEVICES)]
    tills[0].add(*[issued(card) for card in cards()])
    world.take(tills[0].batch())
    said = exposure(world.ledger, programme)

    for till in tills:
        sent = len(till.lines)
        given_to(till, Kiosk(tmp_path, till.name), programme.offline)
        world.take(till.batch(sent + 1))

    lost_points = world.value("SELECT sum(debt) FROM member")
    assert (said.devices, lost_points) == (DEVICES, said.known_points)
    assert said.known_points <= said.points
    assert "clone" in world.cases()
    world.ledger.close()


def issued(card: dict[str, str]) -> CardIssued:
    known = check_in(**card)
    common = {it: getattr(known, it) for it in names_of("check_in")}
    return CardIssued(**common, card_kind="ntag215")


def given_to(till: Till, kiosk: Kiosk, terms: OfflineTerms) -> None:
    """Have each clone spend at `kiosk` as often as it may, and the plug pulled now and then."""
    for card in [*cards(), *cards()]:
        while kiosk.serve(**card, terms=terms):
            kiosk.start_again()
    till.add(*[line for _, line in kiosk.journal.pending(0, 1_000)])
    kiosk.journal.close()


def test_a_card_that_was_stopped_spends_at_no_kiosk_that_has_heard_of_it():
    terms = OfflineTerms(
        lease_points=0,
        lease_hours=1,
        transaction_points=50,
        device_points=50,
        device_hours=1,
        writes_lower=5,
        writes_upper=10,
        identifier_points=50,
        hotlist_hours=1,
    )
    heard = Standing(
        given_points=0, given_to_card_points=0, hotlist_as_of_ms=NOW_MS, is_stopped=True
    )

    stopped = limit_of(_situation(terms, heard))
    not_stopped = limit_of(_situation(terms, replace(heard, is_stopped=False)))

    assert (stopped.points, not_stopped.points) == (0, 50)

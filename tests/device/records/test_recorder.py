"""What a terminal writes down is forgotten only when two clocks agree that it is old."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from device.mqtt.hub_time import HubTime
from device.records.journal import RETENTION_MS, Journal
from device.records.recorder import Recorder
from loyalty.clock import DAY_MS
from loyalty.receipts import Receipt
from simulators.script_clock import ScriptClock
from tests.device.records.check_ins import check_in
from tests.device.terminal_world import START_MS, SpokenForHub

LATER_MS = START_MS + RETENTION_MS + DAY_MS


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal with one line, of `START_MS`, that the hub has."""
    found = Journal.open(tmp_path / "journal.db", epoch_of_new="e1")
    found.append(check_in(START_MS))
    receipt = Receipt(
        incarnation="hub-1",
        upto_seq=1,
        head=found.head_at(1).hex(),
        hub_ms=START_MS,
        want_first=0,
        want_last=0,
        exceptions=(),
    )
    found.settle(receipt, epoch="e1")
    yield found
    found.close()


def recorder_at(journal: Journal, now_ms: int, hub_ms: int) -> Recorder:
    """Return one whose clock says `now_ms`, and that has heard the hub say `hub_ms`."""
    hub = SpokenForHub()
    hub.time = HubTime(hub_ms, 0, hub_ms)
    return Recorder(journal, hub, ScriptClock(now_ms))


def test_what_is_old_by_both_clocks_is_forgotten(journal: Journal) -> None:
    assert recorder_at(journal, LATER_MS, LATER_MS).prune() == 1


@pytest.mark.parametrize("hub_ms", [0, START_MS], ids=["never heard", "the day it was written"])
def test_a_clock_that_is_ahead_makes_nothing_forgotten(journal: Journal, hub_ms: int) -> None:
    assert recorder_at(journal, LATER_MS, hub_ms).prune() == 0


def test_a_clock_that_is_behind_makes_nothing_forgotten(journal: Journal) -> None:
    assert recorder_at(journal, START_MS, LATER_MS).prune() == 0

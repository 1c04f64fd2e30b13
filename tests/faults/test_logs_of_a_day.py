"""What a slice of a bad day leaves in the log: enough to act on, and nobody's numbers."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import structlog

from hub.ledger.ledger import Ledger, open_ledger
from loyalty.logs import set_up_logs
from loyalty.programme import parse
from simulators.baskets import read_baskets
from simulators.replay import Plan, play
from simulators.replay_command import PROGRAMME

SEED, FIRST, BASKETS = 1, 200, 8
KINDS = ("cards_pulled", "printers_jammed", "connections_cut")
PLAYED_WITHIN_S = 240.0


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What terminals log, as a service's standard error would have it."""
    found = io.StringIO()
    handlers = list(logging.getLogger().handlers)
    set_up_logs(level="debug", stream=found)
    yield found
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


def play_slice(folder: Path) -> Path:
    """Play a few visits of 1 March 2017 with bad luck; return the ledger's place."""
    text = PROGRAMME.read_text()
    plan = Plan(
        baskets=read_baskets(store=None, first_day=date(2017, 3, 1), days=1)[FIRST:][:BASKETS],
        kiosks=2,
        handhelds=2,
        programme=parse(text, source=str(PROGRAMME)),
        programme_text=text,
        folder=folder,
        ledger_place=folder / "ledger.db",
        faults=SEED,
        fault_kinds=KINDS,
        on_mosquitto=False,
    )
    asyncio.run(asyncio.wait_for(play(plan, lambda: None), PLAYED_WITHIN_S))
    return folder / "ledger.db"


def never_to_be_told(ledger: Ledger) -> list[str]:
    """Return the numbers of all cards and the secrets of all devices, as text has them."""
    cards = ledger.connection.execute("SELECT uid FROM card").fetchall()
    secrets = ledger.connection.execute("SELECT secret FROM device_secret").fetchall()
    assert cards
    assert secrets
    return [uid for (uid,) in cards] + [secret.hex() for (secret,) in secrets]


def test_a_bad_day_leaves_lines_to_act_on_and_no_numbers(
    tmp_path: Path, stream: io.StringIO
) -> None:
    place = play_slice(tmp_path)

    text = stream.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    with closing(open_ledger(place)) as ledger:
        told = [it for it in never_to_be_told(ledger) if it.lower() in text.lower()]
    assert {"broker_connected", "broker_lost", "printer_needs_staff"} <= {
        it["event"] for it in lines
    }
    assert all({"level", "timestamp"} <= set(it) for it in lines)
    assert told == []

"""A slice of a real day, played with faults and without; what came of it without is kept."""

import asyncio
import fcntl
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import NamedTuple

from structlog.testing import capture_logs

from hub.ledger.ledger import Place
from hub.ledger.verify import broken
from loyalty.programme import parse
from simulators.baskets import read_baskets
from simulators.faults import FAULTS
from simulators.replay import Plan, play
from simulators.replay_command import PROGRAMME, audit

FIRST, BASKETS = 200, 24  # of 1 March 2017: some visits go on to a kiosk, and redeem
KIOSKS, HANDHELDS = 3, 4
PLAYED_WITHIN_S = 240.0


class Played(NamedTuple):
    """What came of a slice."""

    digest: str
    broken: list[str]
    records: int
    receipted: int
    points_redeemed: int
    faults: dict[str, int]


def play_slice(
    folder: Path,
    seed: int | None,
    kinds: Collection[str] = FAULTS,
    *,
    baskets: int = BASKETS,
    ledger_place: Place = "",
    on_mosquitto: bool = False,
) -> Played:
    """Play the slice in `folder`, with the faults of `kinds` that `seed` draws.

    The ledger is a file in there, unless there is a place for it.
    """
    text = PROGRAMME.read_text()
    plan = Plan(
        baskets=read_baskets(store=None, first_day=date(2017, 3, 1), days=1)[FIRST:][:baskets],
        kiosks=KIOSKS,
        handhelds=HANDHELDS,
        programme=parse(text, source=str(PROGRAMME)),
        programme_text=text,
        folder=folder,
        ledger_place=ledger_place or folder / "ledger.db",
        faults=seed,
        fault_kinds=kinds,
        on_mosquitto=on_mosquitto,
    )
    with capture_logs():
        played = asyncio.wait_for(play(plan, lambda: None), PLAYED_WITHIN_S)
        _, traffic = asyncio.run(played)
    result = audit(plan, {}, traffic)
    return Played(
        digest=result.digest,
        broken=broken(dict(result.invariants)),
        records=result.records,
        receipted=result.receipted,
        points_redeemed=result.points_redeemed,
        faults=dict(traffic.faults),
    )


def calm_digest(folder: Path, baskets: int = BASKETS) -> str:
    """Return the digest without faults, which is kept in `folder`; who asks first plays it."""
    folder.mkdir(exist_ok=True)
    kept = folder / f"digest-{baskets}"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            own = folder / f"calm-{baskets}"
            own.mkdir()
            kept.write_text(play_slice(own, None, baskets=baskets).digest)
    return kept.read_text()

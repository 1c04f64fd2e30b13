"""A hub in a process of its own that lives in script time, so that it can be killed like any other.

`python -m simulators.hub_process HUB.TOML CLOCK SEED`: the shipping hub with its shipping
configuration; only its clock (a file's memory that the replay writes) and its dice are handed in.
It prints one line once it takes messages, and stops on SIGTERM.
"""

import asyncio
import random
import signal
import sys
from pathlib import Path

from hub.config import load_config
from hub.hub import Hub
from loyalty.logs import set_up_logs
from simulators.shared_clock import ClockFile, SharedClock

READY = b"ready\n"


def main(arguments: list[str]) -> None:
    """Run a hub until it is told to stop."""
    config, clock, seed = arguments
    set_up_logs()
    asyncio.run(_run(Path(config), Path(clock), random.Random(seed)))


async def _run(config: Path, clock: Path, rng: random.Random) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    time = SharedClock(ClockFile(clock))
    async with Hub(load_config(config), time, new_id=lambda: f"{rng.getrandbits(64):016x}"):
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
        await stop.wait()


if __name__ == "__main__":
    main(sys.argv[1:])

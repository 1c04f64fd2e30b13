"""Brings what a scanner reads to a terminal, through every unplugging."""

import structlog

from device.behaviour.identify import Identifier
from device.errors import LinkBusy, LinkLost
from device.parts import EventTaker
from device.scanners.scanner import Scanner
from loyalty.clock import Clock

RETRY_MS = 2_000

log = structlog.get_logger()


async def take_scanned(
    scanner: Scanner, identifier: Identifier, app: EventTaker, patience: Clock
) -> None:
    """Bring cards that `scanner` reads to `app` until cancelled; a lost scanner is opened again."""
    while True:
        try:
            await scanner.open()
            while True:
                for text in await scanner.read():
                    await app.put(identifier.scanned(text))
        except (LinkLost, LinkBusy) as error:
            log.error("scanner_lost", error=str(error), retry_in_ms=RETRY_MS)
        finally:
            await scanner.close()
        await patience.sleep_ms(RETRY_MS)

"""What one of our writes changes on a DESFire, all in one transaction: wholly or not at all."""

from dataclasses import dataclass

from device.nfc import desfire
from device.nfc.cards import desfire_layout as places
from device.nfc.cards.smart_card import SmartCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The sealed slot, how far to count, and the lease: its certificate and what its points do.

    `certificate` is None where the lease stays as it is.
    """

    slot: bytes
    steps: int
    certificate: bytes | None = None
    more_points: int = 0


async def commit(card: SmartCard, change: Change) -> None:
    """Make `change`, in the session; the last answer proves with its MAC that it holds.

    Whatever is raised before the last command, nothing was changed.
    """
    await _write(card, places.RECORD_FILE, change.slot)
    if change.steps > 0:
        await _count(card, desfire.DEBIT, places.COUNTER_FILE, change.steps)
    if change.certificate is not None:
        await _write(card, places.CERTIFICATE_FILE, change.certificate)
    if change.more_points > 0:
        await _count(card, desfire.CREDIT, places.LEASE_FILE, change.more_points)
    if change.more_points < 0:
        await _count(card, desfire.DEBIT, places.LEASE_FILE, -change.more_points)
    await card.command(desfire.COMMIT_TRANSACTION)


async def _write(card: SmartCard, file: int, data: bytes) -> None:
    await card.command(desfire.WRITE_DATA, places.section(file, len(data)), data)


async def _count(card: SmartCard, code: int, file: int, steps: int) -> None:
    await card.command(code, bytes([file]), places.amount(steps))

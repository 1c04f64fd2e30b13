"""What is broken about the slots of a card, and about the counter beside them."""

from device.nfc.cards.record_store import Finding
from loyalty import card as layout


def slot_findings(slots: tuple[bytes, bytes], uid: bytes, seal_key: bytes) -> list[Finding]:
    """Return which of the slots is neither sealed by us nor empty."""
    return [
        Finding(f"slot {number} is broken; the next write puts it right")
        for number, data in enumerate(slots)
        if not layout.is_blank(data) and layout.unpack(data, uid, number, seal_key) is None
    ]


def counter_findings(
    counted: int, slots: tuple[bytes, bytes], uid: bytes, key: bytes
) -> list[Finding]:
    """Return whether the counter has not yet followed the current slot."""
    current = layout.survey(*slots, uid, key).slot
    if current is None or counted >= current.counter:
        return []
    text = f"the counter stands at {counted}, its record at {current.counter}"
    return [Finding(f"{text}; the next write puts it right")]

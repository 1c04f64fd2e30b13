"""How a card stands without the hub: what was given here, and whether it is stopped."""

from device.behaviour.offline_limits import Standing
from device.documents.hotlist import Hotlist
from device.records.offline_giving import OfflineGiving


def standing_of(card: str, giving: OfflineGiving, hotlist: Hotlist) -> Standing:
    """Return how the card with this UID, in hexadecimal, stands now."""
    return Standing(
        given_points=giving.points(),
        given_to_card_points=giving.points_to(card),
        hotlist_as_of_ms=hotlist.as_of_ms,
        is_stopped=card in hotlist.cards,
    )

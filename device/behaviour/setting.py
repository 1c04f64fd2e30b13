"""What a step goes by, whatever happened: the terminal's setting and the moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from loyalty.programme_cards import EVERY_CARD, CardTerms
from loyalty.programme_offline import NOTHING_OFFLINE, OfflineTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What the clocks said when an event was taken: the stamp of every record.

    `trusted_ms` is the hub's time as far as it can be known now, 0 where it cannot; the hub was
    heard `silent_ms` ago.
    """

    at_ms: int
    mono_ms: int
    boot: int
    hub_ms: int
    trusted_ms: int = 0
    silent_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a terminal is told and keeps through a visit: where it stands and what it offers.

    `offers` maps an offer's id to its price in points, cheapest first, `worth_minor` to what it is
    worth to the member. `cards` says what each kind of card is good for, `offline` what may be
    spent while the hub is out of reach. `hub_key` checks what the hub has signed; a terminal
    without it neither gives nor takes leases. After `idle_ms` without a touch a member is asked
    whether they are still there.
    """

    store: str
    rules: int
    currency: str
    offers: Mapping[str, int] = field(default_factory=dict)
    worth_minor: Mapping[str, int] = field(default_factory=dict)
    cards: CardTerms = EVERY_CARD
    offline: OfflineTerms = NOTHING_OFFLINE
    hub_key: bytes = b""
    idle_ms: int = 60_000

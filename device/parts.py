"""What a terminal is built from, as its app uses it: real parts and simulated ones alike."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from device.behaviour.card import Card, TouchOutcome
from device.behaviour.events import (
    CardRead,
    CardRefused,
    CardReturned,
    CardWritten,
    Event,
    FaceEnded,
    PlaceOpened,
    PlaceShut,
)
from device.behaviour.identify import Identifier
from device.behaviour.offline_limits import Standing
from device.behaviour.requests import FaceContent, Show, Sound
from device.mqtt.client import HubClient
from device.nfc.cards.card_lease import CardLease
from device.nfc.cards.keys import IssuerKeys
from device.records.journal import Journal
from device.records.recorder import Recorder
from loyalty.clock import Clock

Tell = Callable[[PlaceShut | PlaceOpened], Awaitable[None]]


async def tell_nobody(_told: PlaceShut | PlaceOpened) -> None:
    """Keep it to oneself."""


class CardPlace(Protocol):
    """Where cards come to this terminal: held against a reader, or put into a slot."""

    async def next_card(
        self, but_not: str = "", tell: Tell = tell_nobody
    ) -> CardRead | CardRefused:
        """Return the next card; wait for as long as it takes.

        `tell` hears when none can come meanwhile, and when they can again.
        """
        ...

    async def write(
        self,
        card: Card,
        *,
        op: str,
        rewrites: int,
        lease: CardLease | None = None,
        credit_key: bytes = b"",
    ) -> CardWritten:
        """Write the card that came last."""
        ...

    async def personalise(
        self, uid: str, *, member: str, op: str, issuer: IssuerKeys | None = None
    ) -> CardWritten:
        """Make the blank card that came last one of ours."""
        ...


class CardSlot(Protocol):
    """A slot that holds the card, prints its face and gives it back."""

    async def print_face(self, card: Card, touch: TouchOutcome, content: FaceContent) -> FaceEnded:
        """Erase and print the held card, journalled on the way."""
        ...

    async def judge_face(self, *, is_good: bool) -> FaceEnded:
        """Take the word of whoever looked at a card whose face ended "unseen"."""
        ...

    async def return_card(self) -> CardReturned:
        """Push the card out and wait until it is taken, or take it in after a while."""
        ...


class EventTaker(Protocol):
    """Where all that happens comes together: the terminal's app."""

    async def put(self, event: Event) -> None:
        """Bring an event from outside."""
        ...


class Front(Protocol):
    """What a person sees and hears."""

    def show(self, show: Show) -> None:
        """Put a screen up."""
        ...

    def sound(self, sound: Sound) -> None:
        """Make a sound."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The real parts a terminal is built from; `slot` is a kiosk's, where cards are held.

    `standing` tells how a card stands without the hub.
    """

    place: CardPlace
    slot: CardSlot | None = None
    identifier: Identifier
    journal: Journal
    recorder: Recorder
    hub: HubClient
    front: Front
    clock: Clock
    standing: Callable[[str], Standing]

"""Terminals of a few lines, for people to stand before: they react as they are told."""

from collections.abc import Callable
from types import SimpleNamespace

from device.behaviour.events import Event
from device.behaviour.requests import Show
from simulators.front import DARK, Front
from simulators.plastic import PlasticCard


class ScriptedKiosk:
    """Serves whoever puts a card in once it says welcome, or staff have made it.

    What is touched ends as `ends` say, one after the other, and the last time with the card out.
    """

    def __init__(self, shown_first: Show, *ends: Show) -> None:
        self.front = Front()
        self.making = SimpleNamespace(setting=SimpleNamespace(offers={}))
        self.done: list[str] = []
        self._card: PlasticCard | None = None
        self._ends = iter((*ends, Show(screen="take_card")))
        self.front.show(shown_first)

    async def settled(self) -> None:
        """Have nothing that the hub has not."""

    def insert(self, card: PlasticCard) -> None:
        """Have a card put in."""
        self.done.append("card")
        self._card = card
        values = {"points": 0, "available_points": 0}
        self.front.show(Show(screen="account", values=values, choices=("print", "return")))

    async def put(self, event: Event) -> None:
        """Take what is touched."""
        self.done.append(getattr(event, "choice", ""))
        self.front.show(next(self._ends))

    async def take_card(self) -> PlasticCard:
        """Give the card out, which somebody must have put in; power that was cut is back."""
        self.done.append("taken")
        if self.front.screen is DARK:
            self.front.show(Show(screen="welcome"))
        assert self._card is not None
        return self._card

    def have_staff_clear(self) -> PlasticCard | None:
        """Be mended, and give out what is stuck."""
        self.done.append("staff")
        self.front.show(Show(screen="welcome"))
        return self._card


class ScriptedHandheld:
    """Shows what `react` says to each thing that a person does; `done` are those things."""

    def __init__(self, react: Callable[[object], Show]) -> None:
        self.front = Front()
        self.done: list[object] = []
        self.cards: list[PlasticCard] = []
        self._react = react
        self.front.show(Show(screen="ready"))

    async def put(self, event: Event) -> None:
        """Take what is keyed or touched."""
        self._do(event)

    def hold_card(self, card: PlasticCard) -> None:
        """Have a card held against the reader."""
        self.cards.append(card)
        self._do("card")

    def take_card_away(self) -> None:
        """Have it held there no longer; by then a terminal that lost its power has it again."""
        if self.front.screen is DARK:
            self._do("power")

    def _do(self, what: object) -> None:
        self.done.append(what)
        self.front.show(self._react(what))

"""A handheld of a few lines, for people to stand before: it reacts as it is told."""

from collections.abc import Callable

from device.events import Event, Show
from simulators.front import DARK, Front
from simulators.plastic import PlasticCard


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

"""The chip of a plastic card before a simulated reader."""

from simulators.plastic import PlasticCard
from simulators.pn532_port import Pn532Port


def show_to(reader: Pn532Port, card: PlasticCard | None) -> None:
    """Hold `card` before `reader`'s antenna; without a card or chip, take away what is there."""
    if card is None or card.chip is None:
        reader.remove()
    else:
        reader.place(card.chip)

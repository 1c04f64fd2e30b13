"""What is decided about a reader that runs for months: when to try again, when a card has left."""

import random
from dataclasses import dataclass

RETRY_FIRST_MS = 100
RETRY_MAX_MS = 5_000

# A card at the edge of the field comes and goes; it has left once it was missed so often in a row.
GONE_LOOKS = 3
LOOK_EVERY_MS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What has happened to a reader since its program started."""

    cards: int = 0  # Found in the field, each time that a search ended.
    flickers: int = 0  # Times that a card was missed and had not left.
    failures: int = 0  # Calls that the link or the reader failed.
    recoveries: int = 0  # Times that it was brought back.
    rescues: int = 0  # How many of them needed more than opening it again.
    last_error: str = ""


def retry_delay_ms(tries: int, rng: random.Random) -> int:
    """Return how long to wait after `tries` vain tries to bring a reader back: first not at all.

    The wait doubles up to RETRY_MAX_MS; chance keeps several terminals on one hub of USB apart.
    """
    if tries == 0:
        return 0
    most_ms = min(RETRY_MAX_MS, RETRY_FIRST_MS << min(tries - 1, 10))
    return rng.randint(most_ms // 2, most_ms)


class Departure:
    """Whether one card has left, from looks for it LOOK_EVERY_MS apart."""

    def __init__(self) -> None:
        """Begin with a card that is there."""
        self.flickers = 0
        self._missed = 0

    def there(self) -> None:
        """The card was seen."""
        self.flickers += 1 if self._missed else 0
        self._missed = 0

    def missed(self) -> bool:
        """The reader is sure that there is no card; return whether it has left."""
        self._missed += 1
        return self._missed >= GONE_LOOKS

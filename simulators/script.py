"""What people will do in a replay, fixed before anything runs: who shops when, and where.

Baskets become visits, and visits become windows that are played one after the other. In a window
every household shops at most once, so the people in it can be served side by side and the result
is the same whatever the delivery. The script clock stands at a window's end while it is played.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulators.baskets import Basket

WINDOW_MAX_MS = 1_800_000
KIOSK_EVERY = 3  # visits of a household


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One household buys one basket at a handheld and perhaps goes on to a kiosk (None: no)."""

    basket: Basket
    handheld: int
    kiosk: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """Visits side by side; `ends_ms` is the time of the last of them."""

    ends_ms: int
    visits: tuple[Visit, ...]


def script(baskets: Sequence[Basket], *, handhelds: int, kiosks: int) -> Iterator[Window]:
    """Yield the windows of `baskets`, which are in time order.

    A store's baskets all go to one of `handhelds`, a household always to the same of `kiosks`
    (0: nobody goes there), and there on every third of its visits.
    """
    made: dict[str, int] = {}
    gathered: list[Visit] = []
    for basket in baskets:
        if gathered and _starts_a_window(gathered, basket):
            yield _window(gathered)
            gathered = []
        number = made[basket.household] = made.get(basket.household, 0) + 1
        gathered.append(_visit(basket, number, handhelds, kiosks))
    if gathered:
        yield _window(gathered)


def _starts_a_window(gathered: list[Visit], basket: Basket) -> bool:
    if basket.at_ms - gathered[0].basket.at_ms > WINDOW_MAX_MS:
        return True
    return any(visit.basket.household == basket.household for visit in gathered)


def _window(gathered: list[Visit]) -> Window:
    return Window(gathered[-1].basket.at_ms, tuple(gathered))


def _visit(basket: Basket, number: int, handhelds: int, kiosks: int) -> Visit:
    goes_on = kiosks > 0 and (number + _spread(basket.household)) % KIOSK_EVERY == 0
    return Visit(
        basket=basket,
        handheld=_spread(basket.store) % handhelds,
        kiosk=_spread(f"kiosk of {basket.household}") % kiosks if goes_on else None,
    )


def _spread(name: str) -> int:
    return zlib.crc32(name.encode())

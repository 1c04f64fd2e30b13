"""What fingers and time do to a view. Only some of it concerns the terminal: the answers."""

from dataclasses import dataclass, replace

from device.display.screens.keypad import DONE, ERASE
from device.display.screens.message import MOVING, SPINNER_STEP_MS
from device.display.screens.theme import LOOKS
from device.display.screens.view import TYPED_MAX_DIGITS, Link, View

GUARD_MS = 300  # after a screen came up: a second tap was meant for the one before
ANSWERED_MS = 1_500  # after an answer, before a terminal that had no use for it hears another
FORGET_MS = 60_000  # before a greeting in another language is in the shop's again
REMIND_MS = 5_000  # between two sounds while a card waits to be taken

_GREETINGS = ("welcome", "key_phone")  # nobody has said yet who they are


@dataclass(frozen=True, slots=True)
class Home:
    """How screens are before somebody changes them."""

    locale: str
    look: str = "normal"


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice was touched."""

    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number was typed and ended."""

    digits: str


Answer = Choice | Number


def come_up(view: View, before: View | None, home: Home) -> View:
    """Return `view` as it comes up after `before`: in the language and look that were chosen.

    Of the member before nothing is left on the greeting: neither what was typed nor how.
    """
    is_same_person = before is not None and (
        view.screen != "welcome" or before.screen in _GREETINGS
    )
    kept = before if is_same_person and before is not None else View(screen="")
    locale, look = (kept.locale, kept.look) if is_same_person else (home.locale, home.look)
    link = before.link if before is not None else Link()
    return replace(view, locale=locale, look=look, link=link)


def come_down(view: View, target: str, *, age_ms: int, answered_ms_ago: int) -> View:
    """Return the view with a finger on `target`, `age_ms` after it came up."""
    if age_ms < GUARD_MS or (view.is_sent and answered_ms_ago < ANSWERED_MS):
        return view
    return replace(view, pressed=target, is_sent=False)


def leave(view: View, target: str) -> tuple[View, Answer | None]:
    """Return the view after the finger left at `target`, and what the terminal must hear of it.

    It counts only where the finger came down. After an answer nothing is taken for a while, so
    that a double tap is one.
    """
    if view.is_sent:
        return view, None
    pressed, view = view.pressed, replace(view, pressed="")
    if not pressed or pressed != target:
        return view, None
    kind, _, name = target.partition(":")
    match kind:
        case "choice":
            return replace(view, pressed=target, is_sent=True), Choice(name)
        case "key":
            return _key(view, name)
        case "language":
            return replace(view, locale=name), None
        case "look":
            return replace(view, look=LOOKS[(LOOKS.index(view.look) + 1) % len(LOOKS)]), None
        case "more":
            return replace(view, page=view.page + 1), None
        case "go_on":
            return replace(view, read_notice=True), None
    return view, None


def pass_time(view: View, age_ms: int, home: Home) -> View:
    """Return the view `age_ms` after it came up; many of these are equal."""
    elapsed_ms = age_ms // SPINNER_STEP_MS * SPINNER_STEP_MS
    if view.screen in MOVING or view.screen == "more_time":
        return replace(view, elapsed_ms=elapsed_ms)
    if view.screen == "welcome" and age_ms >= FORGET_MS:
        return replace(view, locale=home.locale, look=home.look)
    return view


def is_changing(view: View, home: Home) -> bool:
    """Return whether time alone may change the view, or a sound is due again."""
    is_as_home = (view.locale, view.look) == (home.locale, home.look)
    return (
        view.screen in MOVING
        or view.screen == "more_time"
        or view.sound == "take_card"
        or (view.screen == "welcome" and not is_as_home)
    )


def _key(view: View, key: str) -> tuple[View, Answer | None]:
    if key == ERASE:
        return replace(view, typed=view.typed[:-1]), None
    if key == DONE:
        if not view.typed:
            return view, None
        return replace(view, pressed=f"key:{DONE}", is_sent=True), Number(view.typed)
    return replace(view, typed=(view.typed + key)[:TYPED_MAX_DIGITS]), None

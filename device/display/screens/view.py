"""What a screen is to show, whole: the picture is a function of this and of nothing else.

A terminal says which screen, with what values and choices; the rest is what the person before it
has done to it: the language, the look, the page, what was typed, where a finger is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from device.display.screen_text import CODES

Translate = Callable[[str], str]

TYPED_MAX_DIGITS = 15  # ITU-T E.164: no telephone number is longer

LANGUAGES = {"en": "English", "zh_Hant_HK": "繁體", "zh_Hans_CN": "简体"}


@dataclass(frozen=True, slots=True)
class Link:
    """Whether the hub is reached, and how many records wait for it here."""

    is_online: bool = True
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One moment of a screen.

    `sound` was made when the screen came up. `elapsed_ms` runs from then in steps; the screen
    ends after `timeout_ms` (0: never). `is_sent` says that a choice was made and nothing else
    is taken until the next screen; `read_notice`, that the notice among the values was read.
    """

    screen: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    timeout_ms: int = 0
    sound: str = ""
    locale: str = "en"
    look: str = "normal"
    page: int = 0
    typed: str = ""
    pressed: str = ""
    is_sent: bool = False
    read_notice: bool = False
    elapsed_ms: int = 0
    link: Link = Link()

    @property
    def notice(self) -> str:
        """The problem whose sentences come first, until they were read; empty for none."""
        name = str(self.values.get("notice", ""))
        return name if name in CODES and not self.read_notice else ""

    @property
    def remark(self) -> str:
        """The screen whose sentences stand beside this one's, since they are no problem."""
        name = str(self.values.get("notice", ""))
        return "" if name in CODES else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a view is said in one language.

    `labels` names offers and tiers, `prices` has the points of each offer, `shop` is who speaks.
    """

    locale: str
    translate: Translate
    labels: Mapping[str, str]
    prices: Mapping[str, int]
    shop: str

    def label(self, name: str) -> str:
        """Return what `name` (an offer, a tier) is called."""
        return self.labels.get(name, name)

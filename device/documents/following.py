"""A terminal follows a new programme: every part of it at once, and never within a visit."""

from collections.abc import Callable
from dataclasses import dataclass

from device.app import App
from device.behaviour.setting import Setting
from loyalty.programme import Programme


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """`setting_under` tells what the terminal's setting is under a programme.

    Each of `parts` is told of the programme too, in the same moment.
    """

    app: App
    setting_under: Callable[[Programme], Setting]
    parts: tuple[Callable[[Programme], None], ...]

    def follow(self, programme: Programme) -> None:
        """Work by `programme`, from the next moment when nobody is served."""

        def renew() -> Setting:
            for tell in self.parts:
                tell(programme)
            return self.setting_under(programme)

        self.app.change(renew)

"""What time it is at the hub, as far as a device can know where messages may come late or twice."""

from typing import NamedTuple


class HubTime(NamedTuple):
    """The hub said `hub_ms` when the device's monotonic clock was at `mono_ms`; 0 for never."""

    hub_ms: int = 0
    mono_ms: int = 0

    def after(self, hub_ms: int, mono_ms: int, *, is_asked_for: bool) -> "HubTime":
        """Return what is known once a receipt of `hub_ms` came at `mono_ms`.

        Who carries messages may bring an old one again. So the first word in a boot is the answer
        to a question of this boot, and after it time only goes forward.
        """
        is_news = hub_ms > self.hub_ms if self.hub_ms else is_asked_for
        return HubTime(hub_ms, mono_ms) if is_news else self

    def trusted_ms(self, mono_ms: int) -> int:
        """Return the hub's time at `mono_ms`; 0 if it was never heard."""
        return self.hub_ms + self.silent_ms(mono_ms) if self.hub_ms else 0

    def silent_ms(self, mono_ms: int) -> int:
        """Return how long ago the hub was heard; since the boot if it never was."""
        return mono_ms - self.mono_ms

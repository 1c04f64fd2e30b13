"""What time it is at the hub, as far as a device can know where messages may come late or twice.

Who carries messages may bring an old receipt again, or keep a new one back for hours. So what is
relied on is the answer to a question of this boot, which is no older than the question; every other
receipt only shows that it is no earlier than it says.
"""

from typing import NamedTuple


class HubTime(NamedTuple):
    """It was `hub_ms` at the hub, or less, when the device's monotonic clock was at `mono_ms`.

    `named_ms` is the latest time that the hub has named since. All of them are 0 for never.
    """

    hub_ms: int = 0
    mono_ms: int = 0
    named_ms: int = 0

    def after(self, hub_ms: int, mono_ms: int, *, asked_ms: int | None) -> "HubTime":
        """Return what is known once a receipt of `hub_ms` came at `mono_ms`.

        `asked_ms` is when it was asked for by the monotonic clock, None where nobody had.
        """
        if asked_ms is not None:
            return HubTime(hub_ms, asked_ms, hub_ms) if hub_ms >= self.named_ms else self
        if not self.hub_ms or hub_ms <= self.named_ms:
            return self
        if hub_ms > self.trusted_ms(mono_ms):  # the device's clock is the slower one
            return HubTime(hub_ms, mono_ms, hub_ms)
        return self._replace(named_ms=hub_ms)

    def trusted_ms(self, mono_ms: int) -> int:
        """Return the hub's time at `mono_ms`, or what it has yet to come to; 0 if never heard."""
        return self.hub_ms + self.silent_ms(mono_ms) if self.hub_ms else 0

    def silent_ms(self, mono_ms: int) -> int:
        """Return how long ago the hub was surely there, or longer; since the boot if never."""
        return mono_ms - self.mono_ms

"""Where a terminal makes its records: the journal, the clocks' stamp, and a nudge to send."""

from device.behaviour.intent import Intent
from device.behaviour.setting import Now
from device.mqtt.client import HubClient
from device.records.journal import Journal
from loyalty.clock import Clock
from loyalty.record import Record
from loyalty.records import FaceStarted


class Recorder:
    """Writes down what happened, durably, and has it sent; raises what the journal raises."""

    def __init__(self, journal: Journal, hub: HubClient, clock: Clock) -> None:
        self._journal = journal
        self._hub = hub
        self._clock = clock

    def now(self) -> Now:
        """Return what the clocks say, for the stamp of a record."""
        mono_ms = self._clock.monotonic_ms()
        return Now(
            at_ms=self._clock.now_ms(),
            mono_ms=mono_ms,
            boot=self._journal.boot,
            hub_ms=self._hub.hub_ms,
            trusted_ms=self._hub.time.trusted_ms(mono_ms),
            silent_ms=self._hub.time.silent_ms(mono_ms),
        )

    def begin(self, intent: Intent) -> None:
        """Make `intent` durable before its card is written."""
        self._journal.begin(intent)

    def save(self, record: Record, ends_op: str = "") -> None:
        """Make `record` durable; `ends_op` names the intent whose outcome it states."""
        if ends_op:
            self._journal.finish(ends_op, record)
        else:
            self._journal.append(record)
        self._hub.notify_appended()

    def prune(self) -> int:
        """Forget some of what the hub has had for long, and return how many lines.

        Both our clock and the hub's must say so: ours may be ahead for a moment, and what is
        forgotten does not come back.
        """
        now = self.now()
        return self._journal.prune(min(now.at_ms, now.trusted_ms))

    def open_face(self) -> FaceStarted | None:
        """Return the face that was begun and has no outcome, if there is one."""
        return self._journal.open_face()

"""How a terminal is, in words for whoever watches it from outside."""

from dataclasses import asdict, dataclass
from typing import Literal

HubWord = Literal["online", "offline", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What was seen of a terminal at `at_ms`.

    `hub_heard_ms` is when anything last came from the hub, 0 for never since the start.
    `journal_fill` is 1.0 where the terminal stops selling. `printer` is the fault that staff were
    called for, `ok`, or `none` where there is no printer.
    """

    at_ms: int
    store: str
    device: str
    hub: HubWord
    hub_heard_ms: int
    pending_lines: int
    journal_fill: float
    reader: Literal["ok", "lost"]
    reader_failures: int
    reader_recoveries: int
    printer: str

    def facts(self) -> dict[str, object]:
        """Return everything by name, as the status file has it."""
        facts = asdict(self)
        facts["journal_fill"] = round(self.journal_fill, 3)
        return facts


def hub_word(*, is_online: bool, is_refused: bool) -> HubWord:
    """Return how it stands with the hub; a refusal wants a technician, whatever else."""
    if is_refused:
        return "refused"
    return "online" if is_online else "offline"

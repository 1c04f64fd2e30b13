"""Whether a hub is well, from what was seen of it a moment ago."""

from dataclasses import dataclass

SILENT_MAX_S = 60.0  # of the worker, before it is taken to be stuck
DISK_FREE_MIN_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What was seen of a hub; `disk_free_bytes` is None where the ledger is on a server.

    `silent_s` is since when the worker's hands are full, `posted_ago_s` since when nothing came,
    None where nothing has come since the start.
    """

    is_ledger_there: bool
    is_broker_there: bool
    posting_trouble: str
    silent_s: float
    waiting_messages: int
    posted_ago_s: float | None
    oldest_gap_s: float | None
    disk_free_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A verdict, and the words for it by what they are about."""

    is_well: bool
    words: dict[str, object]


def health(vitals: Vitals) -> Health:
    """Return the verdict on `vitals`: well only where every part is.

    A gap in a device's lines is shown and makes nobody ill: it is the device that lacks something.
    """
    parts = {
        "ledger": "ok" if vitals.is_ledger_there else "no answer",
        "broker": "ok" if vitals.is_broker_there else "not connected",
        "posting": _posting(vitals),
        "disk": _disk(vitals.disk_free_bytes),
    }
    is_well = all(word == "ok" for word in parts.values())
    words: dict[str, object] = {
        "status": "ok" if is_well else "failing",
        **parts,
        "posted_ago_s": _rounded(vitals.posted_ago_s),
        "waiting_messages": vitals.waiting_messages,
        "oldest_gap_s": _rounded(vitals.oldest_gap_s),
        "disk_free_bytes": vitals.disk_free_bytes,
    }
    return Health(is_well=is_well, words=words)


def is_stuck(silent_s: float) -> bool:
    """Return whether a worker that has been silent for so long will not come back."""
    return silent_s > SILENT_MAX_S


def _posting(vitals: Vitals) -> str:
    if is_stuck(vitals.silent_s):
        return f"stuck for {vitals.silent_s:.0f} s"
    # The reason may name people's things; it is in the log.
    return "the ledger takes nothing" if vitals.posting_trouble else "ok"


def _disk(free_bytes: int | None) -> str:
    is_enough = free_bytes is None or free_bytes >= DISK_FREE_MIN_BYTES
    return "ok" if is_enough else "nearly full"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)

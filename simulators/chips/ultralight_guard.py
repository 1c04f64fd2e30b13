"""What protects the pages of an Ultralight or NTAG chip: lock bits, password, locked settings.

Source: NXP MF0ULX1 rev. 3 and NTAG213_215_216 rev. 3, §8.5 for lock bits and settings, §8.7 and
§8.8 for the password.
"""

from enum import Enum

from simulators.chips.chip import Nvm
from simulators.chips.ultralight_model import (
    FAILURES_MAX,
    LOCK_PAGE,
    PAGE_BYTES,
    Model,
    locked_pages,
)

# What byte 0 of the second page of settings says (§8.5.7, table 10).
PROTECT_READING, LOCK_SETTINGS, COUNT_READS, PROTECT_COUNTER = 0x80, 0x40, 0x10, 0x08


class Refusal(Enum):
    """Why a password opened nothing."""

    WRONG = "wrong"
    TOO_OFTEN = "wrong too often, so never again"
    POWER_LOST = "power lost while the attempt was noted"


class Guard:
    """Who may read and write which pages of one chip, `authenticated` or not."""

    def __init__(self, model: Model, nvm: Nvm, *, failures_at: int) -> None:
        """Guard the pages in `nvm`, noting wrong passwords in its byte `failures_at`."""
        self._model = model
        self._nvm = nvm
        self._failures_at = failures_at
        self.authenticated = False
        self.take_settings()

    def take_locks(self) -> None:
        """Let lock bits that were written count: from a selection on (§8.5.2)."""
        self._locked = locked_pages(self._model, bytes(self._nvm.cells))

    def take_settings(self) -> None:
        """Let the lock of the settings count too: from a return of power on (§8.5.7)."""
        self.take_locks()
        self._settings_locked = bool(self._access() & LOCK_SETTINGS)

    @property
    def counts_reads(self) -> bool:
        """Whether the first read after power on is counted."""
        return self._model.counts_reads and bool(self._access() & COUNT_READS)

    @property
    def secret_pages(self) -> tuple[int, ...]:
        """Password and its answer, which read as zeros."""
        at = self._model.configuration
        return () if at is None else (at + 2, at + 3)

    def may_write(self, page: int) -> bool:
        """Return whether a write of `page` is let through."""
        if not LOCK_PAGE <= page < self._model.pages or page in self._locked:
            return False
        settings = self._model.configuration
        if settings is None:
            return True
        if self._settings_locked and page in (settings, settings + 1):
            return False
        return self.authenticated or page < self._first_protected_page()

    def readable_end(self) -> int:
        """Return the page before which everything can be read."""
        if self.authenticated or not self._access() & PROTECT_READING:
            return self._model.pages
        return min(self._model.pages, self._first_protected_page())

    def may_read_counter(self) -> bool:
        """Return whether counters show their value."""
        if not self._model.counts_reads:
            return True
        hidden = self._access() & PROTECT_COUNTER and not self.authenticated
        return self.counts_reads and not hidden

    def give_password(self, password: bytes) -> bytes | Refusal:
        """Authenticate and return PACK, or note the failure."""
        if not self.secret_pages:
            return Refusal.WRONG
        held, answer = (self._page(page) for page in self.secret_pages)
        failures, limit = self._nvm.cells[self._failures_at], self._access() & FAILURES_MAX
        if limit and failures >= limit:
            return Refusal.TOO_OFTEN
        right = password == held
        noted = 0 if right else failures + bool(limit)
        # §10.7: the count of failures is protected against tearing.
        if noted != failures and not self._nvm.program(
            self._failures_at, bytes([noted]), shadowed=True
        ):
            return Refusal.POWER_LOST
        self.authenticated = right
        return answer[:2] if right else Refusal.WRONG

    def _first_protected_page(self) -> int:
        assert self._model.configuration is not None
        return self._page(self._model.configuration)[3]

    def _access(self) -> int:
        at = self._model.configuration
        return 0 if at is None else self._page(at + 1)[0]

    def _page(self, number: int) -> bytes:
        return bytes(self._nvm.cells[number * PAGE_BYTES : (number + 1) * PAGE_BYTES])

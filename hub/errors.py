"""What can go wrong in the hub, sorted by what its caller can do."""


class HubError(Exception):
    """Something in the hub went wrong and the caller may handle it."""


class LedgerUnavailable(HubError):
    """The database took nothing of this transaction (disk full, locked): keep it, try later."""


class LedgerContended(HubError):
    """Another connection got in the way and nothing was taken: do it again at once."""


class NoLedger(HubError):
    """There is no ledger of ours at this path; a person should look at the path."""


class NotFound(HubError):
    """The ledger knows no such member or device; a person should look at the name."""


class DayIsClosed(HubError):
    """The business day has been closed, by a person or by another hub; nothing is left to do."""

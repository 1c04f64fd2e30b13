"""The door of the embedded broker: a device is who its password says, and keeps to its own topics.

The device table is asked once, when somebody knocks. What it said then is what the device goes by
until its connection ends; when the table says something else, the connection is cut.
"""

from collections.abc import Callable

from hub.broker.passwords import is_password
from hub.errors import LedgerUnavailable
from hub.ledger.queries import DeviceLogin
from loyalty import topics


class Door:
    """Decides who may come in; `find_device` looks a name up in the device table."""

    def __init__(self, find_device: Callable[[str], DeviceLogin | None]) -> None:
        self._find_device = find_device

    def admit(
        self, *, user: str | None, password: str | None, client_id: str | None, will: str | None
    ) -> DeviceLogin | None:
        """Return what `user` came in by, or None: nobody else, nor under another client id.

        Its last `will`, if it has one, must be for a topic of its own.
        """
        if not user or password is None or client_id != user:
            return None
        login = self._look_up(user)
        if login is None or not is_password(password, login.password_salt, login.password_digest):
            return None
        if will is not None and not topics.may_publish(login.store, user, will):
            return None
        return login

    def _look_up(self, user: str) -> DeviceLogin | None:
        try:
            return self._find_device(user)
        except LedgerUnavailable:
            return None  # no table, no entry

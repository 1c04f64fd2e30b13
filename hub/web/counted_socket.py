"""A listening socket that has so many connections at a time, whatever has become of each.

A web server counts requests, or connections on which TLS has begun. One on which nothing is said
takes up a file as well, of those that the broker and the ledger need.
"""

import socket
from typing import Any
from weakref import WeakSet


class CountedSocket(socket.socket):
    """Closes at once whoever would be one too many of `connections_max`."""

    def __init__(self, listening: socket.socket, connections_max: int) -> None:
        """Take `listening` over."""
        super().__init__(fileno=listening.detach())
        self._connections_max = connections_max
        self._accepted: WeakSet[socket.socket] = WeakSet()

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection and who it is from.

        Raises:
            ConnectionAbortedError: it was one too many; more may wait.
        """
        link, address = super().accept()
        if sum(it.fileno() >= 0 for it in self._accepted) >= self._connections_max:
            link.close()
            raise ConnectionAbortedError
        self._accepted.add(link)
        return link, address

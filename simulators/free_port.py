"""A port for a server that is about to start, and which nobody takes from it meanwhile.

A port that the kernel chooses is free only until somebody else asks for one, and may be the near
end of anybody's next connection. So these lie below those that it chooses from (ip(7),
`ip_local_port_range`), and each is promised to one process, as long as that lives.
"""

import errno
import socket

FIRST, LAST = 20_000, 31_999


def free_port() -> int:
    """Return a port of this machine that nobody listens on, and that no other call returns.

    Raises:
        OSError: all are taken.
    """
    for port in range(FIRST, LAST + 1):
        if _is_promised_to_us(port) and _is_free(port):
            return port
    raise OSError(errno.EADDRINUSE, f"no port from {FIRST} to {LAST} is free")


def _is_promised_to_us(port: int) -> bool:
    # The name of a socket is one process's only, and the kernel takes it back when that ends.
    promise = socket.socket(socket.AF_UNIX)
    try:
        promise.bind(f"\0revisit port {port}")
    except OSError:
        promise.close()
        return False
    promise.detach()
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

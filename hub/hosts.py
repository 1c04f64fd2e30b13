"""Names and addresses of machines, as configurations have them."""

import re
from ipaddress import ip_address

_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}", re.ASCII)


def parse_host(text: str) -> str:
    """Return `text`, a host's name or address.

    Raises:
        ValueError: it is none.
    """
    # No name has a colon: what stands behind one is a port, and not asked for.
    if not _NAME.fullmatch(text) and not _is_address(text):
        raise ValueError(f"found {text[:40]!r}, wanted a host name or an address")
    return text


def is_here(host: str) -> bool:
    """Return whether `host` is this machine, whichever machine asks."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_anywhere(host: str) -> bool:
    """Return whether `host` stands for every address of a machine, and so calls none by name."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # an interface of this machine means nothing to others

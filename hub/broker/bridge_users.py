"""The names under which hubs log in at a broker, so that no device has one of them."""

import re

BRIDGE_USER = "revisit-hub-bridge"
BRIDGES_MAX = 16  # hubs that take turns at one broker

_NAME = re.compile(rf"{BRIDGE_USER}(-[0-9]+)?", re.ASCII)


def bridge_user(number: int) -> str:
    """Return the name of the bridge of hub `number`, counted from 1."""
    return BRIDGE_USER if number == 1 else f"{BRIDGE_USER}-{number}"


def is_bridge_user(name: str) -> bool:
    """Return whether `name` is that of a hub's bridge."""
    return _NAME.fullmatch(name) is not None

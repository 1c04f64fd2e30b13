"""Portable. MQTT topic names: `loy/v1/{store}/{device}/…`, and how long a packet may be.

A device writes below `up/` and `state`, and reads below `rx/`; nothing else is its business.
"""

from loyalty.chain import ENVELOPE_MAX_BYTES, is_name

PACKET_MAX_BYTES = ENVELOPE_MAX_BYTES + 1024  # with the topic and what MQTT puts around them

ROOT = "loy/v1"
UP = ("batch", "hello", "ask")
RX = ("receipt", "answer")

ALL_UP = ROOT + "/+/+/up/#"
# Each message to one of the subscribers: MQTT 5.0 §4.8.2; mosquitto does so for 3.1.1 too.
SHARED_UP = "$share/revisit-hub/" + ALL_UP


def up(store: str, device: str, purpose: str) -> str:
    """Return where `device` publishes its envelopes of `purpose` (one of `UP`)."""
    return f"{ROOT}/{store}/{device}/up/{purpose}"


def rx(store: str, device: str, purpose: str) -> str:
    """Return where the hub publishes envelopes of `purpose` (one of `RX`) for `device`."""
    return f"{ROOT}/{store}/{device}/rx/{purpose}"


def rx_filter(store: str, device: str) -> str:
    """Return the one filter a device subscribes to."""
    return f"{ROOT}/{store}/{device}/rx/#"


def state(store: str, device: str) -> str:
    """Return where a device's retained presence stands."""
    return f"{ROOT}/{store}/{device}/state"


def parse_up(topic: str) -> tuple[str, str, str] | None:
    """Return `(store, device, purpose)` of a topic a device publishes to, or None."""
    levels = topic.split("/")
    if len(levels) != 6 or "/".join(levels[:2]) != ROOT or levels[4] != "up":
        return None
    store, device, purpose = levels[2], levels[3], levels[5]
    if not (is_name(store) and is_name(device) and purpose in UP):
        return None
    return store, device, purpose


def may_publish(store: str, device: str, topic: str) -> bool:
    """Return whether `device` of `store` may publish to `topic`."""
    return topic == state(store, device) or parse_up(topic) in [(store, device, it) for it in UP]


def may_subscribe(store: str, device: str, topic_filter: str) -> bool:
    """Return whether `device` of `store` may subscribe to `topic_filter`."""
    below = f"{ROOT}/{store}/{device}/rx/"
    return topic_filter == below + "#" or topic_filter in [below + it for it in RX]

"""A line between an MQTT client and its broker that loses, doubles, holds back and swaps messages.

Only PUBLISH packets with quality of service 1 meet a fate. Whoever sent one that is lost gets its
PUBACK all the same: so brokers behave, and so no sender waits for it for ever.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from simulators import mqtt_packets as mqtt
from simulators.faults import DELAYED, DOUBLED, DROPPED, REORDERED

KEPT_MAX_MS = 200  # a message waits for another to overtake it, but not for ever


class Move(NamedTuple):
    """Send `packet` on after a while, or back to where the packet came from."""

    packet: bytes
    after_ms: int = 0
    is_back: bool = False


class LookAgain(NamedTuple):
    """Call `release` for this direction after a while."""

    after_ms: int


class BadLine:
    """One connection; `happened` counts what befell its messages.

    As long as that counts no message that was overtaken, the one after a message that was to be,
    and that nothing followed in time, is kept in its place.
    """

    def __init__(
        self,
        upwards: Iterator[tuple[str, int]],
        downwards: Iterator[tuple[str, int]],
        happened: Counter[str],
    ) -> None:
        self._fates = {True: upwards, False: downwards}
        self._kept: dict[bool, bytes] = {}
        self._is_owed = {True: False, False: False}
        self._surplus: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
        self._happened = happened

    def take(self, packet: bytes, *, up: bool) -> list[Move | LookAgain]:
        """Return what becomes of a packet that goes `up` to the broker or down to the client."""
        kind = mqtt.kind(packet)
        if kind == mqtt.PUBACK:
            return self._take_answer(packet, up)
        if kind != mqtt.PUBLISH or not mqtt.needs_answer(packet):
            return [Move(packet)]
        kept = self._kept.pop(up, None)
        if kept is not None:
            self._happened[REORDERED] += 1
            return [Move(packet), Move(kept)]
        return self._meet_fate(packet, up)

    def release(self, *, up: bool) -> list[Move]:
        """Return the message that nothing has overtaken, if there still is one."""
        kept = self._kept.pop(up, None)
        if kept is None:
            return []
        self._is_owed[up] = True
        return [Move(kept)]

    def _meet_fate(self, packet: bytes, up: bool) -> list[Move | LookAgain]:
        is_owed, self._is_owed[up] = self._is_owed[up], False
        if is_owed and not self._happened[REORDERED]:
            fate, amount_ms = REORDERED, 0
        else:
            fate, amount_ms = next(self._fates[up])
        if fate == REORDERED:
            self._kept[up] = packet
            return [LookAgain(KEPT_MAX_MS)]
        if fate in (DROPPED, DOUBLED, DELAYED):
            self._happened[fate] += 1
        if fate == DROPPED:
            return [Move(mqtt.puback(packet), is_back=True)]
        if fate == DOUBLED:
            self._surplus[not up][mqtt.packet_id(packet)] += 1
            return [Move(packet), Move(mqtt.again(packet), amount_ms)]
        return [Move(packet, amount_ms if fate == DELAYED else 0)]

    def _take_answer(self, packet: bytes, up: bool) -> list[Move | LookAgain]:
        """Pass on one answer for each message that was sent, not for each that arrived."""
        surplus, number = self._surplus[up], mqtt.packet_id(packet)
        if surplus[number]:
            surplus[number] -= 1
            return []
        return [Move(packet)]

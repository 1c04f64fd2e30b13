"""The three sounds of a terminal as samples: told apart without looking, and without training."""

import struct
from math import pi, sin

VOLUME_MAX_PERCENT = 100
_PEAK = 24_000  # of 32,767, so that tones may overlap
_FADE_S = 0.008  # a tone that begins or ends at once clicks

# Frequency in hertz (0: silence) and length in seconds. Good rises, bad falls, the card calls.
_TUNES = {
    "accepted": ((880.0, 0.09), (1318.5, 0.16)),
    "refused": ((311.1, 0.18), (233.1, 0.30)),
    "take_card": ((1046.5, 0.12), (0.0, 0.08), (1046.5, 0.12), (0.0, 0.08), (1046.5, 0.12)),
}
NAMES = tuple(_TUNES)


def samples(name: str, *, volume_percent: int, rate_hz: int) -> bytes:
    """Return sound `name` as 16-bit little-endian samples of one channel.

    Raises:
        KeyError: there is no such sound.
        ValueError: the volume is not 0 to 100.
    """
    if not 0 <= volume_percent <= VOLUME_MAX_PERCENT:
        raise ValueError(f"volume {volume_percent} %, 0 to {VOLUME_MAX_PERCENT} wanted")
    peak = _PEAK * volume_percent / VOLUME_MAX_PERCENT
    values: list[int] = []
    for frequency_hz, length_s in _TUNES[name]:
        count = round(length_s * rate_hz)
        fade = max(1, round(_FADE_S * rate_hz))
        for number in range(count):
            loudness = min(1.0, number / fade, (count - 1 - number) / fade)
            angle = 2 * pi * frequency_hz * number / rate_hz
            values.append(round(peak * loudness * sin(angle)))
    return struct.pack(f"<{len(values)}h", *values)

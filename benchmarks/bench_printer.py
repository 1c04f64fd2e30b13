"""What goes to a card printer for one face, and how long it takes to make ready.

For the Star: the bytes of a visit at which only points, date and code changed, against a full face;
both as they go over the cable, frames and all. For both printers: packing, and packing dot by dot
in the plain way, in turns.

    python benchmarks/bench_printer.py [--rounds N] [--json]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bench_face import NAMES, face_of, pack_dot_by_dot

from device.display.cards.artist import FaceArtist
from device.display.cards.layout_files import ORDINARY, read_layout
from device.display.cards.profile import EPS3, STAR_TCP, Profile
from device.display.cards.raster import Raster, pack
from device.display.fonts import Fonts, installed_collection
from device.display.printers.eps3_image import picture
from device.display.printers.star_frames import encode
from device.display.printers.star_image import upload

GOAL_RATIO = 0.25
BITS_PER_BYTE = 10  # start bit, eight data bits, stop bit
BAUDS = (9600, 115200)


def main() -> None:
    """Print what was found, and with --json one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {"bytes": count_bytes(options.rounds), "packing": time_packing(options.rounds)}
    sent = found["bytes"]
    print(
        f"star: a full face {sent['full_bytes']} bytes, the same member's next face "
        f"{sent['change_bytes']}: ratio {sent['ratio']} (goal at most {GOAL_RATIO})"
    )
    for baud in BAUDS:
        full_s, change_s = (sent[f"{it}_bytes"] * BITS_PER_BYTE / baud for it in ("full", "change"))
        print(f"      at {baud:6} baud {full_s:5.1f} s against {change_s:4.1f} s")
    for name, it in found["packing"].items():
        print(f"{name}: packed in {it['median_ms']} ms, dot by dot in {it['plain_median_ms']} ms")
    if options.json:
        print(json.dumps(found))


def count_bytes(rounds: int) -> dict[str, float]:
    """Return the bytes to a Star for full faces and for members' next ones, by median."""
    full, change = [], []
    artist = artist_of(STAR_TCP)
    for turn in range(rounds):
        before = face_of(turn * len(NAMES))
        payload = replace(
            before.payload,
            version=before.payload.version + 1,
            points=before.payload.points + 137,
            as_of_s=before.payload.as_of_s + 9 * 86_400,
        )
        after = replace(before, payload=payload, as_of=before.as_of + timedelta(days=9))
        first, then = (pack(artist.draw(face)) for face in (before, after))
        full.append(frames_bytes(then, None))
        change.append(frames_bytes(then, first))
    return {
        "full_bytes": statistics.median(full),
        "change_bytes": statistics.median(change),
        "ratio": round(statistics.median(a / b for a, b in zip(change, full, strict=True)), 3),
        "goal_ratio": GOAL_RATIO,
        "rounds": rounds,
    }


def time_packing(rounds: int) -> dict[str, dict[str, float]]:
    """Return milliseconds from a drawn face to the bytes for each printer, by median."""
    found = {}
    for profile, send in ((STAR_TCP, star_frames), (EPS3, picture)):
        image = artist_of(profile).draw(face_of(1))
        ours_ms, plain_ms = [], []
        for turn in range(rounds):
            ours_ms.append(timed_ms(lambda send=send, image=image: send(pack(image))))
            if turn % 10 == 0:
                plain_ms.append(timed_ms(lambda image=image: pack_dot_by_dot(image)))
        found[profile.name] = {
            "median_ms": round(statistics.median(ours_ms), 3),
            "p95_ms": round(statistics.quantiles(ours_ms, n=20)[18], 3),
            "plain_median_ms": round(statistics.median(plain_ms), 3),
        }
    return found


def artist_of(profile: Profile) -> FaceArtist:
    """Return an artist for the ordinary layout."""
    return FaceArtist(read_layout(ORDINARY), profile, Fonts(installed_collection()))


def star_frames(raster: Raster) -> bytes:
    """Return the frames of a full face."""
    return b"".join(encode(command, data) for command, data in upload(raster, None))


def frames_bytes(wanted: Raster, present: Raster | None) -> int:
    """Return how many bytes the frames have that turn `present` into `wanted`."""
    return sum(len(encode(command, data)) for command, data in upload(wanted, present))


def timed_ms(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    began_s = time.perf_counter()
    work()
    return (time.perf_counter() - began_s) * 1e3


if __name__ == "__main__":
    main()

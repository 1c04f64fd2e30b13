"""A card face drawn, packed and read back by our own decoder: how long, against the plain way.

The plain way opens its fonts afresh, packs dot by dot and looks for the code in the whole picture.
Both draw the same face with other figures each time, alternately, in one run.

    python benchmarks/bench_face.py [--rounds N] [--json]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import zxingcpp
from PIL import Image

from device.display.cards.artist import FaceArtist
from device.display.cards.face import Face
from device.display.cards.layout_files import ORDINARY, read_layout
from device.display.cards.payload import Payload, encode
from device.display.cards.profile import PROFILES, Profile
from device.display.cards.raster import pack
from device.display.cards.readback import read_code
from device.display.fonts import Fonts, installed_collection

GOAL_MS = {"star-tcp": 20.0, "eps3": 30.0, "cr80": 30.0}
AS_OF = datetime(2017, 3, 1, 14, 30, tzinfo=UTC)
NAMES = ("陳大文 Chan Tai-man", "李小龍 Bruce Lee", "黃飛鴻 Wong Fei-hung", "何")


def main() -> None:
    """Print a table, and with --json one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {profile.name: measure(profile, options.rounds) for profile in PROFILES.values()}
    for name, figures in results.items():
        print(
            f"{name:9} median {figures['median_ms']:6.2f} ms  p95 {figures['p95_ms']:6.2f} ms  "
            f"(goal {figures['goal_ms']:.0f} ms)   plain way {figures['plain_median_ms']:6.1f} ms"
        )
    if options.json:
        print(json.dumps(results))


def measure(profile: Profile, rounds: int) -> dict[str, float]:
    """Return milliseconds a face, ours and the plain way's."""
    artist = FaceArtist(read_layout(ORDINARY), profile, Fonts(installed_collection()))
    ours_ms, plain_ms = [], []
    for turn in range(rounds):
        face = face_of(turn)
        ours_ms.append(timed_ms(lambda face=face: ours(artist, face)))
        if turn % 10 == 0:
            plain_ms.append(timed_ms(lambda face=face: plain(face, profile)))
    return {
        "median_ms": round(statistics.median(ours_ms), 3),
        "p95_ms": round(statistics.quantiles(ours_ms, n=20)[18], 3),
        "first_ms": round(ours_ms[0], 3),
        "goal_ms": GOAL_MS[profile.name],
        "plain_median_ms": round(statistics.median(plain_ms), 3),
        "rounds": rounds,
    }


def face_of(turn: int) -> Face:
    """Return a face whose figures, name and pending points no earlier turn had."""
    face = Face(
        locale="zh_Hant_HK",
        name=f"{NAMES[turn % len(NAMES)]} {turn}",
        tier="金卡會員",
        payload=Payload(
            account="8520001234567890",
            version=turn,
            points=128_450 + 137 * turn,
            as_of_s=1_488_326_400 + 3600 * turn,
            pending_points=turn % 90,
            check="k3Jx9QzPw1aB",
        ),
        as_of=AS_OF,
        messages=("生日月份雙倍積分！即日起至 31/12 於任何分店惠顧滿 $500 即賞「咖啡券」乙張。",),
    )
    return replace(face, messages=(*face.messages, "歡迎再次光臨")) if turn % 2 else face


def ours(artist: FaceArtist, face: Face) -> None:
    """Draw, pack, and read back from the packed bytes."""
    raster = pack(artist.draw(face))
    assert read_code(raster, artist.sheet) == encode(face.payload)


def plain(face: Face, profile: Profile) -> None:
    """The same without anything kept, known or tuned."""
    image = FaceArtist(read_layout(ORDINARY), profile, Fonts(installed_collection())).draw(face)
    columns = pack_dot_by_dot(image)
    assert columns == pack(image).columns
    found = zxingcpp.read_barcodes(image.convert("L"))
    assert [it.text for it in found] == [encode(face.payload)]


def pack_dot_by_dot(image: Image.Image) -> bytes:
    """Pack columns with a loop over every dot."""
    dots = image.load()
    packed = bytearray()
    for x in range(image.width):
        column = bytearray((image.height + 7) // 8)
        for y in range(image.height):
            if dots[x, y] == 0:
                column[y >> 3] |= 1 << (y & 7)
        packed += column
    return bytes(packed)


def timed_ms(work: Callable[[], None]) -> float:
    """Return how long `work` takes."""
    began_s = time.perf_counter()
    work()
    return (time.perf_counter() - began_s) * 1e3


if __name__ == "__main__":
    main()

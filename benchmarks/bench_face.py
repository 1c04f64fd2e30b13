"""Faces drawn, packed and read back by our own decoder: how long, against the plain way.

Every layout that comes with the program is drawn for every printer that can print it.

The plain way opens its fonts afresh, packs dot by dot and looks for the code in the whole picture.
Both draw the same face with other figures each time, alternately, in one run.

    python benchmarks/bench_face.py [--rounds N] [--json]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import zxingcpp
from PIL import Image

from device.display.cards.artist import FaceArtist
from device.display.cards.face import Expiring, Face, Money, NextTier, Stamps
from device.display.cards.layout import Layout
from device.display.cards.layout_files import read_layout, shipped_names
from device.display.cards.payload import Payload, encode
from device.display.cards.placing import LayoutUnfit
from device.display.cards.profile import PROFILES, Profile
from device.display.cards.raster import pack
from device.display.cards.readback import read_bars, read_code
from device.display.fonts import Fonts, installed_collection

GOAL_MS = 30.0
ROUNDS = 100
AS_OF = datetime(2017, 3, 1, 14, 30, tzinfo=UTC)
NAMES = ("陳大文 Chan Tai-man", "李小龍 Bruce Lee", "黃飛鴻 Wong Fei-hung", "何")
MESSAGES = (
    "生日月份雙倍積分！即日起至 31/12 於任何分店惠顧滿 $500 即賞「咖啡券」乙張。",
    "歡迎再次光臨",
)
PHOTO = Image.linear_gradient("L")


def main() -> None:
    """Print a table, and with --json one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="faces of each sort")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {}
    for layout in map(read_layout, shipped_names()):
        for profile in PROFILES.values():
            if (figures := measure(layout, profile, options.rounds)) is not None:
                name = f"{layout.name} {profile.name}"
                results[name] = figures
                print(
                    f"{name:20} median {figures['median_ms']:6.2f} ms  "
                    f"p95 {figures['p95_ms']:6.2f} ms  "
                    f"processor {figures['cpu_median_ms']:6.2f} ms  (goal {GOAL_MS:.0f} ms)   "
                    f"plain way {figures['plain_median_ms']:6.1f} ms"
                )
    if options.json:
        print(json.dumps(results))


def measure(layout: Layout, profile: Profile, rounds: int) -> dict[str, float] | None:
    """Return milliseconds a face, ours and the plain way's; None where it cannot be printed."""
    try:
        artist = FaceArtist(layout, profile, Fonts(installed_collection()))
    except LayoutUnfit:
        return None
    ours_ms, ours_cpu_ms, plain_ms = [], [], []
    for turn in range(rounds):
        face = face_of(turn)
        wall_ms, cpu_ms = timed_ms(lambda face=face: ours(artist, face))
        ours_ms.append(wall_ms)
        ours_cpu_ms.append(cpu_ms)
        if turn % 10 == 0:
            wall_ms, _ = timed_ms(lambda face=face: plain(layout, face, profile))
            plain_ms.append(wall_ms)
    return {
        "median_ms": round(statistics.median(ours_ms), 3),
        "p95_ms": round(statistics.quantiles(ours_ms, n=20)[18], 3),
        "cpu_median_ms": round(statistics.median(ours_cpu_ms), 3),
        "first_ms": round(ours_ms[0], 3),
        "goal_ms": GOAL_MS,
        "plain_median_ms": round(statistics.median(plain_ms), 3),
        "rounds": rounds,
    }


def face_of(turn: int) -> Face:
    """Return a face whose figures, name and pending points no earlier turn had."""
    return Face(
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
        messages=MESSAGES[turn % 2 :],
        this_time_points=turn,
        prepaid=Money(123_450 + turn, "HKD"),
        stamps=Stamps(turn % 11, 10),
        expiring=Expiring(500 + turn, date(2017, 3, 31)),
        next_tier=NextTier(21_550 - turn, "白金卡"),
        visits=turn,
        valid_until=date(2018, 12, 31),
        photo=PHOTO,
    )


def ours(artist: FaceArtist, face: Face) -> None:
    """Draw, pack, and read back from the packed bytes."""
    raster = pack(artist.draw(face))
    assert read_code(raster, artist.sheet) == encode(face.payload)
    if artist.sheet.bars is not None:
        assert read_bars(raster, artist.sheet) == face.payload.account


def plain(layout: Layout, face: Face, profile: Profile) -> None:
    """The same without anything kept, known or tuned."""
    image = FaceArtist(layout, profile, Fonts(installed_collection())).draw(face)
    columns = pack_dot_by_dot(image)
    assert columns == pack(image).columns
    found = {it.text for it in zxingcpp.read_barcodes(image.convert("L"))}
    assert encode(face.payload) in found


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


def timed_ms(work: Callable[[], None]) -> tuple[float, float]:
    """Return how long `work` takes by the clock, and of this machine's processor."""
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - began_s) * 1e3, (time.process_time() - began_cpu_s) * 1e3


if __name__ == "__main__":
    main()

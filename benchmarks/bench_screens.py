"""A kiosk's screen: drawing a frame, finding what changed, and making it the screen's bytes.

Frames are drawn with other figures each time. Finding changes and 16-bit dots are measured beside
luma.core's own ways with the same pictures, in turns of one run. Milliseconds are this process's.

    python benchmarks/bench_screens.py [--rounds N] [--json]
"""

import argparse
import asyncio
import io
import json
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle

from luma.core.device import linux_framebuffer
from luma.core.framebuffer import diff_to_previous
from PIL import Image

from device.behaviour.requests import Show
from device.display.fonts import Fonts, installed_collection
from device.display.i18n import LOCALES, translator
from device.display.screens.artist import ScreenArtist
from device.display.screens.panel import KIOSK_7, KIOSK_10, Panel
from device.display.screens.theme import themes
from device.display.screens.touching import Home
from device.display.screens.view import Link, View, Words
from device.display.surfaces.dots import rgb565
from device.display.surfaces.surface import damage
from device.graphic_front import GraphicFront
from loyalty.clock import SystemClock
from simulators.memory_surface import MemorySurface

GOAL_MS = {"kiosk-7": 6.0, "kiosk-10": 10.0}
GOAL_TIMES_FASTER = 20.0
IDLE_GOAL_PERCENT = 1.0
IDLE_S = 5.0
OFFERS = {"coffee": 60, "voucher-1": 100, "voucher-5": 480}
LABELS = {
    "coffee": "是日咖啡",
    "voucher-1": "$1.00 禮券",
    "voucher-5": "$5.00 禮券",
    "gold": "金卡",
}
CHOICES = (*OFFERS, "print", "return")


def main() -> None:
    """Print a table, and with --json one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {panel.name: drawing(panel, options.rounds) for panel in (KIOSK_7, KIOSK_10)}
    for name, figures in results.items():
        print(
            f"{name:9} frame {figures['median_ms']:5.2f} ms (goal {GOAL_MS[name]:.0f}), "
            f"95 of 100 within {figures['p95_ms']:5.2f}, first {figures['first_ms']:.0f}"
        )
    results["bytes"] = bytes_for_the_screen(options.rounds // 10)
    for what, goal in (("dirty", ""), ("rgb565", f" (goal {GOAL_TIMES_FASTER:.0f})")):
        ours, theirs = (results["bytes"][f"{what}_{it}_ms"] for it in ("ours", "luma"))
        times = f"{theirs / ours:.0f} times{goal}"
        print(f"{what:9} {ours:6.2f} ms, luma.core {theirs:6.2f} ms: {times}")
    results["idle"] = {"percent_of_a_core": asyncio.run(idle())}
    percent = results["idle"]["percent_of_a_core"]
    print(f"idle      {percent:.2f} % of a core (goal {IDLE_GOAL_PERCENT:.0f} %)")
    if options.json:
        print(json.dumps(results))


def drawing(panel: Panel, rounds: int) -> dict[str, float]:
    """Return milliseconds of processor a frame takes, in Chinese, each with other figures."""
    artist, words = ScreenArtist(panel, Fonts(installed_collection()), themes()), words_in_chinese()
    taken_ms = [
        cpu_ms(lambda turn=turn: artist.draw(view_of(turn), words)) for turn in range(rounds)
    ]
    return {
        "median_ms": round(statistics.median(taken_ms), 3),
        "p95_ms": round(statistics.quantiles(taken_ms, n=20)[18], 3),
        "first_ms": round(taken_ms[0], 1),
        "goal_ms": GOAL_MS[panel.name],
    }


def bytes_for_the_screen(rounds: int) -> dict[str, float]:
    """Return milliseconds for the changed part and for 16-bit dots of a 7-inch picture."""
    artist, words = (
        ScreenArtist(KIOSK_7, Fonts(installed_collection()), themes()),
        words_in_chinese(),
    )
    before, after = (artist.draw(view_of(turn), words).image for turn in (1, 2))
    differ, turns = diff_to_previous(num_segments=4), cycle((before, after))
    list(differ.redraw(next(turns)))
    works: dict[str, Callable[[], object]] = {
        "dirty_ours": lambda: damage(before, after),
        "dirty_luma": lambda: list(differ.redraw(next(turns))),
        "rgb565_ours": lambda: rgb565(after),
        "rgb565_luma": lambda: luma_rgb565(after),
    }
    assert rgb565(after) == luma_rgb565(after)
    taken_ms: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(max(3, rounds)):
        for name, work in works.items():
            taken_ms[name].append(cpu_ms(work))
    return {f"{name}_ms": round(statistics.median(it), 3) for name, it in taken_ms.items()}


def luma_rgb565(image: Image.Image) -> bytes:
    """Convert as luma.core does for 16 bits a dot, by its own hidden method."""
    convert = linux_framebuffer._linux_framebuffer__toRGB565
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it asks for Image.getdata
        return bytes(convert(None, image))


async def idle() -> float:
    """Return the share of a core that a kiosk's front takes while nobody is there, in percent."""
    words = {it: replace(words_in_chinese(), locale=it, translate=translator(it)) for it in LOCALES}
    front = GraphicFront(
        MemorySurface((KIOSK_7.width_px, KIOSK_7.height_px)),
        ScreenArtist(KIOSK_7, Fonts(installed_collection()), themes()),
        words=words,
        home=Home(locale="zh_Hant_HK"),
        link=Link,
        clock=SystemClock(),
        out=io.StringIO(),
    )
    front.show(Show(screen="welcome"))

    class Nobody:
        async def put(self, event: object) -> None:
            """Take nothing."""

    running = asyncio.create_task(front.run(Nobody()))
    await asyncio.sleep(0)
    began_s = time.process_time()
    await asyncio.sleep(IDLE_S)
    used_s = time.process_time() - began_s
    running.cancel()
    return round(100 * used_s / IDLE_S, 3)


def view_of(turn: int) -> View:
    """Return an account with figures that no earlier turn had, offline."""
    return View(
        screen="account",
        values={
            "points": 128_450 + 137 * turn,
            "available_points": 128_450 + 137 * turn,
            "tier": "gold",
            "member": f"hh-{2337 + turn}",
            "notice": "",
        },
        choices=CHOICES,
        locale="zh_Hant_HK",
        link=Link(is_online=False, waiting=12 + turn),
    )


def words_in_chinese() -> Words:
    """Return what the screens say in Hong Kong."""
    return Words(
        locale="zh_Hant_HK",
        translate=translator("zh_Hant_HK"),
        labels=LABELS,
        prices=OFFERS,
        shop="豐收超市",
    )


def cpu_ms(work: Callable[[], object]) -> float:
    """Return how long this process's processor works for `work`."""
    began_s = time.process_time()
    work()
    return (time.process_time() - began_s) * 1e3


if __name__ == "__main__":
    main()

"""Pictures on their way to real screens: bytes, rows that changed, and nothing assumed."""

import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from luma.core.device import dummy
from PIL import Image

from device.display.surfaces.dots import as_dots, rgb565
from device.display.surfaces.epaper import EpaperSurface, open_epaper
from device.display.surfaces.framebuffer import FramebufferSurface, geometry
from device.display.surfaces.luma_panel import LumaSurface, open_luma
from device.display.surfaces.sdl import RATE_HZ, SdlLoudspeaker, SdlSurface
from device.display.surfaces.surface import SurfaceMissing, damage
from device.display.tones import NAMES, samples
from simulators.memory_surface import MemorySurface

RED, GREEN, BLUE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (90, 130, 200)
colours = st.tuples(*[st.integers(0, 255)] * 3)


@given(colours)
def test_16_bits_are_the_high_bits_of_red_green_and_blue(colour):
    red, green, blue = colour

    (word,) = struct.unpack("<H", rgb565(Image.new("RGB", (1, 1), colour)))

    assert word == red >> 3 << 11 | green >> 2 << 5 | blue >> 3


@pytest.mark.parametrize(("bits", "dots"), [(24, b"\xc8\x82\x5a"), (32, b"\xc8\x82\x5a")])
def test_wider_dots_have_blue_first(bits, dots):
    assert as_dots(Image.new("RGB", (1, 1), GREY), bits)[:3] == dots
    assert len(as_dots(Image.new("RGB", (3, 2)), bits)) == 6 * bits // 8


def test_a_depth_that_we_do_not_know_is_refused():
    with pytest.raises(ValueError, match="8 bits a dot, one of 16, 24, 32"):
        as_dots(Image.new("RGB", (1, 1)), 8)


def sysfs(folder, *, width=4, height=3, bits=16, stride=None):
    """Write what the kernel would say, and a file in place of the device."""
    row = stride if stride is not None else width * bits // 8
    (folder / "virtual_size").write_text(f"{width},{height}\n")
    (folder / "bits_per_pixel").write_text(f"{bits}\n")
    (folder / "stride").write_text(f"{row}\n")
    (folder / "fb0").write_bytes(b"\xaa" * row * height)
    return folder / "fb0"


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_only_the_dots_that_changed_are_written_between_padded_rows(tmp_path, bits):
    stride = 4 * bits // 8 + 6
    device = sysfs(tmp_path, bits=bits, stride=stride)
    surface = FramebufferSurface(device, tmp_path)
    picture = Image.new("RGB", (4, 3), GREY)

    surface.show(picture, (1, 1, 3, 3))

    dot = as_dots(picture.crop((0, 0, 1, 1)), bits)
    rest = b"\xaa" * len(dot)
    padded = rest + dot * 2 + rest + b"\xaa" * 6
    assert device.read_bytes() == b"\xaa" * stride + padded * 2
    assert surface.size == (4, 3)


def test_a_framebuffer_that_is_left_is_dark(tmp_path):
    device = sysfs(tmp_path)

    FramebufferSurface(device, tmp_path).close()

    assert set(device.read_bytes()) == {0}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"bits": 8}, "of 8 bits"),
        ({"stride": 2}, "too short"),
        ({"width": 0}, "0 × 3"),
        ({"height": 9000}, "9000"),
    ],
)
def test_a_framebuffer_we_cannot_use_is_refused_with_the_reason(tmp_path, how, said):
    sysfs(tmp_path, **how)

    with pytest.raises(SurfaceMissing, match=said):
        geometry(tmp_path)


def test_a_framebuffer_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SurfaceMissing, match="no framebuffer at"):
        geometry(tmp_path / "fb7")
    sysfs(tmp_path)
    with pytest.raises(SurfaceMissing, match="cannot use framebuffer"):
        FramebufferSurface(tmp_path / "fb9", tmp_path)


def test_damage_is_the_smallest_box_around_what_changed():
    before = Image.new("RGB", (20, 10))
    after = before.copy()
    after.putpixel((3, 4), RED)
    after.putpixel((7, 5), GREEN)

    assert damage(before, after) == (3, 4, 8, 6)
    assert damage(before, before.copy()) is None
    assert damage(None, after) == (0, 0, 20, 10)


def test_a_surface_in_memory_takes_what_is_damaged_and_no_more():
    surface = MemorySurface((4, 4))

    surface.show(Image.new("RGB", (4, 4), BLUE), (0, 0, 2, 4))

    assert surface.image.getpixel((1, 3)) == BLUE
    assert surface.image.getpixel((2, 3)) == (0, 0, 0)


def test_a_small_panel_of_lumas_gets_the_picture_in_its_own_mode():
    panel = dummy(width=32, height=24, mode="1")
    surface = LumaSurface(panel)

    surface.show(Image.new("RGB", surface.size, (255, 255, 255)), (0, 0, 32, 24))

    assert surface.size == (32, 24)
    assert panel.image.mode == "1"
    assert panel.image.getpixel((5, 5)) == 255


def test_a_panel_that_luma_does_not_have_is_refused_with_its_name(capsys):
    with pytest.raises(SurfaceMissing, match="no panel for --display nothing"):
        open_luma(["--display", "nothing"])
    capsys.readouterr()  # luma prints its usage


class Paper:
    """An e-paper panel that shows a picture only once it may."""

    width, height = 16, 8

    def __init__(self):
        self.shown = []
        self.is_asleep = False
        self.may_show = threading.Event()

    def init(self):
        self.is_asleep = False

    def getbuffer(self, image):
        return image

    def display(self, image):
        assert self.may_show.wait(60)
        self.shown.append(image)

    def sleep(self):
        self.is_asleep = True


def test_paper_shows_the_newest_picture_in_one_bit_and_ends_white():
    paper = Paper()
    surface = EpaperSurface(paper)
    for grey in (0, 60, 220):
        surface.show(Image.new("RGB", surface.size, (grey,) * 3), (0, 0, 16, 8))

    paper.may_show.set()
    surface.close()

    assert all(it.mode == "1" for it in paper.shown)
    assert len(paper.shown) <= 3
    assert paper.shown[-1].getpixel((0, 0)) == 255
    assert paper.is_asleep


def test_paper_without_its_library_is_refused_with_its_name():
    with pytest.raises(SurfaceMissing, match="no e-paper 'epd7in5_V2'"):
        open_epaper("epd7in5_V2")


@pytest.fixture
def offscreen(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "offscreen")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")


async def test_a_window_shows_what_is_drawn_and_feels_the_mouse(offscreen):
    import pygame

    surface = SdlSurface((64, 48), is_window=True)
    try:
        surface.show(Image.new("RGB", (64, 48), GREY), (0, 0, 64, 48))
        surface.show(Image.new("RGB", (64, 48), RED), (10, 10, 20, 20))

        window = pygame.display.get_surface()
        assert window.get_at((5, 5))[:3] == GREY
        assert window.get_at((15, 15))[:3] == RED
        for kind, button in ((pygame.MOUSEBUTTONDOWN, 3), (pygame.MOUSEBUTTONDOWN, 1)):
            pygame.event.post(pygame.event.Event(kind, pos=(7, 9), button=button))
        contact = await surface.next_contact()
        assert (contact.x_px, contact.y_px, contact.is_down) == (7, 9, True)
    finally:
        surface.close()


def test_sounds_are_told_apart_and_as_loud_as_is_wanted(offscreen):
    loud = {it: samples(it, volume_percent=100, rate_hz=RATE_HZ) for it in NAMES}
    soft = samples("accepted", volume_percent=10, rate_hz=RATE_HZ)

    def peak(sound):
        return max(map(abs, struct.unpack(f"<{len(sound) // 2}h", sound)))

    assert len(set(loud.values())) == 3
    assert 8 < peak(loud["accepted"]) / peak(soft) < 12
    with pytest.raises(ValueError, match="volume 101 %"):
        samples("accepted", volume_percent=101, rate_hz=RATE_HZ)
    loudspeaker = SdlLoudspeaker(loud)
    loudspeaker.play("refused")
    loudspeaker.close()

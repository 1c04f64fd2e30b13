"""Pictures as the bytes of a framebuffer, with Pillow alone: numpy is too large for a terminal.

Source for the layouts: struct fb_bitfield as the drivers of the Raspberry Pi set it (vc4drmfb and
simplefb): little-endian words of 16 (RGB565), 24 or 32 bits (XRGB8888), blue lowest.
"""

from PIL import Image, ImageChops

DEPTHS = (16, 24, 32)

# A 16-bit dot is RRRRRGGG GGGBBBBB, its low byte first. Each byte is a sum of two parts that never
# share a bit, so that adding them is all it takes.
_RED_HIGH = [value & 0xF8 for value in range(256)]
_GREEN_HIGH = [value >> 5 for value in range(256)]
_GREEN_LOW = [(value << 3) & 0xE0 for value in range(256)]
_BLUE_LOW = [value >> 3 for value in range(256)]


def as_dots(image: Image.Image, bits_per_pixel: int) -> bytes:
    """Return `image` (mode RGB) row by row, as a screen of that depth has it.

    Raises:
        ValueError: there is no such depth.
    """
    match bits_per_pixel:
        case 16:
            return rgb565(image)
        case 24:
            return image.tobytes("raw", "BGR")
        case 32:
            return image.tobytes("raw", "BGRX")
    raise ValueError(f"{bits_per_pixel} bits a dot, one of {', '.join(map(str, DEPTHS))} wanted")


def rgb565(image: Image.Image) -> bytes:
    """Return `image` (mode RGB) with 16 bits a dot, low byte first."""
    red, green, blue = image.split()
    low = _sum(green.point(_GREEN_LOW), blue.point(_BLUE_LOW))
    high = _sum(red.point(_RED_HIGH), green.point(_GREEN_HIGH))
    return Image.merge("LA", (low, high)).tobytes()


def _sum(one: Image.Image, other: Image.Image) -> Image.Image:
    return ImageChops.add(one, other)

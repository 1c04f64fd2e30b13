"""Pictures that a person has looked at and approved; what is drawn later must equal them.

A picture that differs leaves itself, the approved one and their difference side by side in
`tests/output`. After looking at them: `pytest --update-golden` approves what is drawn now.
"""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

GAP_PX = 8
GAP_GREY = (128, 128, 128)


@dataclass(frozen=True, slots=True)
class Golden:
    """The approved pictures in `folder`; `output` is where differences are left."""

    folder: Path
    output: Path
    is_updating: bool

    def check(self, name: str, got: Image.Image) -> None:
        """Fail unless `got` equals the approved picture `name`, dot for dot."""
        path = self.folder / f"{name}.png"
        wanted = _read(path)
        if wanted is not None and is_same(got, wanted):
            return
        if self.is_updating:
            self.folder.mkdir(exist_ok=True)
            got.save(path, optimize=True)
            return
        self.output.mkdir(exist_ok=True)
        shown = self.output / f"{name}.png"
        side_by_side(got, wanted).save(shown)
        fault = "differs from the approved picture" if wanted else "was never approved"
        raise AssertionError(
            f"{name} {fault}; look at {shown} (got, wanted, difference), "
            "then approve it with --update-golden"
        )


def is_same(got: Image.Image, wanted: Image.Image) -> bool:
    """Return whether two pictures are equal in mode, size and every dot."""
    return (got.mode, got.size, got.tobytes()) == (wanted.mode, wanted.size, wanted.tobytes())


def side_by_side(got: Image.Image, wanted: Image.Image | None) -> Image.Image:
    """Return got, wanted and the difference (white where they differ) in one picture."""
    pictures = [got.convert("RGB")]
    if wanted is not None:
        pictures.append(wanted.convert("RGB"))
        if wanted.size == got.size:
            difference = ImageChops.difference(*pictures).convert("L")
            pictures.append(difference.point(lambda grey: 255 if grey else 0).convert("RGB"))
    width_px = sum(it.width + GAP_PX for it in pictures) - GAP_PX
    sheet = Image.new("RGB", (width_px, max(it.height for it in pictures)), GAP_GREY)
    left_px = 0
    for picture in pictures:
        sheet.paste(picture, (left_px, 0))
        left_px += picture.width + GAP_PX
    return sheet


def _read(path: Path) -> Image.Image | None:
    if not path.exists():
        return None
    with Image.open(path) as picture:
        picture.load()
        return picture

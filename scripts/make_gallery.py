"""Put every approved picture of screens and faces on one page: `gallery/index.html`.

The pictures are the golden ones of the tests, so the page shows what is drawn today as long as the
tests pass. Pictures whose names begin alike stand together.

    python scripts/make_gallery.py [FOLDER]
"""

import html
import os
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
GOLDEN = "tests/**/golden/*.png"

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Revisit: screens and faces</title>
<style>
body {{ margin: 2rem; background: #ddd; color: #222; font: 15px/1.4 system-ui, sans-serif; }}
h2 {{ margin: 2.5rem 0 1rem; font-weight: 600; }}
section {{ display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }}
figure {{ margin: 0; }}
img {{ display: block; max-width: 480px; height: auto; border-radius: 6px; }}
figcaption {{ margin-top: .4rem; color: #555; }}
</style>
<h1>Screens and faces</h1>
<p>{count} pictures, each of them approved.</p>
{groups}
</html>
"""


def main(arguments: list[str]) -> int:
    """Write the page into the folder named first, or `gallery`; return the exit status."""
    folder = Path(arguments[0]) if arguments else ROOT / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "index.html"
    page.write_text(gallery(folder), encoding="utf-8")
    print(page)
    return 0


def gallery(folder: Path) -> str:
    """Return the page for `folder`, which its links start from."""
    pictures = sorted(ROOT.glob(GOLDEN), key=lambda path: (path.parts[-3], path.stem))
    groups = "".join(
        f"<h2>{html.escape(heading)}</h2>\n"
        f"<section>\n{''.join(_figures(group, folder))}</section>\n"
        for heading, group in groupby(pictures, key=_heading)
    )
    return PAGE.format(count=len(pictures), groups=groups)


def _heading(path: Path) -> str:
    return f"{path.parts[-3]}: {path.stem.partition('-')[0]}"


def _figures(paths: Iterator[Path], folder: Path) -> Iterator[str]:
    for path in paths:
        with Image.open(path) as picture:
            width, height = picture.size
        link = html.escape(Path(os.path.relpath(path, folder)).as_posix())
        name = html.escape(path.stem)
        yield (
            f'<figure><img src="{link}" width="{width}" height="{height}" alt="{name}" '
            f'loading="lazy"><figcaption>{name}</figcaption></figure>\n'
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

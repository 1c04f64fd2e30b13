"""Cut Noto Sans CJK to the characters that terminals show: some 9 MB in place of 19.

Kept are Latin letters, every character of the messages, and what names are written with: GB 2312
and Big5. Faces keep their places in the collection, so that nothing else has to know.

    python scripts/make_fonts.py [FOLDER]    some minutes
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

from device.display.fonts import CUT_COLLECTION, FACE_BY_LOCALE, full_collection
from device.display.lettering import STAND_IN

CATALOGUES = Path(__file__).parent.parent / "device" / "locale"
LICENCE = """Noto Sans CJK, copyright 2014-2021 Adobe (http://www.adobe.com/).
Noto is a trademark of Google Inc.
Licensed under the SIL Open Font License, Version 1.1: https://openfontlicense.org
Cut to fewer characters by scripts/make_fonts.py; the outlines are unchanged.
"""


def main(arguments: list[str]) -> int:
    """Write the collection and its licence; return the exit status."""
    target = Path(arguments[0]) / CUT_COLLECTION.name if arguments else CUT_COLLECTION
    target.parent.mkdir(parents=True, exist_ok=True)
    cut(full_collection(), target, characters())
    (target.parent / "LICENSE.txt").write_text(LICENCE, encoding="utf-8")
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
    return 0


def cut(source: Path, target: Path, kept: set[str]) -> None:
    """Write `source` with no more than the characters in `kept` to `target`."""
    faces = {number: _face(source, number, kept) for number in sorted(set(FACE_BY_LOCALE.values()))}
    first = min(faces)
    collection = TTCollection()
    # Japanese and Korean faces are never asked for; others in their places keep the numbers.
    collection.fonts = [faces.get(number, faces[first]) for number in range(max(faces) + 1)]
    collection.save(target, shareTables=True)


def characters() -> set[str]:
    """Return every character that a terminal may have to show."""
    latin = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x250))}
    return (
        latin | set(STAND_IN) | set(_messages()) | set(_of_codec("gb2312")) | set(_of_codec("big5"))
    )


def _face(source: Path, number: int, kept: set[str]) -> TTFont:
    face = TTFont(source, fontNumber=number)
    options = Options()
    options.layout_features = ["*"]
    options.name_IDs = ["*"]
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(sorted(kept)))
    subsetter.subset(face)
    return face


def _messages() -> Iterator[str]:
    for path in sorted(CATALOGUES.glob("*.po")):
        for entry in polib.pofile(str(path)):
            yield from entry.msgid + entry.msgstr


def _of_codec(codec: str) -> Iterator[str]:
    for high in range(0xA1, 0xFF):
        for low in range(0x40, 0xFF):
            try:
                yield bytes((high, low)).decode(codec)
            except UnicodeDecodeError:
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`revisit face`: what a designer of card faces wants to see and to know."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from device.display.cards.artist import FaceArtist
from device.display.cards.face import Face
from device.display.cards.layout_files import LayoutUnread, read_layout, shipped_names
from device.display.cards.payload import encode
from device.display.cards.placing import LayoutUnfit, place_layout
from device.display.cards.profile import PROFILES, STAR_TCP, TURNS_DEGREES
from device.display.cards.raster import pack
from device.display.cards.readback import read_bars, read_code
from device.display.cards.words import LOCALES
from device.display.fonts import FontMissing, Fonts, installed_collection
from device.display.lettering import Lettering
from device.faces.face_member import face_of, parse_member
from loyalty.programme import Programme, parse
from loyalty.text_files import NoText, text_of

MISTAKE = 2
SAMPLE_MEMBER = Path(__file__).parents[1] / "display" / "sample_member.toml"
PHOTO_MAX_PX = 24_000_000
PHOTO_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")


class NotShown(Exception):
    """There is no preview; the message says why."""


def main(arguments: list[str]) -> int:
    """Run one of the commands of `revisit face`; what a person can mend is told in a sentence."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except (NotShown, LayoutUnread, LayoutUnfit, FontMissing) as error:
        sys.stderr.write(f"revisit face: {error}\n")
        return MISTAKE
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="revisit face", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    preview = commands.add_parser("preview", help="draw a member's face into a PNG")
    layout_help = f"a file, or one of {', '.join(shipped_names())}"
    preview.add_argument("--layout", required=True, help=layout_help)
    preview.add_argument("--out", type=Path, required=True, help="the PNG to write")
    preview.add_argument("--member", type=Path, default=SAMPLE_MEMBER, help="whose face; a file")
    preview.add_argument("--programme", type=Path, help="for labels, brand and messages; a file")
    preview.add_argument("--lang", default=LOCALES[0], help=f"one of {', '.join(LOCALES)}")
    preview.add_argument("--photo", type=Path, help="a picture of the member")
    preview.add_argument("--profile", choices=PROFILES, default=STAR_TCP.name, help="the card")
    preview.set_defaults(run=_preview)
    check = commands.add_parser("check", help="tell every mistake of a layout")
    check.add_argument("layout", help=layout_help)
    check.set_defaults(run=_check)
    for it in (preview, check):
        it.add_argument(
            "--turn", type=int, choices=TURNS_DEGREES, default=0, help="clockwise, on the card"
        )
    return parser


def _preview(options: argparse.Namespace) -> int:
    """Write the picture, and tell what a designer may not see in it."""
    profile = replace(PROFILES[options.profile], turn_degrees=options.turn)
    artist = FaceArtist(read_layout(options.layout), profile, Fonts(installed_collection()))
    face = _face(options)
    picture = artist.draw_upright(face)
    try:
        picture.save(options.out, dpi=(profile.dots_per_inch,) * 2)
    except OSError as error:
        raise NotShown(f"cannot write {options.out}: {error.strerror}") from error
    except ValueError as error:
        raise NotShown(f"cannot write {options.out}: {error}") from error
    told = [f"{options.out}: {picture.width} × {picture.height} dots for {profile.name}"]
    for placed, fitted in artist.set_texts(face):
        if fitted.is_cut:
            told.append(f"{placed.text.box.where}: no room after {fitted.lines[-1]!r}")
    if missing := artist.missing(face):
        told.append(f"the font lacks {missing}")
    unread = _unread(artist, face)
    sys.stdout.write("\n".join([*told, *unread]) + "\n")
    return 1 if unread else 0


def _unread(artist: FaceArtist, face: Face) -> list[str]:
    """Return what our own decoder does not read of the codes; a kiosk would not print the face."""
    raster = pack(artist.draw(face))
    told = []
    if read_code(raster, artist.sheet) != encode(face.payload):
        told.append("the code does not read")
    if artist.sheet.bars is not None and read_bars(raster, artist.sheet) != face.payload.account:
        told.append("the bars do not read")
    return told


def _check(options: argparse.Namespace) -> int:
    """Tell which profiles the layout can be printed on, and why not on the others."""
    layout = read_layout(options.layout)
    fonts = Fonts(installed_collection())
    for locale in LOCALES:
        for it in layout.texts:
            fixed = "" if it.text is None else it.text.in_locale(locale)
            if missing := Lettering(fonts, locale).missing(fixed):
                sys.stdout.write(f"{it.box.where}.text.{locale}: the font lacks {missing}\n")
    fits_any = False
    for profile in PROFILES.values():
        try:
            place_layout(layout, replace(profile, turn_degrees=options.turn))
        except LayoutUnfit as error:
            sys.stdout.write(f"{profile.name}: not printable\n")
            sys.stdout.write("".join(f"  {it}\n" for it in error.complaints))
        else:
            fits_any = True
            sys.stdout.write(f"{profile.name}: fits\n")
    return 0 if fits_any else 1


def _face(options: argparse.Namespace) -> Face:
    try:
        member = parse_member(_text(options.member), source=options.member.name)
        return face_of(
            member, _programme(options), locale=_locale(options.lang), photo=_photo(options.photo)
        )
    except ValueError as error:
        raise NotShown(str(error)) from error


def _programme(options: argparse.Namespace) -> Programme | None:
    if options.programme is None:
        return None
    return parse(_text(options.programme), source=options.programme.name)


def _locale(lang: str) -> str:
    found = [it for it in LOCALES if it == lang or it.startswith(f"{lang}_")]
    if len(found) != 1:
        raise NotShown(f"--lang: found {lang[:40]!r}, wanted one of {', '.join(LOCALES)}")
    return found[0]


def _text(path: Path) -> str:
    try:
        return text_of(path)
    except NoText as error:
        raise NotShown(f"cannot read {path}: {error}") from error


def _photo(path: Path | None) -> Image.Image | None:
    if path is None:
        return None
    try:
        with Image.open(path, formats=PHOTO_FORMATS) as picture:
            if picture.width * picture.height > PHOTO_MAX_PX:
                raise NotShown(f"{path}: more than {PHOTO_MAX_PX:,} dots")
            return picture.convert("L")
    except UnidentifiedImageError as error:
        raise NotShown(f"cannot read {path}: no picture that is known here") from error
    except Image.DecompressionBombError as error:
        raise NotShown(f"{path}: more than {PHOTO_MAX_PX:,} dots") from error
    except OSError as error:
        raise NotShown(f"cannot read {path}: {error.strerror or error}") from error
    except (SyntaxError, ValueError) as error:  # what Pillow calls a damaged picture
        raise NotShown(f"cannot read {path}: {error}") from error

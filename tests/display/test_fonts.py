"""The font of screens and faces, whole and cut to size."""

from device.display.fonts import FACE_BY_LOCALE, Fonts, full_collection
from device.display.lettering import Lettering
from scripts.make_fonts import characters, cut


def test_a_cut_font_draws_what_it_keeps_as_the_whole_one_does_and_lacks_the_rest(tmp_path):
    path = tmp_path / "cut.ttc"

    cut(full_collection(), path, set("骨直Aa1〓"))

    whole, small = Fonts(full_collection()), Fonts(path)
    for locale in FACE_BY_LOCALE:
        size = {"size_px": 40, "bold": False, "locale": locale}
        for text in ("骨", "直", "Aa1"):
            drawn = [bytes(it.get(**size).face.getmask(text)) for it in (whole, small)]
            assert drawn[0] == drawn[1]
        assert Lettering(small, locale).missing("骨門") == "門"


def test_names_and_messages_in_every_language_are_kept():
    kept = characters()

    assert set("陳大文 李小龙 Zoë $1,284.50 請取回會員卡。请取回会员卡〓") <= kept
    assert len(kept) < 25_000
